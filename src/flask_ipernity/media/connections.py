"""The connections to the media hosts: to checked addresses, and with time limits of their own.

urllib3's read time-out starts anew with every byte that arrives; a source that
sends a byte now and then would hold a thread for ever. Limits are therefore kept
where the bytes come in, below urllib3.
"""

from __future__ import annotations

import io
import socket
from collections import deque
from http.client import HTTPResponse
from ssl import SSLContext
from time import monotonic
from typing import Any
from weakref import finalize

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util import create_urllib3_context

from .hosts import Origin, resolve

#: Fewer bytes in a second than this, on the average of :data:`WINDOW` seconds
#: of waiting for the source, and it is given up.
MIN_RATE = 8 * 1024
WINDOW = 20.0

#: Hosts whose connections are kept; there are few, unless the service is not itself.
_MOST_HOSTS = 64

#: Read at once, so that a small picture comes with its headers in one piece.
_BUFFER = 64 * 1024


class _Reader(io.RawIOBase):
    """Reads from a socket: headers before a time limit, the body at a minimum rate.

    Only waiting for the source is counted, not the time that a slow visitor takes.
    """

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._timeout = sock.gettimeout()
        self._in_headers = True
        self._is_changed = False
        self._end: float | None = None
        self._waited = 0.0
        self._received = 0

    def readable(self) -> bool:
        return True

    def headers_are_read(self) -> None:
        if self._is_changed:
            self._sock.settimeout(self._timeout)
        self._in_headers = False

    def readinto(self, buffer: Any) -> int | None:
        began = monotonic()
        if self._in_headers and self._timeout is not None:
            self._limit(began, self._timeout)
            return self._raw.readinto(buffer)
        count = self._raw.readinto(buffer)
        self._waited += monotonic() - began
        self._received += count or 0
        if self._waited >= WINDOW:
            if self._received < MIN_RATE * WINDOW:
                raise TimeoutError("the source is too slow")
            self._waited, self._received = 0.0, 0
        return count

    def _limit(self, now: float, timeout: float) -> None:
        """Let the socket wait until the time for the headers is over, and no longer."""
        if self._end is None:
            # The socket has this very limit; most headers come at once.
            self._end = now + timeout
        elif now >= self._end:
            raise TimeoutError("timed out")
        else:
            self._sock.settimeout(self._end - now)
            self._is_changed = True

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._reader = _Reader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader, _BUFFER)

    def begin(self) -> None:
        super().begin()
        self._reader.headers_are_read()


class _Plain(HTTPConnection):
    response_class = _Response


class _Secure(HTTPSConnection):
    response_class = _Response


class _Checked(_Secure):
    """Connects to public addresses only."""

    def _new_conn(self) -> socket.socket:
        try:
            addresses = resolve(self.host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        problem: OSError | None = None
        end = monotonic() + float(self.timeout or 0)
        for family, address in addresses:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(max(end - monotonic(), 0.001))
                sock.connect(address)
            except OSError as error:
                sock.close()
                problem = error
            else:
                sock.settimeout(self.timeout)
                return sock
        if isinstance(problem, TimeoutError):
            raise ConnectTimeoutError(self, "no connection in time") from problem
        raise NewConnectionError(self, "no connection to a public address") from problem


class Pool:
    """Kept connections to all hosts, shared by threads; each is lent to one transfer at a time.

    They are urllib3's connections, without its pools: those would take a fifth
    of the CPU of a small picture, for proxies, redirects and retries that are
    not wanted here.

    :param size: how many are kept open per host.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._idle: dict[Origin, deque[HTTPConnection]] = {}
        self._context: SSLContext | None = None
        finalize(self, _close_all, self._idle)

    def take(self, place: Origin) -> tuple[HTTPConnection, bool]:
        """Return a connection, and whether it was used before."""
        idle = self._idle.get(place)
        try:
            while idle is not None:
                connection = idle.pop()
                if connection.is_connected:
                    return connection, True
                connection.close()
        except IndexError:
            pass
        return self._new(place), False

    def keep(self, place: Origin, connection: HTTPConnection) -> None:
        """Take back a connection whose answer was read to its end."""
        if place not in self._idle and len(self._idle) >= _MOST_HOSTS:
            connection.close()
            return
        idle = self._idle.setdefault(place, deque())
        if connection.is_closed or len(idle) >= self._size:
            connection.close()
        else:
            idle.append(connection)

    def _new(self, place: Origin) -> HTTPConnection:
        if place.scheme == "http":
            return _Plain(place.host, place.port)
        if self._context is None:
            # for all of them, because it takes a while to read the authorities
            context = create_urllib3_context()
            context.load_default_certs()
            self._context = context
        kind = _Secure if place.exempt else _Checked
        return kind(place.host, place.port, ssl_context=self._context)


def _close_all(idle: dict[Origin, deque[HTTPConnection]]) -> None:
    for connections in idle.values():
        while connections:
            connections.pop().close()
