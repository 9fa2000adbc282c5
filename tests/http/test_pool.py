"""The pool that serves the API and the media: what it keeps, and whose connections it lends."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.client import IpernityAPI
from flask_ipernity.errors import ServiceTimeout, ServiceUnavailableError
from flask_ipernity.http import pool
from flask_ipernity.http.pool import Pool
from flask_ipernity.http.retry_after import parse_retry_after
from flask_ipernity.http.sockets import ConnectError, Origin
from flask_ipernity.media import hosts
from flask_ipernity.media.hosts import MediaURL
from flask_ipernity.media.relay import Relay
from tests.support.forks import holds_in_a_child
from tests.support.media import FILE, picture
from tests.support.stub import Stub, answer, drip, ok, together


def relay_of(pool_size: int = 16) -> Relay:
    return Relay((5, 5), pool_size, "tests")


def picture_at(stub: Stub) -> MediaURL:
    return MediaURL(hosts.MediaOrigin("http", "127.0.0.1", stub.port, exempt=True), "/1.jpg")


def fetch(relay: Relay, stub: Stub) -> bytes:
    """Return the whole picture of *stub*."""
    source = relay.open(picture_at(stub))
    pieces = list(iter(source.read, b""))
    source.close()
    return b"".join(pieces)


@pytest.mark.parametrize("size", [1, 3])
def test_the_setting_bounds_the_kept_connections_to_the_api(size: int) -> None:
    with Stub(together(4, ok())) as stub:
        app = Flask("tests")
        app.config.update(
            SECRET_KEY="test",
            IPERNITY_APP_KEY="key",
            IPERNITY_APP_SECRET="secret",
            IPERNITY_API_URL=stub.url,
            IPERNITY_POOL_SIZE=size,
        )
        Ipernity(app)
        app.add_url_rule("/", "hello", lambda: ipernity.api.test.hello())

        def visit(number: int) -> int:
            return app.test_client().get("/").status_code

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(visit, range(4))) == [200] * 4
            assert stub.connections == 4
            assert list(threads.map(visit, range(4))) == [200] * 4
        assert stub.connections == 4 + (4 - size)


def test_connections_are_kept_to_a_bounded_number_of_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MAX_ORIGINS", 2)
    relay = relay_of()
    with Stub(picture()) as first, Stub(picture()) as second, Stub(picture()) as third:
        for _ in range(3):
            for stub in (first, second, third):
                assert fetch(relay, stub) == FILE
        assert [stub.connections for stub in (first, second, third)] == [1, 1, 3]


def test_a_child_process_does_not_keep_a_connection_that_was_in_use_when_it_was_forked() -> None:
    relay = relay_of()
    with Stub(picture()) as stub:
        source = relay.open(picture_at(stub))
        pieces = list(iter(source.read, b""))

        def fetch_in_the_child() -> bool:
            source.close()
            return fetch(relay, stub) == FILE

        assert holds_in_a_child(fetch_in_the_child)
        assert stub.connections == 2
        source.close()
        assert b"".join(pieces) == fetch(relay, stub) == FILE
        assert stub.connections == 2


def test_a_pool_that_is_gone_leaves_no_connection_open() -> None:
    with Stub(ok()) as stub:
        kept = Pool(1)
        origin = Origin("http", "127.0.0.1", stub.port)
        connection = kept.take(origin, 5)
        kept.keep(origin, connection)
        assert kept.take(origin, 5) is connection
        kept.keep(origin, connection)
        del kept
        assert not connection.is_open


def test_a_closed_connection_does_not_connect_by_itself() -> None:
    with Stub(ok()) as stub:
        connection = Pool(1).take(Origin("http", "127.0.0.1", stub.port), 5)
        connection.close()
        with pytest.raises(ConnectionError, match="closed"):
            connection.send_request("GET", "/", {}, timeout=5)
        assert stub.requests == []


@pytest.mark.parametrize(
    ("host", "port", "named"),
    [
        ("u1.example", 80, "u1.example"),
        ("u1.example.", 8080, "u1.example:8080"),
        ("[::1]", 80, "[::1]"),
        ("::1", 8080, "[::1]:8080"),
    ],
)
def test_a_request_names_the_host_that_it_is_for(host: str, port: int, named: str) -> None:
    with Stub(ok()) as stub:

        def open_socket(origin: Origin, timeout: float) -> socket.socket:
            return socket.create_connection(("127.0.0.1", stub.port), timeout)

        connection = Pool(1, open_socket).take(Origin("http", host, port), 5)
        connection.send_request("GET", "/", {}, timeout=5)
        assert connection.read_response(5).status == 200
        connection.close()
        assert stub.requests[0].headers["host"] == named


@pytest.mark.parametrize("host", ["[::1]", "::1"])
def test_addresses_of_ipv6_are_connected_to(host: str) -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with listener:
        connection = Pool(1).take(Origin("http", host, listener.getsockname()[1]), 5)
        assert connection.is_open
        connection.close()


def test_the_api_is_called_over_ipv6() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with listener:
        url = f"http://[::1]:{listener.getsockname()[1]}/api/"
        api = IpernityAPI("key", "secret", url=url, timeout=5, retries=0)
        with ThreadPoolExecutor(1) as thread:
            called = thread.submit(lambda: api.test.hello()["hello"])
            connection, _ = listener.accept()
            with connection:
                head = connection.recv(65536)
                connection.sendall(ok())
            assert called.result(5) == "hello world!"
        assert f"Host: {url.split('/')[2]}\r\n".encode() in head


def test_a_host_that_cannot_be_a_name_gives_the_error_of_one_that_is_unknown() -> None:
    with pytest.raises(ConnectError) as caught:
        Pool(1).take(Origin("http", "x" * 64 + ".example", 80), 5)
    assert isinstance(caught.value.args[0], UnicodeError)
    api = IpernityAPI("key", "secret", url=f"http://{'x' * 64}.example/api/", retries=0)
    with pytest.raises(ServiceUnavailableError, match="name of the service"):
        api.test.hello()


@pytest.mark.slow
def test_a_response_must_be_there_in_time_however_it_drips() -> None:
    slow = answer(b"x" * 40)
    with Stub(drip(slow, 0.05)) as stub:
        connection = Pool(1).take(Origin("http", "127.0.0.1", stub.port), 5)
        connection.send_request("GET", "/", {}, timeout=5)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            connection.read_response(0.5).read()
        assert 0.4 < time.monotonic() - began < 3
        connection.close()


def test_a_connection_that_is_not_accepted_in_time_is_told_from_a_slow_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def connect(sock: socket.socket, address: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket.socket, "connect", connect)
    api = IpernityAPI("key", "secret", url="http://127.0.0.1:1/api/", retries=0)
    with pytest.raises(ServiceTimeout, match="accept a connection"):
        api.test.hello()


def test_a_header_that_goes_on_in_the_next_line_is_read_as_one() -> None:
    folded = picture('ETag: \r\n  "abc"', "X-Long: one\r\n\t two")
    with Stub(folded) as stub:
        source = relay_of().open(picture_at(stub))
        source.close()
        assert source.headers["X-Long"] == "one two"
        assert source.headers["ETag"].strip() == '"abc"'


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 0.0),
        ("-1", None),
        ("soon", None),
        ("9" * 5000, None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_nothing(
    value: str | None, seconds: float | None
) -> None:
    assert parse_retry_after(value) == seconds
