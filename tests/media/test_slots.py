"""Visitors who do not read make room for others, and no address takes all slots."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest

from flask_ipernity.media import slots
from flask_ipernity.media.slots import Slots
from flask_ipernity.media.state import media_state
from tests.support.media import FILE, Source, World, answered, files, head, picture, raw, world
from tests.support.served import served
from tests.support.servers import gunicorn
from tests.support.stub import Stub
from tests.support.waiting import at_most, until

ORIGINAL = "/ipernity/doc/1/original"
PATH = "/ipernity/doc/1/240"
#: More than the buffers of all sockets on the way hold.
BIG = picture(body=bytes(24_000_000))


class Reader:
    """A visitor who reads as fast as told."""

    def __init__(self, port: int, path: str = ORIGINAL) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(20)
        self._socket.connect(("127.0.0.1", port))
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        #: The status of the response.
        self.status = int(self._socket.recv(4096).split()[1])
        self.count = 0
        self.has_ended = False

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def read(self, count: int) -> None:
        """Read this many bytes, or to the end."""
        wanted = self.count + count
        while self.count < wanted and not self.has_ended:
            try:
                piece = self._socket.recv(65536)
            except ConnectionError:
                piece = b""
            self.count += len(piece)
            self.has_ended = not piece


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time for a piece be over soon."""
    monkeypatch.setattr(slots, "MIN_SECONDS", 0.3)
    monkeypatch.setattr(slots, "MIN_RATE", 1024 * 1024)


def free(here: World) -> int:
    return int(here.app.extensions["ipernity"].parts[media_state].slots("original").free)


@pytest.mark.slow
def test_the_latest_of_those_who_do_not_read_makes_room(quick: None) -> None:
    with (
        world(BIG, IPERNITY_PROXY_STREAMS=2) as here,
        served(here.app) as port,
        Reader(port) as first,
        Reader(port) as second,
    ):
        assert (first.status, second.status) == (200, 200)
        assert free(here) == 0
        began = time.monotonic()
        with ExitStack() as stack:
            while (third := stack.enter_context(Reader(port))).status == 503:
                # Only who reads too slowly goes.
                second.read(3_000_000)
                time.sleep(0.05)
                assert time.monotonic() - began < at_most(10)
            third.read(30_000_000)
            assert third.count >= 23_990_000
        first.read(30_000_000)
        assert first.has_ended
        assert first.count < 23_900_000
        second.read(30_000_000)
        assert second.count >= 23_990_000
        # and the threads of the server are free again
        assert until(lambda: free(here) == 2)


def test_eight_who_do_not_read_take_nothing_from_others(quick: None) -> None:
    with (
        world(BIG, IPERNITY_PROXY_STREAMS=8) as here,
        served(here.app) as port,
        ExitStack() as stack,
    ):
        hung = [stack.enter_context(Reader(port)) for _ in range(8)]
        assert {reader.status for reader in hung} == {200}
        assert until(lambda: _status(port) == 200, 10)


def _status(port: int) -> int:
    with Reader(port) as reader:
        return reader.status


@pytest.mark.slow
def test_who_reads_steadily_keeps_the_slot() -> None:
    with (
        world(BIG, IPERNITY_PROXY_STREAMS=1) as here,
        served(here.app) as port,
        Reader(port) as steady,
    ):
        end = time.monotonic() + 0.6
        while time.monotonic() < end:
            steady.read(100_000)
            assert _status(port) == 503
            time.sleep(0.05)
        steady.read(30_000_000)
        assert steady.count >= 23_990_000


@pytest.mark.slow
def test_a_slow_source_is_not_the_visitors_fault(quick: None) -> None:
    gate = threading.Event()

    def slowly(connection: Any) -> None:
        connection.sendall(head("200 OK", "Content-Type: image/jpeg", "Content-Length: 1000"))
        connection.sendall(FILE[:10])
        gate.wait(10)
        connection.sendall(FILE[10:])

    with (
        world(raw(slowly), IPERNITY_PROXY_STREAMS=1) as here,
        served(here.app) as port,
        Reader(port) as reader,
    ):
        time.sleep(0.5)
        assert _status(port) == 503
        gate.set()
        reader.read(990)
        assert reader.count >= 990


@pytest.mark.parametrize(("streams", "share"), [(1, 1), (2, 1), (3, 1), (4, 2), (8, 4)])
def test_one_address_takes_half_of_the_slots_at_most(streams: int, share: int) -> None:
    with world(picture(body=bytes(3_000_000)), IPERNITY_PROXY_STREAMS=streams) as here:
        client = here.client

        def ask(address: str) -> Any:
            return client.get(ORIGINAL, buffered=False, environ_base={"REMOTE_ADDR": address})

        held = [ask("198.51.100.1") for _ in range(share)]
        assert {response.status_code for response in held} == {200}
        refused = ask("198.51.100.1")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        # another address of the same network of one subscriber is the same one
        if streams > share:
            held += [ask("2001:db8::1") for _ in range(min(share, streams - share))]
            assert {response.status_code for response in held} == {200}
            assert ask("2001:db8::2").status_code == 503
        for response in held:
            response.close()
        # a web server in front of which the application was not told stands for all visitors
        held = [ask("127.0.0.1") for _ in range(streams)]
        assert {response.status_code for response in held} == {200}
        for response in held:
            response.close()


def test_thumbnails_have_slots_of_their_own_for_each_address() -> None:
    with world(picture(body=bytes(3_000_000))) as here:
        client, address = here.client, {"REMOTE_ADDR": "198.51.100.1"}
        held = [client.get(PATH, buffered=False, environ_base=address) for _ in range(17)]
        assert [response.status_code for response in held] == [200] * 16 + [503]
        assert client.get(ORIGINAL, environ_base=address).status_code == 200
        for response in held:
            response.close()


def test_a_slot_whose_connection_is_not_known_is_not_given_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slots, "MIN_SECONDS", 0.0)
    monkeypatch.setattr(slots, "MIN_RATE", 10**12)
    pool = Slots(1)
    slot = pool.take()
    assert slot is not None
    slot.give(10)
    time.sleep(0.01)
    assert pool.take() is None
    slot.release()
    slot.release()
    assert pool.free == 1


@pytest.mark.slow
def test_a_visitor_who_does_not_read_makes_room_under_gunicorn_too() -> None:
    with Source(BIG) as source, Stub(answered(files(source.port))) as api:
        config: dict[str, object] = {
            "IPERNITY_APP_KEY": "key",
            "IPERNITY_APP_SECRET": "secret",
            "IPERNITY_API_URL": api.url,
            "IPERNITY_MEDIA_HOSTS": ["127.0.0.1"],
            "IPERNITY_PROXY_STREAMS": 1,
            "TEST_MIN_RATE": 1024 * 1024,
        }
        with gunicorn(config, threads=2) as running, Reader(running.port) as hung:
            assert hung.status == 200
            assert until(lambda: _status(running.port) == 200, 10)
            hung.read(30_000_000)
            assert hung.count < 23_900_000
