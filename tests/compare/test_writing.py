"""``--write`` leaves nothing behind, wherever it is disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flask_ipernity.cli.compare import plan, wire
from flask_ipernity.cli.compare.calls import Call
from flask_ipernity.cli.compare.wire import Answer, NoAnswer
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import Doc
from flask_ipernity.sandbox.state import SandboxState
from tests.support import commands
from tests.support.compare import ENOUGH, compare, environment, state_of
from tests.support.lookup import ADA
from tests.support.waiting import until

CHANGES = tuple(step for step in plan.PLAN if step.needs == "write")
#: The calls of the API among them, and those that something depends on.
STEPS = [step.name for step in CHANGES if isinstance(step, Call)]
CRITICAL = ["tickets", *(step.name for step in CHANGES if isinstance(step, Call) and step.post)]

Disturb = Callable[[Callable[[], Answer]], Answer]


def lost(send: Callable[[], Answer]) -> Answer:
    """The call arrives, its answer does not."""
    send()
    raise NoAnswer("the connection broke")


def down(send: Callable[[], Answer]) -> Answer:
    """The call is not carried out."""
    return Answer(503, {}, b"")


def interrupted(send: Callable[[], Answer]) -> Answer:
    """Somebody presses Ctrl-C while the call is under way."""
    send()
    os.kill(os.getpid(), signal.SIGINT)
    raise AssertionError("the signal did not arrive")


def ended(send: Callable[[], Answer]) -> Answer:
    """The system ends the program before the call."""
    os.kill(os.getpid(), signal.SIGTERM)
    raise AssertionError("the signal did not arrive")


def disturbed_twice(send: Callable[[], Answer]) -> Answer:
    """Somebody presses Ctrl-C once more."""
    os.kill(os.getpid(), signal.SIGINT)
    return send()


@pytest.fixture
def only_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what ``--write`` does not need."""
    monkeypatch.setattr(plan, "PLAN", CHANGES)


@pytest.fixture
def disturb(monkeypatch: pytest.MonkeyPatch, only_changes: None) -> Any:
    """Return a function that lets something happen at the first call of a step."""

    def plant(step: str, how: Disturb) -> None:
        original = wire.Wire.call
        waiting = {step}

        def call(self: wire.Wire, call: Call, params: Any) -> Answer:
            if call.name not in waiting:
                return original(self, call, params)
            waiting.clear()
            return how(lambda: original(self, call, params))

        monkeypatch.setattr(wire.Wire, "call", call)

    return plant


#: Each step is interrupted; those that change something fail in other ways, too.
FAILURES = [
    *[(step, interrupted) for step in STEPS],
    *[(step, how) for step in CRITICAL for how in (lost, down)],
    *[(step, ended) for step in ("tickets", "create_album", "delete_doc")],
]


@pytest.mark.parametrize(("step", "how"), FAILURES)
def test_nothing_is_left_when_a_step_fails(
    service: Sandbox, disturb: Any, step: str, how: Disturb
) -> None:
    before = state_of(service)
    disturb(step, how)
    done = compare(service, "--json", "--write", token=service.sign_in(ADA, ENOUGH))
    assert state_of(service) == before
    assert done.status == (130 if how in (interrupted, ended) else 0)


def test_nothing_is_left_of_a_picture_that_is_still_being_processed(disturb: Any) -> None:
    disturb("tickets", interrupted)
    with Sandbox(processing=0.1) as slow:
        before = state_of(slow)
        done = compare(slow, "--json", "--write", token=slow.sign_in(ADA, ENOUGH))
        assert done.status == 130
        assert state_of(slow) == before


def test_a_picture_that_takes_longer_than_the_run_waits_is_no_difference() -> None:
    with Sandbox(processing=1.5) as slow:
        before = state_of(slow)
        done = compare(slow, "--json", "--write", token=slow.sign_in(ADA, ENOUGH))
        assert done.ids("different") == set()
        assert "the upload was not done in time" in " ".join(done.details("upload.done"))
        assert state_of(slow) == before


def test_ctrl_c_while_it_is_deleting_waits(
    service: Sandbox, monkeypatch: pytest.MonkeyPatch, disturb: Any
) -> None:
    before = state_of(service)
    disturb("create_album", interrupted)
    disturb("doc.delete", disturbed_twice)
    done = compare(service, "--json", "--write", token=service.sign_in(ADA, ENOUGH))
    assert done.status == 130
    assert "Deleting what was made, please wait." in done.err
    assert state_of(service) == before


