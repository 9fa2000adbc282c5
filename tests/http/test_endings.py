"""A connection whose response has not ended never serves another request."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flask_ipernity.client import IpernityAPI
from flask_ipernity.errors import BadAnswer, ServiceError, ServiceUnavailableError
from flask_ipernity.http import connection as module
from flask_ipernity.http.pool import Pool
from flask_ipernity.http.sockets import Origin
from flask_ipernity.media.hosts import MediaOrigin, MediaURL
from flask_ipernity.media.relay import Relay
from tests.support.media import FILE, PATH, head, picture, raw, world
from tests.support.stub import Step, Stub, answer, api_for, ok

#: What another request must never be answered.
SMUGGLED = answer("smuggled")

INTERIM = {
    "early hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
    "processing": b"HTTP/1.1 102 Processing\r\n\r\n",
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n",
    "one nobody knows": b"HTTP/1.1 199 Soon\r\nContent-Length: 5\r\n\r\n",
    "one with a coding": b"HTTP/1.1 103 Hints\r\nTransfer-Encoding: chunked\r\n\r\n",
    "one that says close": b"HTTP/1.1 103 Hints\r\nConnection: close\r\n\r\n",
}
INTERIM["several"] = b"".join(INTERIM.values()) * 5


def in_pieces(*pieces: bytes) -> Step:
    """Send *pieces* one after the other, and keep the connection open."""

    def send(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.03)

    send.stays_open = True  # type: ignore[attr-defined]
    return send


def and_close(data: bytes) -> Step:
    """Send *data*, and close the connection."""
    return lambda connection: connection.sendall(data)


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("name", INTERIM)
def test_interim_responses_are_no_answer_of_the_api(name: str, is_late: bool) -> None:
    first = [INTERIM[name], ok('"for":"A",')]
    step = in_pieces(*first) if is_late else in_pieces(b"".join(first))
    with Stub(step, ok('"for":"B",')) as stub:
        api = api_for(stub)
        assert api.call("test.hello")["for"] == "A"
        assert api_for(stub, transport=api._transport).call("test.hello")["for"] == "B"
        assert stub.connections == 1


@pytest.mark.parametrize("name", INTERIM)
def test_interim_responses_are_no_picture(name: str) -> None:
    with world(raw(in_pieces(INTERIM[name], picture(body=b"A" * 9)))) as here:
        assert here.client.get(PATH).data == b"A" * 9
        here.source.steps = (picture(body=b"B" * 9),)
        assert here.client.get(PATH).data == b"B" * 9


@pytest.mark.parametrize(
    "endless",
    [
        INTERIM["early hints"],
        INTERIM["continue"],
        b"HTTP/1.1 103 x\r\nX: " + b"x" * 60_000 + b"\r\n\r\n",
    ],
)
def test_interim_responses_without_end_are_no_response(endless: bytes) -> None:
    def send(connection: socket.socket) -> None:
        for _ in range(40_000):
            connection.sendall(endless)

    with Stub(send) as stub:
        began = time.monotonic()
        with pytest.raises(ServiceUnavailableError, match="broke"):
            api_for(stub, timeout=20, retries=0).test.hello()
        assert time.monotonic() - began < 10


def test_a_connection_that_becomes_another_protocol_is_not_used_again() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"
    with Stub(switch + ok('"for":"A",'), ok('"for":"B",')) as stub:
        api = api_for(stub)
        with pytest.raises(BadAnswer, match="101"):
            api.test.hello()
        assert api.call("test.hello")["for"] == "B"
        assert stub.connections == 2


CHUNKED = head("200 OK", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n"

#: The verb, the response, and whether what comes after it may be the next response.
ENDINGS = {
    "nothing more": ("GET", answer("abc"), True),
    "chunks": ("GET", CHUNKED, True),
    "an empty body": ("GET", answer(""), True),
    "204": ("GET", head("204 No Content"), True),
    "204 with length 0": ("GET", head("204 No Content", "Content-Length: 0"), True),
    "304": ("GET", head("304 Not Modified", 'ETag: "a"'), True),
    "HEAD without a length": ("HEAD", head("200 OK", "Content-Length: 0"), True),
    "HEAD with a length": ("HEAD", head("200 OK", "Content-Length: 3"), False),
    "HEAD with chunks": ("HEAD", head("200 OK", "Transfer-Encoding: chunked"), False),
    "204 with a length": ("GET", head("204 No Content", "Content-Length: 3"), False),
    "304 with a length": ("GET", head("304 Not Modified", "Content-Length: 3"), False),
    "304 with chunks": ("GET", head("304 Not Modified", "Transfer-Encoding: chunked"), False),
    "something after the body": ("GET", answer("abc") + SMUGGLED, False),
    "one byte after the body": ("GET", answer("abc") + b"\n", False),
    "something after the chunks": ("GET", CHUNKED + SMUGGLED, False),
    "something after an empty body": ("GET", answer("") + SMUGGLED, False),
    "a body after HEAD": ("HEAD", answer("") + SMUGGLED, False),
    "a body after 204": ("GET", head("204 No Content") + SMUGGLED, False),
    "a body after 304": ("GET", head("304 Not Modified") + SMUGGLED, False),
    "length and chunks": (
        "GET",
        head("200 OK", "Content-Length: 3", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
        False,
    ),
    "two lengths": (
        "GET",
        head("200 OK", "Content-Length: 3", "Content-Length: 9") + b"abc",
        False,
    ),
    "a length that is none": ("GET", head("200 OK", "Content-Length: 0_3") + b"abc", False),
    "another coding": (
        "GET",
        head("200 OK", "Transfer-Encoding: gzip", "Content-Length: 3") + b"abc",
        False,
    ),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_connection_is_kept_only_where_the_end_of_the_response_is_certain(name: str) -> None:
    verb, first, is_certain = ENDINGS[name]
    with Stub(first, answer("right")) as stub:
        pool, origin = Pool(1), Origin("http", "127.0.0.1", stub.port)

        def ask(verb: str) -> bytes:
            connection = pool.take(origin, 5)
            connection.send_request(verb, "/", {}, timeout=5)
            body = connection.read_response(5).read()
            pool.keep(origin, connection)
            return body

        ask(verb)
        assert ask("GET") == b"right"
        assert stub.connections == (1 if is_certain else 2)
        pool.close()


# Media with two lengths are refused.
@pytest.mark.parametrize("name", [name for name in ENDINGS if name != "two lengths"])
def test_a_connection_to_the_media_is_kept_only_so_too(name: str) -> None:
    verb, first, is_certain = ENDINGS[name]
    relay = Relay((5, 5), 1, "tests")
    with Stub(first, picture()) as stub:
        url = MediaURL(MediaOrigin("http", "127.0.0.1", stub.port, exempt=True), "/1.jpg")
        for is_head in (verb == "HEAD", False):
            source = relay.open(url, head=is_head)
            body = b"".join(iter(source.read, b""))
            source.close()
        assert body == FILE
        assert stub.connections == (1 if is_certain else 2)


CHUNKS = head("200 OK", "Transfer-Encoding: chunked")

#: Responses that end in no way, and what is wrong with them.
UNENDED = {
    "no body": head("200 OK", "Content-Length: 9"),
    "a part of the body": head("200 OK", "Content-Length: 9") + b"abc",
    "no chunk": CHUNKS,
    "a part of a chunk": CHUNKS + b"9\r\nabc",
    "no last chunk": CHUNKS + b"3\r\nabc\r\n",
    "no end of the trailers": CHUNKS + b"0\r\n",
    "a chunk without a length": CHUNKS + b"3\r\nabc\r\nx\r\n",
    "a chunk of a length below zero": CHUNKS + b"-5\r\n",
}


@pytest.mark.parametrize("name", UNENDED)
def test_a_connection_on_which_media_stopped_to_come_is_not_kept(name: str) -> None:
    relay = Relay((5, 0.4), 1, "tests")
    with Stub(in_pieces(UNENDED[name]), picture()) as stub:
        url = MediaURL(MediaOrigin("http", "127.0.0.1", stub.port, exempt=True), "/1.jpg")
        source = relay.open(url)
        with pytest.raises(ServiceError):
            b"".join(iter(source.read, b""))
        source.close()
        # What follows is in no hurry.
        relay._read_timeout = 5
        source = relay.open(url)
        assert b"".join(iter(source.read, b"")) == FILE
        source.close()
        assert stub.connections == 2


def test_what_comes_late_on_a_kept_connection_ends_it() -> None:
    with Stub(in_pieces(answer("first"), SMUGGLED), answer("right")) as stub:
        pool, origin = Pool(1), Origin("http", "127.0.0.1", stub.port)
        for expected in (b"first", b"right"):
            connection = pool.take(origin, 5)
            connection.send_request("GET", "/", {}, timeout=5)
            assert connection.read_response(5).read() == expected
            pool.keep(origin, connection)
            time.sleep(0.1)
        pool.close()


def test_a_response_of_which_only_a_part_was_read_is_not_kept() -> None:
    with Stub(answer("a" * 200_000)) as stub:
        pool, origin = Pool(1), Origin("http", "127.0.0.1", stub.port)
        connection = pool.take(origin, 5)
        connection.send_request("GET", "/", {}, timeout=5)
        connection.read_response(5).read(10)
        pool.keep(origin, connection)
        assert not connection.is_open


@contextmanager
def hasty_service() -> Iterator[str]:
    """Answer requests when their headers are there, and their bodies as if they were requests."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            while b"\r\n\r\n" not in (first := connection.recv(65536)):
                if not first:
                    return
            if b"upload.file" not in first:
                connection.sendall(ok('"for":"B",'))
                return
            connection.sendall(ok('"ticket":"1",'))
            seen = first
            while b"--\r\n" not in seen[-9:]:
                seen = seen[-9:] + connection.recv(1 << 20)
            while connection.recv(65536):
                connection.sendall(ok('"for":"smuggled",'))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def test_a_connection_with_a_response_before_the_end_of_an_upload_is_not_used_again() -> None:
    with hasty_service() as url:
        api = IpernityAPI("key", "secret", "1-a", url=url, timeout=5)
        assert api.call("upload.file", file=io.BytesIO(bytes(3_000_000)))["ticket"] == "1"
        assert api.call("test.hello")["for"] == "B"


