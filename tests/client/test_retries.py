from __future__ import annotations

import time

import pytest

from flask_ipernity.client import IpernityAPI, Transport
from flask_ipernity.client.methods import all_methods
from flask_ipernity.errors import (
    APIRequestError,
    QuotaExceeded,
    ServiceError,
    ServiceTimeout,
    ServiceUnavailableError,
)
from tests.support.stub import Step, Stub, answer, error, ok, reset
from tests.support.waiting import at_most


def api_for(stub: Stub, **settings: object) -> IpernityAPI:
    return IpernityAPI("key", "secret", "12-token", url=stub.url, **settings)  # type: ignore[arg-type]


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n{"


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        answer(b"", "429 Too Many"),
        answer(b"", "502 Bad"),
        answer(b"", "503 Down", "Retry-After: 0"),
        answer(b"", "504 Slow"),
        CUT,
        reset,
    ],
)
def test_a_reading_call_is_tried_again_after(fault: Step) -> None:
    with Stub(fault, fault, ok()) as stub:
        assert api_for(stub).test.hello()["hello"] == "hello world!"
        assert len(stub.requests) == 3


def test_a_reading_call_is_not_tried_more_often_than_the_setting_says() -> None:
    with Stub(answer(b"", "503 Down")) as stub:
        with pytest.raises(ServiceUnavailableError):
            api_for(stub, retries=1).test.hello()
        assert len(stub.requests) == 2


@pytest.mark.slow
def test_replies_and_errors_have_the_number_of_tries() -> None:
    hello = all_methods()["test.hello"]
    down = answer(b"", "503 Down")
    with Stub(ok(), down, down, ok(), down, error(1), down) as stub:
        api = api_for(stub)
        assert [api.send(hello, {}).tries for _ in range(2)] == [1, 3]
        with pytest.raises(APIRequestError) as refused:
            api.send(hello, {})
        assert refused.value.tries == 2
        with pytest.raises(ServiceUnavailableError) as failed:
            api.send(hello, {})
        assert failed.value.tries == 3
        with pytest.raises(ServiceUnavailableError) as failed:
            api.doc.set(doc_id=1)
        assert failed.value.tries == 1


@pytest.mark.parametrize("status", ["500 Oops", "400 Bad", "501 No"])
def test_other_statuses_are_not_tried_again(status: str) -> None:
    with Stub(answer(b"", status)) as stub:
        with pytest.raises(ServiceError, match="HTTP"):
            api_for(stub).test.hello()
        assert len(stub.requests) == 1


@pytest.mark.parametrize("fault", [answer(b"", "503 Down"), CUT, reset])
@pytest.mark.parametrize("method", ["doc.set", "doc.delete", "auth.getToken"])
def test_a_writing_call_and_the_exchange_of_a_frob_are_never_sent_twice(
    fault: Step, method: str
) -> None:
    with Stub(fault, ok()) as stub:
        with pytest.raises(ServiceUnavailableError):
            api_for(stub).call(method, doc_id=1, frob="1-f")
        assert len(stub.requests) == 1


@pytest.mark.slow
def test_a_pause_that_the_service_asks_for_is_kept() -> None:
    with Stub(answer(b"", "503 Down", "Retry-After: 1"), ok()) as stub:
        began = time.monotonic()
        api_for(stub).test.hello()
        assert time.monotonic() - began >= 1


def test_a_longer_pause_than_the_time_left_is_not_waited_for() -> None:
    with Stub(answer(b"", "429 Too Many", "Retry-After: 30"), ok()) as stub:
        began = time.monotonic()
        with pytest.raises(QuotaExceeded) as caught:
            api_for(stub, timeout=(1, 2)).test.hello()
        assert time.monotonic() - began < at_most(1)
        assert caught.value.retry_after == 30
        assert len(stub.requests) == 1


def test_all_tries_together_stay_within_the_time_for_an_answer() -> None:
    with Stub(lambda connection: time.sleep(0.25), answer(b"", "503 Down")) as stub:
        began = time.monotonic()
        with pytest.raises((ServiceTimeout, ServiceUnavailableError)):
            api_for(stub, timeout=(1, 0.5), retries=50).test.hello()
        assert time.monotonic() - began < at_most(1.2)


def test_calls_reuse_one_connection() -> None:
    with Stub(ok()) as stub:
        api = api_for(stub)
        for _ in range(5):
            api.test.hello()
        assert stub.connections == 1


def test_api_objects_share_the_connections_of_a_transport() -> None:
    with Stub(ok()) as stub:
        transport = Transport(stub.url)
        for token in ("1-a", "2-b", None):
            IpernityAPI("key", "secret", token, transport=transport).test.hello()
        assert stub.connections == 1
        transport.close()
