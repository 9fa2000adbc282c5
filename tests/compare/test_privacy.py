"""What a run tells nobody: a report can be sent to strangers."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from flask_ipernity.cli.compare import report
from flask_ipernity.cli.compare.assumptions import all_assumptions
from flask_ipernity.sandbox import Sandbox
from tests.support.compare import ENOUGH, Sent, compare, planted, recorded, state_of
from tests.support.lookup import ADA


def private_words(sandbox: Sandbox) -> Iterator[str]:
    """Yield what a report must not hold: what was secret, and whatever is somebody's."""
    state = sandbox.state
    yield from (sandbox.app_key, sandbox.app_secret, sandbox.url, sandbox.media_url)
    yield from state.tokens
    yield from state.frobs
    yield from (call.params["api_sig"] for call in sandbox.calls if "api_sig" in call.params)
    for person in state.people.values():
        yield from (person.user_id, person.username, person.realname, person.alias)
        yield from person.username.split()
        yield from person.avatar_path.strip("/").split("/")[-2:-1]
        yield person.town
    for doc in state.docs.values():
        yield from (doc.doc_id, doc.title, doc.description, doc.source.filename, doc.path("240"))
        yield from (doc.secret("240"), doc.secret("original"), doc.created, str(doc.posted_at))
    for album in state.albums.values():
        yield from (album.album_id, album.title)
    for group in state.groups.values():
        yield from (group.group_id, group.title, group.alias)
    for post in state.posts.values():
        yield from (post.post_id, post.title, post.content)
    for tag in state.tags.values():
        yield tag.tag_id


def found_in(text: str, sandbox: Sandbox) -> set[str]:
    # Ids are words of their own: a report may well say 1600 and 240.
    words = {word for word in private_words(sandbox) if len(word) > 3}
    words = {word for word in words if word in text}
    return {word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)}


@pytest.mark.parametrize("options", [["--json"], ["--all"]])
def test_a_report_holds_nothing_private(service: Sandbox, options: list[str]) -> None:
    service.clear_calls()
    token = service.sign_in(ADA, ENOUGH)
    done = compare(service, *options, "--write", token=token)
    assert done.status == 0
    assert found_in(done.out + done.err, service) == set()


class Gossip:
    """Puts private words where a report repeats something: messages, keys, kinds, headers.

    Each response gets other ones, because a report shortens what is long.

    :param token: of the run.
    :param heard: what the service says to such a run anyhow.
    """

    def __init__(self, sandbox: Sandbox, token: str, heard: str) -> None:
        words = {word for word in private_words(sandbox) if 3 < len(word) < 70 and word in heard}
        assert len(words) > 100
        self.words = cycle([token, sandbox.app_key, sandbox.app_secret, *sorted(words)])

    def __call__(self, sent: Sent) -> None:
        try:
            data = sent.json
        except ValueError:
            return
        if data["api"]["status"] == "error":
            signature = sent.params.get("api_sig", "none")
            data["api"]["message"] = next(self.words) + " " + signature
        else:
            data[next(self.words)] = "1"
            data["api"][next(self.words)] = "1"
            self.gossip(data)
        sent.replace(data)
        sent.headers["Content-Type"] = f"text/{next(self.words)}"

    def gossip(self, data: Any) -> None:
        for value in data.values() if isinstance(data, dict) else data:
            if isinstance(value, dict | list):
                self.gossip(value)
        if isinstance(data, dict) and "media" in data:
            data["media"] = data.get("doc_id", "none")
            data["license"] = next(self.words).partition(" ")[0].lower()


@pytest.mark.parametrize("options", [["--json"], ["--all"]])
def test_a_report_holds_nothing_private_whatever_the_service_says(
    service: Sandbox, options: list[str]
) -> None:
    service.clear_calls()
    token = service.sign_in(ADA, ENOUGH)
    heard: list[bytes] = []
    with planted(service, lambda sent: heard.append(sent.body)):
        compare(service, "--json", "--sign-in", token=token)
    with planted(service, Gossip(service, token, b"".join(heard).decode())):
        done = compare(service, *options, "--sign-in", token=token)
    assert done.status == 1
    assert found_in(done.out + done.err, service) == set()