def test_what_cannot_be_deleted_is_named(service: Sandbox, disturb: Any) -> None:
    before = state_of(service)
    token = service.sign_in(ADA, ENOUGH)

    def downfall(send: Callable[[], Answer]) -> Answer:
        service.fault("*", "503")
        return send()

    disturb("remove_from_album", downfall)
    try:
        done = compare(service, "--json", "--write", token=token)
    finally:
        service.clear_faults()
    assert done.status == 1
    title = done.err.partition("“")[2].partition("”")[0]
    assert title.startswith("flask-ipernity compare ")
    assert f"an album with the title “{title}”" in done.err
    assert f"a private picture with the title “{title}" in done.err
    [doc] = [doc for doc in service.state.docs.values() if doc.title.startswith(title)]
    [album] = [album for album in service.state.albums.values() if album.title == title]
    assert doc.share == 0
    service.state.remove_album(album)
    service.state.remove_doc(doc)
    assert state_of(service) == before


def test_a_picture_that_the_token_may_not_delete_any_more_is_named(
    service: Sandbox, disturb: Any
) -> None:
    before = state_of(service)
    token = service.sign_in(ADA, ENOUGH)

    def revoked(send: Callable[[], Answer]) -> Answer:
        service.revoke(token)
        return send()

    disturb("set_title", revoked)
    done = compare(service, "--json", "--write", token=token)
    assert done.status == 1
    title = done.err.partition("“")[2].partition("”")[0]
    [doc] = [doc for doc in service.state.docs.values() if doc.title == title]
    service.state.remove_doc(doc)
    assert state_of(service) == before


def test_other_documents_and_albums_are_never_touched(service: Sandbox, only_changes: None) -> None:
    service.clear_calls()
    compare(service, "--json", "--write", token=service.sign_in(ADA, ENOUGH))
    docs, albums = set(service.state.docs), set(service.state.albums)
    for call in service.calls:
        if call.http_method == "POST":
            assert call.params.get("doc_id") not in docs
            assert call.params.get("album_id") not in albums


def test_a_deletion_that_does_nothing_is_noticed(
    service: Sandbox, only_changes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state_of(service)
    token = service.sign_in(ADA, ENOUGH)
    delete = SandboxState.remove_doc
    first = iter([True])

    def remove(state: SandboxState, doc: Doc) -> None:
        if not next(first, False):
            delete(state, doc)

    monkeypatch.setattr(SandboxState, "remove_doc", remove)
    done = compare(service, "--json", "--write", token=token)
    assert "delete.gone" in done.ids("different")
    assert state_of(service) == before


def test_a_refused_picture_leaves_nothing_to_delete(service: Sandbox, only_changes: None) -> None:
    before = state_of(service)
    service.fault("upload.file", "3")
    try:
        done = compare(service, "--json", "--write", token=service.sign_in(ADA, ENOUGH))
    finally:
        service.clear_faults()
    assert {"upload.ticket"} <= done.ids("different")
    assert "There may still be" not in done.err
    assert state_of(service) == before


def test_a_picture_of_which_nothing_was_heard_is_named(
    service: Sandbox, only_changes: None
) -> None:
    service.fault("upload.file", "503")
    try:
        done = compare(service, "--json", "--write", token=service.sign_in(ADA, ENOUGH))
    finally:
        service.clear_faults()
    assert done.status == 1
    assert "There may still be a private picture with the title" in done.err


def test_without_the_permission_nothing_is_written(service: Sandbox) -> None:
    service.clear_calls()
    done = compare(service, "--write", token=service.sign_in(ADA, {"doc": "write"}))
    assert done.status == 1
    assert "doc=delete" in done.err
    assert [call.method for call in service.calls] == ["auth.checkToken"]


@pytest.fixture
def process(service: Sandbox) -> Iterator[subprocess.Popen[str]]:
    """Yield a run with ``--write`` as a process of its own, in no hurry."""
    token = service.sign_in(ADA, ENOUGH)
    running = subprocess.Popen(
        [*commands.COMMAND, "compare", "--write", "--pace", "0.01"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=commands.environment(**environment(service, token)),
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def test_a_program_that_is_interrupted_leaves_nothing(
    service: Sandbox, process: subprocess.Popen[str]
) -> None:
    before = state_of(service)
    service.clear_calls()
    assert until(
        lambda: any(call.method == "doc.tags.add" for call in service.calls), commands.WAIT
    )
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=commands.WAIT)
    assert (process.returncode, out) == (130, "")
    assert "Stopped." in err
    assert state_of(service) == before
