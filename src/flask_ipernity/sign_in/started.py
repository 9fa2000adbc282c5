"""The sign-ins that a session has started and not finished.

Ipernity sends no ``state`` back, so what a callback is checked against is this list.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from flask import request

from ..errors import SignInError
from ..state import current_state
from .next_url import MAX_LENGTH, home
from .session import session_get, session_pop, session_set

#: Sign-ins that a session may have started at once: one a tab, and not without end.
MAX_STARTED = 5

_KEY = "sign_ins"


def add(next_url: str, permissions: Mapping[str, str]) -> None:
    """Remember a sign-in that starts now.

    :param next_url: a path that :func:`.next_url.destination` has returned.
    :param permissions: what is asked for.
    """
    entry = {"next": next_url, "permissions": dict(permissions), "at": int(time())}
    keep([*entries(), entry][-MAX_STARTED:])


def take() -> dict[str, Any]:
    """Remove the newest from the session and return it.

    It is gone before the frob is exchanged, so that it serves once whatever happens.

    :raises SignInError: there is none.
    """
    started = entries()
    if not started:
        had_any = bool(session_pop(_KEY))
        raise SignInError(
            "expired" if had_any else "not_pending",
            "That took too long."
            if had_any
            else "No sign-in was started in this browser, or it is finished already.",
        )
    newest = started.pop()
    keep(started)
    return newest


def entries() -> list[dict[str, Any]]:
    """Return those that are young enough, oldest first."""
    oldest = time() - current_state().settings.sign_in_max_age
    return [entry for entry in session_get(_KEY, []) if entry["at"] >= oldest]


def keep(started: list[dict[str, Any]]) -> None:
    """Put *started* into the session.

    Browsers drop a cookie of more than 4096 bytes. When the addresses are long
    altogether, the older sign-ins lead to the front page.
    """
    if not started:
        session_pop(_KEY)
        return
    room = MAX_LENGTH
    for entry in reversed(started):
        room -= len(entry["next"])
        if room < 0:
            entry["next"] = home(request)
    session_set(_KEY, started)
