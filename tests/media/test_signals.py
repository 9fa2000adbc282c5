"""What those who watch an application are told of the files that it sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, has_request_context

from flask_ipernity import (
    MediaTransfer,
    ServiceUnavailableError,
    media_sent,
    media_started,
)
from flask_ipernity.media import views
from tests.support.media import FILE, PATH, head, honest, picture, world
from tests.support.stub import error as refusal
from tests.support.stub import reset

Record = tuple[str, MediaTransfer]


@contextmanager
def watched(app: Flask) -> Iterator[list[Record]]:
    """Record the starts and the ends."""
    seen: list[Record] = []

    def start(sender: Flask, transfer: MediaTransfer) -> None:
        assert sender is app
        assert has_request_context()
        assert (transfer.status, transfer.source, transfer.bytes) == (None, None, 0)
        seen.append(("start", transfer))

    def end(sender: Flask, transfer: MediaTransfer) -> None:
        assert sender is app
        seen.append(("end", transfer))

    with media_started.connected_to(start, app), media_sent.connected_to(end, app):
        yield seen


def only(seen: list[Record]) -> MediaTransfer:
    """Return the transfer that has started and ended, once."""
    (first, begun), (last, transfer) = seen
    assert (first, last) == ("start", "end")
    assert begun is transfer
    assert (transfer.doc_id, transfer.label) == ("1", "240")
    assert 0 < transfer.seconds < 5
    return transfer


def how(transfer: MediaTransfer) -> tuple[Any, ...]:
    return transfer.status, transfer.source, transfer.bytes, transfer.complete, transfer.error


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, (200, "host", len(FILE), True, None)),
        ({"headers": {"Range": "bytes=10-19"}}, (206, "host", 10, True, None)),
        ({"headers": {"If-None-Match": '"e1"'}}, (304, None, 0, True, None)),
        ({"headers": {"Range": "bytes=9999-"}}, (416, None, 0, True, None)),
        ({"method": "HEAD"}, (200, None, 0, True, None)),
    ],
    ids=["whole", "part", "unchanged", "no such part", "head"],
)
def test_a_transfer_is_told_at_its_start_and_its_end(
    asked: dict[str, Any], told: tuple[Any, ...]
) -> None:
    with world(honest) as here, watched(here.app) as seen:
        here.client.open(PATH, **{"method": "GET", **asked})
    assert how(only(seen)) == told


@pytest.mark.parametrize(
    ("steps", "api", "told"),
    [
        ([head("404 Not Found")], None, (404, None, 0, True, None)),
        ([head("500 Oops")], None, (502, None, 0, False, "BadAnswer")),
        ([honest], [refusal(113)], (503, None, 0, False, "QuotaExceeded")),
        ([honest], [reset], (502, None, 0, False, "ServiceUnavailableError")),
    ],
    ids=["gone", "host fails", "paused", "service fails"],
)
def test_a_file_that_cannot_be_had_is_told_with_the_reason(
    steps: list[Any], api: Any, told: tuple[Any, ...]
) -> None:
    with world(*steps, api=api) as here, watched(here.app) as seen:
        here.client.get(PATH)
    assert how(only(seen)) == told


def test_a_fault_in_the_view_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(views, "choose", fail)
    with world(honest) as here, watched(here.app) as seen:
        here.app.logger.disabled = True
        assert here.client.get(PATH).status_code == 500
    assert how(only(seen)) == (None, None, 0, False, "ZeroDivisionError")


def test_a_host_that_breaks_off_is_told_with_what_was_passed_on() -> None:
    lines = "Content-Type: image/jpeg", "Content-Length: 5000", "Connection: close"
    with (
        world(head("200 OK", *lines) + FILE) as here,
        watched(here.app) as seen,
        pytest.raises(ServiceUnavailableError, match="broke off"),
    ):
        here.client.get(PATH)
    transfer = only(seen)
    assert how(transfer) == (200, "host", len(FILE), False, "ServiceUnavailableError")


def test_a_visitor_who_goes_away_is_told_when_the_server_closes() -> None:
    with world(picture(body=b"x" * 3_000_000)) as here, watched(here.app) as seen:
        reply = here.client.get(PATH, buffered=False)
        first = next(iter(reply.response))
        assert [when for when, _ in seen] == ["start"]
        reply.close()
    assert how(only(seen)) == (200, "host", len(first), False, None)


def test_a_server_that_stops_at_the_declared_length_has_all_of_it() -> None:
    with world(honest) as here, watched(here.app) as seen:
        reply = here.client.get(PATH, buffered=False)
        assert next(iter(reply.response)) == FILE
        reply.close()
    assert only(seen).complete


def test_a_response_that_a_hook_throws_away_has_ended() -> None:
    with world(honest) as here:
        here.app.logger.disabled = True

        @here.app.after_request
        def fail(response: Any) -> Any:
            raise ValueError("a fault of the application")

        with watched(here.app) as seen:
            assert here.client.get(PATH).status_code == 500
    assert not only(seen).complete


def test_a_file_that_the_web_server_sends_is_told_apart() -> None:
    with (
        world(IPERNITY_PROXY_OFFLOAD="x-accel:/_ipernity/") as here,
        watched(here.app) as seen,
    ):
        here.client.get(PATH)
    assert how(only(seen)) == (200, "offload", 0, True, None)


@pytest.mark.parametrize("path", ["1/9999", "x/240", "1/240/more", "0/240"])
def test_what_cannot_exist_is_not_told(path: str) -> None:
    with world() as here, watched(here.app) as seen:
        assert here.client.get(f"/ipernity/doc/{path}").status_code == 404
    assert seen == []


def test_another_application_hears_nothing() -> None:
    with world() as here, world() as other, watched(other.app) as seen:
        here.client.get(PATH)
    assert seen == []


def test_no_secret_of_the_address_is_in_what_is_told() -> None:
    with world() as here, watched(here.app) as seen:
        here.client.get(PATH)
    assert "a1b2c3d4" in here.source.requests[0].target
    assert "a1b2c3d4" not in repr(vars(only(seen)))
