"""Whatever the service sends becomes the right error."""

from __future__ import annotations

import time

import pytest

from flask_ipernity.client import IpernityAPI
from flask_ipernity.client import transport as transport_module
from flask_ipernity.errors import (
    APIRequestError,
    BadAnswer,
    IpernityError,
    NotFoundError,
    PermissionDenied,
    QuotaExceeded,
    ServiceTimeout,
    ServiceUnavailableError,
    TokenError,
)
from tests.stub import Step, Stub, answer, drip, error, ok, reset


def api_for(stub: Stub, **settings: object) -> IpernityAPI:
    settings.setdefault("retries", 0)
    return IpernityAPI("key", "secret", "12-token", url=stub.url, **settings)  # type: ignore[arg-type]


def failure(step: Step, method: str = "doc.get", **settings: object) -> IpernityError:
    with Stub(step) as stub, pytest.raises(IpernityError) as caught:
        api_for(stub, **settings).call(method, doc_id=1)
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, NotFoundError),
        (2, APIRequestError),
        (100, APIRequestError),
        (105, APIRequestError),
        (106, TokenError),
        (107, TokenError),
        (108, TokenError),
        (109, PermissionDenied),
        (110, PermissionDenied),
        (111, APIRequestError),
        (112, QuotaExceeded),
        (113, QuotaExceeded),
        (120, APIRequestError),
        (999, APIRequestError),
        (500, ServiceUnavailableError),
        (503, ServiceUnavailableError),
    ],
)
def test_an_error_code_becomes_its_class(code: int, kind: type[IpernityError]) -> None:
    assert type(failure(error(code))) is kind


def test_code_1_is_not_found_only_where_the_method_says_so() -> None:
    assert type(failure(error(1), "test.echo")) is APIRequestError
    assert type(failure(error(2), "album.create")) is NotFoundError


def test_an_error_tells_status_code_message_method_and_parameters() -> None:
    caught = failure(error(1, "Document not found"))
    assert isinstance(caught, APIRequestError)
    assert (caught.status, caught.code, caught.message) == ("error", 1, "Document not found")
    assert (caught.method, caught.params) == ("doc.get", {"doc_id": 1})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>down</html>",
        b'{"api":{"status":"ok"',
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"api":[]}',
        b'{"api":{}}',
        b'{"doc":NaN,"api":{"status":"ok"}}',
        b"[" * 100_000,
        b"\xff\xfe{}",
        b'{"api":{"status":"error","code":"abc","message":"x"}}',
        b'{"api":{"status":"error","message":"x"}}',
        b'{"api":{"status":"error","code":null}}',
        b'{"api":{"status":"error","code":[1]}}',
    ],
)
def test_an_answer_of_another_shape_is_a_bad_answer(body: bytes) -> None:
    assert type(failure(answer(body))) is BadAnswer


@pytest.mark.parametrize(
    "status", ["204 No Content", "302 Found", "403 Forbidden", "404 Not Found"]
)
def test_an_unexpected_status_is_a_bad_answer(status: str) -> None:
    assert type(failure(answer(b"", status, "Location: http://127.0.0.1:1/"))) is BadAnswer


@pytest.mark.parametrize("status", ["500 Oops", "501 No", "502 Bad", "503 Down", "504 Slow"])
def test_a_5xx_is_an_unavailable_service(status: str) -> None:
    assert type(failure(answer(b"<html>", status))) is ServiceUnavailableError


def test_a_429_is_a_quota_with_the_seconds_to_wait() -> None:
    caught = failure(answer(b"", "429 Too Many", "Retry-After: 17"))
    assert isinstance(caught, QuotaExceeded)
    assert (caught.status, caught.code, caught.retry_after) == ("httperror", 429, 17)


def test_json_as_text_plain_with_a_byte_order_mark_is_read() -> None:
    body = b'\xef\xbb\xbf{"echo":"\xc3\xa9","api":{"status":"ok"}}'
    with Stub(answer(body, "200 OK", "Content-Type: text/plain")) as stub:
        assert api_for(stub).test.echo(echo="é")["echo"] == "é"


def test_a_redirect_is_not_followed() -> None:
    with Stub(ok()) as other, Stub(answer(b"", "302 Found", f"Location: {other.url}")) as stub:
        with pytest.raises(BadAnswer):
            api_for(stub).test.hello()
        assert other.requests == []


def test_an_encoded_answer_is_refused_and_not_decoded() -> None:
    assert type(failure(answer(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip"))) is BadAnswer


@pytest.mark.parametrize("told", [True, False])
def test_a_longer_answer_than_the_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    monkeypatch.setattr(transport_module, "MAX_RESPONSE_SIZE", 1000)
    long = b"x" * 1001
    unframed = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + long
    assert type(failure(answer(long) if told else unframed)) is BadAnswer


def test_a_cut_answer_is_an_unavailable_service() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n{"
    assert type(failure(cut)) is ServiceUnavailableError


def test_a_reset_is_an_unavailable_service_with_the_system_error_as_cause() -> None:
    caught = failure(reset)
    assert type(caught) is ServiceUnavailableError
    assert isinstance(caught.__cause__, ConnectionError)


def test_nobody_listening_is_an_unavailable_service() -> None:
    with Stub(ok()) as stub:
        url = stub.url
    with pytest.raises(ServiceUnavailableError):
        IpernityAPI("key", "secret", url=url, retries=0).test.hello()


@pytest.mark.parametrize(
    "step",
    [
        lambda connection: time.sleep(1.5),
        drip(ok(), 0.05),
        drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100, 0.05),
    ],
    ids=["silence", "slow body", "slow headers"],
)
def test_a_whole_answer_comes_in_time_or_the_call_ends(step: Step) -> None:
    began = time.monotonic()
    assert type(failure(step, timeout=(0.3, 0.4), retries=3)) is ServiceTimeout
    assert time.monotonic() - began < 1.2
