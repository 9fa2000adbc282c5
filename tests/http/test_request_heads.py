"""What a request says: what it was given, the host, the length of its body, and nothing else."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import Any

import pytest

from flask_ipernity.http.connection import Connection
from flask_ipernity.http.pool import Pool
from flask_ipernity.http.sockets import Origin
from flask_ipernity.media.hosts import MediaOrigin, MediaURL
from flask_ipernity.media.relay import Relay
from tests.support.media import picture
from tests.support.stub import Stub, api_for, ok


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub(ok()) as running:
        yield running


@pytest.fixture
def connection(stub: Stub) -> Iterator[Connection]:
    taken = Pool(1).take(Origin("http", "127.0.0.1", stub.port), 5)
    yield taken
    taken.close()


@pytest.mark.parametrize(
    ("verb", "headers", "body", "length"),
    [
        ("GET", {}, None, None),
        ("HEAD", {"Range": "bytes=0-9"}, None, None),
        ("POST", {}, None, "0"),
        ("POST", {"A": "b"}, b"abc", "3"),
        ("POST", {"Content-Length": "4"}, [b"ab", b"cd"], "4"),
        ("POST", {"Content-Length": "2"}, b"ab", "2"),
    ],
)
def test_a_request_has_the_headers_that_it_was_given(
    stub: Stub, connection: Connection, verb: str, headers: Any, body: Any, length: str | None
) -> None:
    connection.send_request(verb, "/a?b=c", headers, body, timeout=5)
    connection.read_response(5).read()
    (request,) = stub.requests
    expected = {"host": f"127.0.0.1:{stub.port}"}
    expected.update({name.lower(): value for name, value in headers.items()})
    if length is not None:
        expected["content-length"] = length
    content = body if isinstance(body, bytes) else b"".join(body or [])
    assert request == (verb, "/a?b=c", expected, content)


@pytest.mark.parametrize(
    "target", ["/a b", "/a\r\nX: y", "/a\n", "/\x00", "/\x7f", "/é", "/\u2028"]
)
def test_a_target_that_would_end_before_its_end_is_not_sent(
    stub: Stub, connection: Connection, target: str
) -> None:
    with pytest.raises(http.client.InvalidURL):
        connection.send_request("GET", target, {}, timeout=5)
    assert stub.requests == []


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb", "a\n b", "\x00", "\x7f", "\u2028"])
def test_a_header_that_would_end_before_its_end_is_not_sent(
    stub: Stub, connection: Connection, value: str
) -> None:
    with pytest.raises(ValueError, match="header If-None-Match"):
        connection.send_request("GET", "/", {"If-None-Match": value}, timeout=5)
    connection.send_request("GET", "/", {"If-None-Match": 'W/"\t~"'}, timeout=5)
    connection.read_response(5).read()
    assert len(stub.requests) == 1


def test_who_replaces_methods_of_http_client_sees_and_adds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []

    def replace(name: str) -> None:
        real = getattr(http.client.HTTPConnection, name)

        def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(name)
            return real(self, *args, **kwargs)

        monkeypatch.setattr(http.client.HTTPConnection, name, wrapped)

    for name in ("__init__", "request", "putrequest", "putheader", "endheaders", "getresponse"):
        replace(name)
    with Stub(ok()) as service, Stub(picture()) as host:
        api_for(service).test.hello()
        origin = MediaOrigin("http", "127.0.0.1", host.port, exempt=True)
        Relay((5, 5), 1, "tests").open(MediaURL(origin, "/1.jpg")).close()
    assert seen == []
    (call,), (fetched,) = service.requests, host.requests
    usual = {"host", "user-agent", "accept-encoding"}
    assert set(call.headers) == {*usual, "content-type", "content-length"}
    assert set(fetched.headers) == usual
