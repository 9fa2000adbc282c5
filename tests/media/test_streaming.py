"""Bodies on their way through a real server: gunicorn's gthread, and Flask's own."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection, IncompleteRead
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.support.media import FILE, Source, answered, files, head, honest, picture, raw, world
from tests.support.servers import Running, gunicorn
from tests.support.stub import Stub
from tests.support.waiting import at_most, until

MIB = 1024 * 1024
BIG = 300 * MIB
ORIGINAL = "/ipernity/doc/1/original"
PATH = "/ipernity/doc/1/240"


@contextmanager
def served(*steps: Any, threads: int = 16, **config: object) -> Iterator[tuple[Running, Source]]:
    """Run gunicorn before a source with these steps."""
    with Source(*(steps or (honest,))) as source, Stub(answered(files(source.port))) as api:
        settings = {
            "IPERNITY_APP_KEY": "key",
            "IPERNITY_APP_SECRET": "secret",
            "IPERNITY_API_URL": api.url,
            "IPERNITY_MEDIA_HOSTS": ["127.0.0.1"],
            **config,
        }
        with gunicorn(settings, threads=threads) as running:
            yield running, source


class Big:
    """A source's file of 300 MiB; counts what it has got rid of."""

    def __init__(self) -> None:
        self.sent = 0
        self.left = threading.Event()
        self._piece = bytes(MIB)

    def __call__(self, connection: socket.socket) -> None:
        lines = ["Content-Type: image/jpeg", f"Content-Length: {BIG}", "Connection: close"]
        try:
            connection.sendall(head("200 OK", *lines))
            for _ in range(BIG // MIB):
                connection.sendall(self._piece)
                self.sent += MIB
        except OSError:
            self.left.set()


def big() -> tuple[Big, Any]:
    """Return such a file, and the step that sends it."""
    file = Big()
    return file, raw(lambda connection: file(connection))


def get(running: Running, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of a response, on a connection of its own."""
    with http(running) as connection:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()


def head_status(running: Running, path: str) -> int:
    """Return the status of the response to HEAD, on a connection of its own."""
    with http(running) as connection:
        connection.request("HEAD", path)
        return connection.getresponse().status


@contextmanager
def http(running: Running) -> Iterator[HTTPConnection]:
    """Yield a connection of a visitor."""
    connection = HTTPConnection("127.0.0.1", running.port, timeout=120)
    try:
        yield connection
    finally:
        connection.close()


def ask(running: Running, path: str) -> socket.socket:
    """Send a request and return the connection."""
    connection = socket.create_connection(("127.0.0.1", running.port), 30)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


@pytest.mark.slow
def test_eight_long_streams_at_once_need_little_memory() -> None:
    _, step = big()
    with served(step, IPERNITY_PROXY_STREAMS=8) as (running, _source):
        assert get(running, "/plain")[2] == b"plain"
        before = running.memory()
        most = before

        def fetch(_: int) -> int:
            with http(running) as connection:
                connection.request("GET", ORIGINAL)
                response, size = connection.getresponse(), 0
                while piece := response.read(MIB):
                    size += len(piece)
                return size

        with ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(fetch, number) for number in range(8)]
            while not all(job.done() for job in jobs):
                most = max(most, running.memory())
                time.sleep(0.02)
        assert [job.result() for job in jobs] == [BIG] * 8
        assert (most - before) / MIB < 64


@pytest.mark.slow
def test_a_visitor_who_leaves_frees_the_source_within_a_second_and_its_slot() -> None:
    file, step = big()
    with served(step, IPERNITY_PROXY_STREAMS=1) as (running, _source):
        with ask(running, ORIGINAL) as connection:
            assert connection.recv(1024)
        began = time.monotonic()
        assert file.left.wait(10)
        assert time.monotonic() - began < at_most(1.5)
        # what is in the buffers of three sockets and of the kernel is gone too
        assert file.sent < 40 * MIB
        # The slot is free a moment after the source is.
        assert until(lambda: head_status(running, ORIGINAL) == 200, 1)


@pytest.mark.slow
def test_a_slow_visitor_makes_the_source_wait() -> None:
    file, step = big()
    with served(step) as (running, _source):
        get(running, "/plain")
        before = running.memory()
        with ask(running, ORIGINAL) as connection:
            for _ in range(5):
                connection.recv(1024)
                time.sleep(0.1)
            sent = file.sent
            time.sleep(0.5)
            assert file.sent - sent <= 2 * MIB
            assert running.memory() - before < 16 * MIB


CUT = head("200 OK", "Content-Type: image/jpeg", "Content-Length: 2000") + FILE
CHUNKED = head("200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: chunked")
CUT_CHUNK = CHUNKED + b"3e8\r\n" + FILE + b"\r\n"


@pytest.mark.slow
@pytest.mark.parametrize("response", [CUT, CUT_CHUNK])
def test_a_source_that_breaks_off_breaks_the_visitors_connection_off(response: bytes) -> None:
    step = raw(lambda connection: connection.sendall(response))
    with served(step) as (running, _source), http(running) as connection:
        connection.request("GET", PATH)
        with pytest.raises((IncompleteRead, ConnectionError)):
            connection.getresponse().read()
        assert get(running, "/plain")[2] == b"plain"


@pytest.mark.slow
def test_a_cut_answer_is_followed_by_no_other_on_the_same_connection() -> None:
    step = raw(lambda connection: connection.sendall(CUT))
    with served(step) as (running, _source), ask(running, PATH) as connection:
        got = b""
        try:
            connection.sendall(b"GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while piece := connection.recv(65536):
                got += piece
        except ConnectionError:
            pass
        assert b"plain" not in got
        assert got.count(b"HTTP/1.1 ") == 1


def test_flasks_own_server_cuts_too() -> None:
    with world(raw(lambda connection: connection.sendall(CUT))) as here:
        server = make_server("127.0.0.1", 0, here.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
            with closing(connection):
                connection.request("GET", PATH)
                with pytest.raises((IncompleteRead, ConnectionError)):
                    connection.getresponse().read()
        finally:
            server.shutdown()
            thread.join(10)
            server.server_close()


@pytest.mark.slow
def test_the_next_answer_on_a_kept_connection_is_clean() -> None:
    with served(honest) as (running, _source), http(running) as connection:
        for method, headers, status, body in (
            ("HEAD", {}, 200, b""),
            ("GET", {"Range": "bytes=0-9"}, 206, FILE[:10]),
            ("GET", {"If-None-Match": '"e1"'}, 304, b""),
            ("GET", {"Range": "bytes=5000-"}, 416, b"The file has no such part.\n"),
            ("OPTIONS", {}, 204, b""),
            ("GET", {}, 200, FILE),
        ):
            connection.request(method, PATH, headers=headers)
            response = connection.getresponse()
            assert (response.status, response.read()) == (status, body)
        connection.request("GET", "/plain")
        assert connection.getresponse().read() == b"plain"


@pytest.mark.slow
def test_two_hundred_visitors_who_leave_leave_nothing_behind() -> None:
    _, step = big()
    with served(step, IPERNITY_PROXY_STREAMS=4) as (running, source):
        get(running, "/plain")
        files_open = f"/proc/{running.worker}/fd"
        before = len(os.listdir(files_open))
        for _ in range(200):
            with ask(running, ORIGINAL) as connection:
                connection.recv(100)
        assert until(lambda: len(os.listdir(files_open)) <= before + 4)
        source.say(honest)
        assert until(lambda: get(running, ORIGINAL)[2] == FILE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("threads", "config"),
    [
        pytest.param(8, {}, id="the default, with eight threads"),
        pytest.param(12, {"IPERNITY_PROXY_STREAMS": 4}, id="four streams, with twelve threads"),
    ],
)
def test_originals_that_hang_leave_threads_for_thumbnails(
    threads: int, config: dict[str, object]
) -> None:
    def slow_original(request: Any) -> Any:
        if request.target.endswith("c3d4.jpg"):
            return lambda connection: time.sleep(3)
        return honest(request)

    config = {**config, "IPERNITY_TIMEOUT": [2, 2]}
    with served(slow_original, threads=threads, **config) as (running, _source):
        assert get(running, PATH)[0] == 200
        with ThreadPoolExecutor(16) as pool:
            jobs = [pool.submit(get, running, ORIGINAL) for _ in range(16)]
            time.sleep(0.3)
            began = time.monotonic()
            assert get(running, PATH)[2] == FILE
            took = time.monotonic() - began
            statuses = [job.result()[0] for job in jobs]
        assert took < at_most(1.5)
        assert set(statuses) == {503, 504}
        assert statuses.count(504) >= 4


@pytest.mark.slow
def test_a_source_that_drips_is_given_up() -> None:
    def drip(connection: socket.socket) -> None:
        start = head("200 OK", "Content-Type: image/jpeg", "Content-Length: 100000")
        try:
            connection.sendall(start)
            while True:
                connection.sendall(b"x")
                time.sleep(0.05)
        except OSError:
            pass

    with served(raw(drip), TEST_WINDOW=1.0) as (running, _source):
        began = time.monotonic()
        with pytest.raises((IncompleteRead, ConnectionError)):
            get(running, PATH)
        assert 0.9 < time.monotonic() - began < 10


@pytest.mark.slow
def test_a_worker_that_is_told_to_stop_does_not_end_a_stream_cleanly() -> None:
    def endless(connection: socket.socket) -> None:
        lines = ["Content-Type: image/jpeg", "Transfer-Encoding: chunked"]
        try:
            connection.sendall(head("200 OK", *lines))
            while True:
                connection.sendall(b"2000\r\n" + bytes(0x2000) + b"\r\n")
                time.sleep(0.01)
        except OSError:
            pass

    with served(raw(endless)) as (running, _source), http(running) as connection:
        connection.request("GET", ORIGINAL)
        response = connection.getresponse()
        assert response.read(10)
        running.process.send_signal(signal.SIGTERM)
        with pytest.raises((IncompleteRead, ConnectionError)):
            response.read()


@pytest.mark.slow
def test_bodies_come_whole_and_in_order_from_many_threads() -> None:
    body = hashlib.sha256(b"seed").digest() * 40_000
    with served(picture(body=body)) as (running, source):
        with ThreadPoolExecutor(12) as pool:
            responses = list(pool.map(lambda _: get(running, PATH), range(120)))
        assert {response[0] for response in responses} == {200}
        assert {response[2] for response in responses} == {body}
        assert source.connections <= 16
