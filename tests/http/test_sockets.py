"""One time limit for all that it takes to connect: the name, and all addresses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flask_ipernity.client import IpernityAPI
from flask_ipernity.errors import ServiceError, ServiceTimeout, ServiceUnavailableError
from flask_ipernity.media.hosts import allowed
from flask_ipernity.media.relay import Relay
from tests.support.stub import Stub, ok

API_HOST, MEDIA_HOST = "api.example", "u1.ipernity.com"


def call_the_api(seconds: float = 0.3) -> None:
    IpernityAPI(
        "key", "secret", url=f"http://{API_HOST}/api/", timeout=(seconds, 20), retries=0
    ).test.hello()


def fetch_a_picture(seconds: float = 0.3) -> None:
    url = allowed(f"https://{MEDIA_HOST}/1.jpg", (".ipernity.com",))
    Relay((seconds, 20), 1, "tests").open(url)


BOTH: list[Callable[..., None]] = [call_the_api, fetch_a_picture]


class Names:
    """Resolves names as a test says, in place of ``socket.getaddrinfo``."""

    def __init__(self, addresses: list[tuple[str, int]]) -> None:
        self.addresses = addresses
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self._real = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in (API_HOST, MEDIA_HOST) or kwargs.get("flags"):
            return self._real(host, port, *args, **kwargs)
        self.asked.append(host)
        self.may_answer.wait(10)
        if not self.addresses:
            raise socket.gaierror(-2, "not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in self.addresses]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """What resolves names; it answers at once."""
    made = Names([("8.8.8.8", 443)] * 6)
    made.may_answer.set()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    return made


def is_dead(self: socket.socket, address: object) -> None:
    time.sleep(self.gettimeout() or 0)
    raise TimeoutError("timed out")


@pytest.mark.parametrize("work", BOTH)
@pytest.mark.parametrize("count", [7, 40])
def test_all_dead_addresses_together_take_no_longer_than_one(
    work: Callable[..., None], count: int, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    names.addresses = [("8.8.8.8", 443)] * count
    monkeypatch.setattr(socket.socket, "connect", is_dead)
    began = time.monotonic()
    with pytest.raises(ServiceTimeout):
        work(0.2)
    assert time.monotonic() - began < 1.2


def test_an_address_after_dead_ones_is_reached(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if address[0] == "8.8.8.8":
            is_dead(self, address)
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    with Stub(ok()) as stub:
        names.addresses = [("8.8.8.8", 80), ("8.8.8.8", 80), ("127.0.0.1", stub.port)]
        call_the_api(0.6)
        assert len(stub.requests) == 1


@pytest.mark.parametrize("work", BOTH)
def test_a_name_that_is_not_resolved_in_time_is_given_up_and_asked_for_once(
    work: Callable[..., None], names: Names
) -> None:
    names.may_answer.clear()
    began = time.monotonic()

    def timed_out(_: int) -> bool:
        with pytest.raises(ServiceTimeout):
            work()
        return True

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(timed_out, range(4)))
    assert time.monotonic() - began < 2
    assert len(names.asked) == 1
    names.addresses = []
    names.may_answer.set()
    with pytest.raises(ServiceUnavailableError):
        work()
    assert len(names.asked) <= 2


@pytest.mark.parametrize("work", BOTH)
def test_all_who_wait_for_a_name_are_told_that_there_is_none(
    work: Callable[..., None], names: Names
) -> None:
    names.addresses = []
    names.may_answer.clear()

    def failure(_: int) -> ServiceError:
        with pytest.raises(ServiceUnavailableError) as caught:
            work(5)
        return caught.value

    with ThreadPoolExecutor(3) as threads:
        failures = [threads.submit(failure, number) for number in range(3)]
        names.may_answer.set()
        assert len({id(failure.result(5)) for failure in failures}) == 3


def test_a_name_is_resolved_without_a_thread_where_there_can_be_no_more(
    names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    names.addresses = []
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(ServiceUnavailableError, match="name of the service"):
        call_the_api()
    assert names.asked == [API_HOST]