WHOLE = head("200 OK", "Content-Type: image/jpeg", "Content-Length: 5723")
CUTS = [1, 8, 12, 15, 17, 30, len(WHOLE) - 8, len(WHOLE) - 4, len(WHOLE) - 2, len(WHOLE) - 1]


@pytest.mark.parametrize("length", CUTS)
def test_headers_that_were_cut_off_are_no_answer_and_the_call_is_tried_again(length: int) -> None:
    with Stub(and_close(WHOLE[:length]), ok()) as stub:
        reply = api_for(stub).test.hello()
        assert reply["hello"] == "hello world!"
        assert len(stub.requests) == 2


def test_a_call_that_changes_data_is_not_sent_again_after_headers_that_were_cut_off() -> None:
    with Stub(and_close(WHOLE[:40])) as stub:
        with pytest.raises(ServiceUnavailableError, match="broke"):
            api_for(stub).doc.set(doc_id=1, title="x")
        assert len(stub.requests) == 1


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
@pytest.mark.parametrize("length", CUTS)
def test_headers_that_were_cut_off_are_no_picture(length: int, verb: str) -> None:
    with world(raw(and_close(WHOLE[:length]))) as here:
        response = here.client.open(PATH, method=verb)
        assert response.status_code == 502
        assert response.headers["Cache-Control"] == "no-store"


def test_headers_cut_off_after_an_interim_response_are_none_either() -> None:
    for name in ("early hints", "continue"):
        with Stub(and_close(INTERIM[name])) as stub, pytest.raises(ServiceError):
            api_for(stub, retries=0).test.hello()


def test_headers_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HEAD_SIZE", 100_000)
    lines = [f"X-{number}: {'x' * 5000}" for number in range(60)]
    with (
        Stub(answer("{}", "200 OK", *lines)) as stub,
        pytest.raises(ServiceUnavailableError, match="broke"),
    ):
        api_for(stub, retries=0).test.hello()
