"""The connections to the API: kept open, and with one time limit for a whole answer.

urllib3's read time-out starts anew with every byte that arrives: a service
that sends one byte a second would hold a thread for hours.
"""

from __future__ import annotations

import io
import socket
from collections import deque
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection as PlainConnection
from http.client import HTTPResponse
from time import monotonic
from typing import Any
from urllib.parse import urlsplit
from weakref import finalize

from urllib3.connection import HTTPConnection, HTTPSConnection


class _Reader(io.RawIOBase):
    """Reads from a socket until the time limit that the socket had at the start is over."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        timeout = sock.gettimeout()
        self._end = None if timeout is None else monotonic() + timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._end is not None:
            left = self._end - monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _Plain(HTTPConnection):
    response_class = _Response


class _Secure(HTTPSConnection):
    response_class = _Response


# What is sent and read goes through the standard library's methods. urllib3's
# own would put objects around it that decode and pool, which are not wanted here
# and take a fifth of the CPU of a call.


def ask(
    connection: HTTPConnection,
    verb: str,
    target: str,
    body: bytes | Iterable[bytes] | None,
    headers: Mapping[str, str],
) -> None:
    """Send a request on an open connection.

    :param target: path and query.
    """
    connection.sock.settimeout(connection.timeout)
    PlainConnection.request(connection, verb, target, body, headers)


def answer_of(connection: HTTPConnection) -> HTTPResponse:
    """Return the answer to the request that was sent, its body not yet read."""
    connection.sock.settimeout(connection.timeout)
    return PlainConnection.getresponse(connection)


class Connections:
    """Connections to one origin, shared by threads; each is lent to one call at a time.

    They are urllib3's connections, without its pool: the pool's book-keeping
    takes a third of the CPU of a call, and it logs the address of each, in which
    the token is. What a pool would do with proxies, redirects and retries is not
    wanted here.

    :param origin: scheme, host and port.
    :param size: how many are kept open.
    """

    def __init__(self, origin: str, size: int) -> None:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{origin!r} is not an http or https address")
        self._kind = _Secure if parts.scheme == "https" else _Plain
        self._host, self._port = parts.hostname, parts.port
        self._size = size
        self._idle: deque[HTTPConnection] = deque()
        finalize(self, _close_all, self._idle)

    def take(self) -> HTTPConnection:
        """Return the connection that was used last and is still open, else a new one."""
        try:
            while True:
                connection = self._idle.pop()
                if connection.is_connected:
                    return connection
                connection.close()
        except IndexError:
            return self._kind(self._host, self._port)

    def keep(self, connection: HTTPConnection) -> None:
        """Take back a connection whose answer was read to its end."""
        if connection.is_closed or len(self._idle) >= self._size:
            connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        """Close the connections that no call uses."""
        _close_all(self._idle)


def _close_all(connections: deque[HTTPConnection]) -> None:
    while connections:
        connections.pop().close()