def test_a_report_still_says_what_the_service_says(service: Sandbox) -> None:
    def change(sent: Sent) -> None:
        sent.body = sent.body.replace(b"API key invalid", b"No such key, really")

    with planted(service, change):
        done = compare(service)
    [detail] = done.details("error.101-text")
    assert "No such key, really" in detail


def test_a_run_that_fails_tells_nothing_private(service: Sandbox) -> None:
    service.clear_calls()
    token = service.sign_in(ADA, ENOUGH)
    service.fault("*", "reset")
    try:
        done = compare(service, "--json", "--sign-in", token=token)
    finally:
        service.clear_faults()
    assert done.status == 1
    assert found_in(done.out + done.err, service) == set()
    with planted(service, lambda sent: sent.replace({"api": {"status": "error", "code": token}})):
        done = compare(service, "--json")
    assert done.status == 1
    assert found_in(json.dumps(done.report) + done.err, service) == set()


#: What a service in disorder may put in place of anything.
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "²",
    "٣",
    "\x00",
    "1" * 400,
    [],
    {},
    [[]],
    [None],
    {"": {}},
)


def disordered(data: Any, dice: random.Random, chance: float) -> Any:
    """Return *data* with odd values here and there."""
    if dice.random() < chance:
        return dice.choice(ODD)
    if isinstance(data, dict):
        return {key: disordered(value, dice, chance) for key, value in data.items()}
    if isinstance(data, list):
        return [disordered(value, dice, chance) for value in data]
    return data


def test_any_answers_can_be_judged(service: Sandbox) -> None:
    outcome = recorded(service)
    for seed in range(15):
        dice = random.Random(seed)
        answers = {
            name: replace(answer, body=json.dumps(odd).encode())
            if (odd := disordered(answer.data, dice, 0.02)) is not None
            else answer
            for name, answer in outcome.answers.items()
        }
        changed = replace(outcome, answers=answers)
        private = report.Privacy([], changed)
        findings = report.judge(all_assumptions(), changed)
        assert report.as_text(findings, private, calls=0, everything=True)
        assert any(finding.verdict == "different" for finding in findings)


@pytest.mark.parametrize("seed", range(3))
def test_a_service_in_disorder_breaks_no_run(service: Sandbox, seed: int) -> None:
    dice = random.Random(seed)
    token = service.sign_in(ADA, ENOUGH)
    before = state_of(service)

    def disorder(sent: Sent) -> None:
        # A sign-in that fails would be the end; what is to be deleted must be known.
        if sent.method not in ("auth.checkToken", "upload.file", "upload.checkTickets"):
            sent.replace(disordered(sent.json, dice, 0.05))

    with planted(service, disorder):
        done = compare(service, "--json", "--write", token=token)
    assert done.status == 1
    assert found_in(done.out, service) == set()
    for kept in (service.state.docs, service.state.albums):
        for number in [number for number in kept if number not in before]:
            del kept[number]


@pytest.mark.parametrize("seed", range(6))
def test_a_service_in_disorder_breaks_no_sign_in(service: Sandbox, seed: int) -> None:
    dice = random.Random(seed)
    token = service.sign_in(ADA, ENOUGH)

    def disorder(sent: Sent) -> None:
        data = sent.json
        if sent.method == "auth.checkToken":
            sent.replace({**data, "auth": disordered(data["auth"], dice, 0.3)})
        else:
            sent.replace({"api": {"status": "error", "at": "1", "code": "113", "message": "No"}})

    with planted(service, disorder):
        done = compare(service, "--json", "--sign-in", token=token)
    assert done.status == 1
