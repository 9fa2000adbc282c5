"""A service of few facts, and what a cache may answer for it.

The model keeps every state that the service was in. An answer is right if the
service would have given it to this viewer in one of the states that the cache
may still show.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask_ipernity.client.transport import Reply
from flask_ipernity.errors import ServiceUnavailableError

MAX_AGE = 60.0
STALE_AGE = 600.0
NOT_FOUND_MAX_AGE = 10.0
DOCS = ("1", "2", "3")

State = Mapping[str, tuple[str, str]]
"""By document: its owner, and its title; a title that starts with ``-`` is private."""


class Clock:
    """The time, which only the test moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def answer(state: State, user: str, method: str, params: Mapping[str, str]) -> dict[str, Any]:
    """Return what the service says to *user* in *state*."""
    visible = {
        doc: title
        for doc, (owner, title) in state.items()
        if owner == user or not title.startswith("-")
    }
    found: dict[str, Any]
    match method:
        case "doc.get" if params["doc_id"] in visible:
            found = {"doc": {"doc_id": params["doc_id"], "title": visible[params["doc_id"]]}}
        case "doc.get":
            return {"api": {"status": "error", "code": "1", "message": "document not found"}}
        case "doc.getList":
            found = {"docs": {"doc": sorted(visible.items()), "for": user}}
        case _:
            found = {"albums": {"docs": len(visible), "for": user}}
    return {**found, "api": {"status": "ok"}}


class Service:
    """Stands where the transport is, and answers from its state."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        first: State = {doc: ("ada" if doc < "3" else "jonas", "first") for doc in DOCS}
        self.history: list[tuple[float, State]] = [(clock.now, first)]
        self.users: dict[str, str] = {}
        self.trouble: Callable[[bool], None] = lambda before: None
        self.calls = 0

    @property
    def state(self) -> State:
        """What is true now."""
        return self.history[-1][1]

    def send(self, method: str, params: Mapping[str, str], *, body: Any, retry: bool) -> Reply:
        """Answer a call, as the transport does."""
        self.calls += 1
        self.trouble(True)
        sent = dict(params)
        if body is not None:
            sent = dict(parse_qsl(body.content.decode()))
        token = sent.get("auth_token")
        if token is not None and token not in self.users:
            refused = {"api": {"status": "error", "code": "107", "message": "token invalid"}}
            return Reply(refused, tries=1)
        if method == "doc.set":
            said = self._set(self.users.get(token or "", ""), sent)
        else:
            said = answer(self.state, self.users.get(token or "", ""), method, sent)
        self.trouble(False)
        return Reply(json.loads(json.dumps(said)), tries=1)

    def _set(self, user: str, sent: Mapping[str, str]) -> Any:
        doc = sent["doc_id"]
        if self.state[doc][0] != user:
            return {"api": {"status": "error", "code": "1", "message": "document not found"}}
        self.history.append((self.clock.now, {**self.state, doc: (user, sent["title"])}))
        return {"api": {"status": "ok"}}

    def states(self, age: float, since: int) -> list[State]:
        """Return the states of the last *age* seconds, but none before number *since*."""
        found = []
        for number in range(len(self.history) - 1, since - 1, -1):
            found.append(self.history[number][1])
            if self.history[number][0] < self.clock.now - age:
                break
        return found


def down(before: bool) -> None:
    """Fail before a call is carried out."""
    if before:
        raise ServiceUnavailableError("down")


def cut_off(before: bool) -> None:
    """Fail when a call is carried out already."""
    if not before:
        raise ServiceUnavailableError("cut off")
