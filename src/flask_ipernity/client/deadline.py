"""One time limit for a whole answer.

urllib3's read time-out starts anew with every byte that arrives: a service
that sends one byte a second would hold a thread for hours.
"""

from __future__ import annotations

import io
import socket
from http.client import HTTPResponse
from time import monotonic
from typing import Any

from urllib3 import HTTPConnectionPool
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


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


def in_time(pool: HTTPConnectionPool) -> HTTPConnectionPool:
    """Make *pool* count its read time-out over the whole answer, headers included."""
    kind: Any = _SecureConnection if pool.scheme == "https" else _Connection
    pool.ConnectionCls = kind
    return pool
