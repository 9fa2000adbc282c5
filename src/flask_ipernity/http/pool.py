"""Connections that are kept open, lent to one request at a time, and read before a deadline.

They are the standard library's. urllib3's own would take CPU for proxies, redirects and
retries that are not wanted here, and log URLs, which hold secrets.
"""

from __future__ import annotations

import io
import os
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPS_PORT, HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from typing import Any, cast
from weakref import finalize

from urllib3.util import wait_for_read

from ..per_process import PerProcess

#: Origins whose connections are kept; more than a site needs.
MAX_ORIGINS = 64

#: Bytes read at once, so that a small response comes in one piece.
BUFFER_SIZE = 64 * 1024

#: Bytes that a server must send in a second of waiting for it, at least.
MIN_RATE = 8 * 1024
#: Seconds of waiting over which that is averaged.
RATE_WINDOW = 20.0


@dataclass(frozen=True, slots=True)
class Origin:
    """A server: ``http`` or ``https``, a name or an IP address, a port."""

    scheme: str
    host: str
    port: int


class ConnectError(HTTPException):
    """No connection to the host could be opened; ``args[0]`` is the reason."""


def open_socket(origin: Origin, timeout: float) -> socket.socket:
    """Return a socket that is connected to *origin*.

    :param timeout: seconds for each address of the host.
    :raises OSError: there is no connection.
    """
    return socket.create_connection((origin.host.strip("[]"), origin.port), timeout)


class Reader(io.RawIOBase):
    """Reads one response, within the timeout that the socket has at the start.

    The socket's own timeout starts anew with each byte: a server that sends a byte
    a second would hold a thread for hours.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        timeout = sock.gettimeout()
        #: When reading must end, on the monotonic clock.
        self._deadline = None if timeout is None else monotonic() + timeout

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            left = self._deadline - monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def end_headers(self) -> None:
        """Take note that the headers were read, and the body follows."""

    def close(self) -> None:
        self._raw.close()
        super().close()


class RateReader(Reader):
    """Reads the headers before a deadline, and the body at a minimum rate.

    Only waiting for the server is counted, not the time that the caller takes
    between two pieces.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._timeout = sock.gettimeout()
        self._waited = 0.0
        self._received = 0

    def end_headers(self) -> None:
        self._deadline = None
        self._sock.settimeout(self._timeout)

    def readinto(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            return super().readinto(buffer)
        began = monotonic()
        count = self._raw.readinto(buffer)
        self._waited += monotonic() - began
        self._received += count or 0
        if self._waited >= RATE_WINDOW:
            if self._received < MIN_RATE * RATE_WINDOW:
                raise TimeoutError("the server is too slow")
            self._waited, self._received = 0.0, 0
        return count


class _Wire:
    """A socket, as far as ``http.client`` uses one, with a reader of ours for each response.

    ``HTTPConnection.sock`` is not documented, but it is where its subclasses in many packages
    put sockets of other kinds; nothing else of it is touched here.
    """

    def __init__(self, sock: socket.socket, reader: type[Reader]) -> None:
        self._sock = sock
        self._reader = reader
        self.sendall = sock.sendall
        self.settimeout = sock.settimeout
        self.fileno = sock.fileno
        self.close = sock.close

    def makefile(self, mode: str) -> io.BufferedReader:
        self.reader = self._reader(self._sock)
        return io.BufferedReader(self.reader, BUFFER_SIZE)


class Connection(HTTPConnection):
    """An open connection of a pool."""

    def __init__(self, host: str, port: int, wire: _Wire) -> None:
        super().__init__(host, port)
        self._wire = wire
        self.sock = cast(socket.socket, wire)
        #: Whether a request was sent on it before.
        self.was_used = False
        self._process = os.getpid()

    def connect(self) -> None:
        """Refuse to connect again, which would go around the rules of the pool."""
        raise ConnectionError("the connection is closed")

    @property
    def reader(self) -> Any:
        """What reads the response to the last request; of the class that the pool was given."""
        return self._wire.reader

    @property
    def is_open(self) -> bool:
        """Whether the connection is open at this end, and was opened by this process.

        After a fork, two processes on one connection would read each other's responses.
        """
        return self.sock is not None and self._process == os.getpid()

    def send_request(
        self,
        verb: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None = None,
        *,
        timeout: float,
    ) -> None:
        """Send a request.

        :param target: path and query.
        :param timeout: seconds in which the server must take each piece of it.
        """
        self._wire.settimeout(timeout)
        self.request(verb, target, body, headers)

    def read_response(self, timeout: float) -> HTTPResponse:
        """Return the response to the request that was sent, its body not yet read.

        :param timeout: seconds in which the whole must come, unless the reader has another rule.
        """
        self._wire.settimeout(timeout)
        response = self.getresponse()
        self._wire.reader.end_headers()
        return response


class _SecureConnection(Connection):
    default_port = HTTPS_PORT


class Pool:
    """Kept connections, shared by threads; each is lent to one request at a time.

    A process that was forked starts with connections of its own.

    :param size: connections kept for each origin.
    :param open_socket: returns a socket that is connected to an origin; its arguments are the
        origin, and the timeout in seconds.
    :param reader: reads the responses.
    """

    def __init__(
        self,
        size: int,
        open_socket: Callable[[Any, float], socket.socket] = open_socket,
        reader: type[Reader] = Reader,
    ) -> None:
        self._size = size
        self._open_socket = open_socket
        self._reader = reader
        self._context: ssl.SSLContext | None = None
        # Two processes on one connection would read each other's responses.
        self._idle: PerProcess[dict[Origin, deque[Connection]]] = PerProcess(dict, _close_all)
        finalize(self, _close_idle, self._idle)

    def take(self, origin: Origin, timeout: float) -> Connection:
        """Return the connection that was used last and is still open, else a new one.

        :param timeout: seconds to connect.
        :raises ConnectError: there is no connection to the host.
        :raises OSError: there is one, but no agreement on TLS.
        """
        idle = self._idle().get(origin)
        try:
            while idle:
                connection = idle.pop()
                # A server that has closed its end has something to read: the end.
                if connection.is_open and not wait_for_read(connection.sock, timeout=0):
                    return connection
                connection.close()
        except IndexError:
            pass  # another thread took the last one
        return self._connect(origin, timeout)

    def keep(self, origin: Origin, connection: Connection) -> None:
        """Take back a connection whose response was read to its end."""
        kept = self._idle()
        idle = kept.get(origin)
        if idle is None and len(kept) < MAX_ORIGINS:
            idle = kept.setdefault(origin, deque())
        if idle is not None and len(idle) < self._size and connection.is_open:
            connection.was_used = True
            idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close the connections that no request uses."""
        _close_all(self._idle())

    def _connect(self, origin: Origin, timeout: float) -> Connection:
        try:
            sock = self._open_socket(origin, timeout)
        except (OSError, UnicodeError) as error:
            raise ConnectError(error) from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The dot at the end of a full name is for the resolver only.
        host = origin.host.strip("[]").rstrip(".")
        if origin.scheme == "http":
            return Connection(host, origin.port, _Wire(sock, self._reader))
        # An IP address with a zone ("%eth0") would be taken for a name.
        secure = self._tls().wrap_socket(sock, server_hostname=host.partition("%")[0])
        return _SecureConnection(host, origin.port, _Wire(secure, self._reader))

    def _tls(self) -> ssl.SSLContext:
        # one for all connections, because it takes a while to read the authorities
        if self._context is None:
            context = ssl.create_default_context()
            context.hostname_checks_common_name = False
            context.set_alpn_protocols(["http/1.1"])
            self._context = context
        return self._context


def _close_idle(idle: PerProcess[dict[Origin, deque[Connection]]]) -> None:
    _close_all(idle())


def _close_all(idle: Mapping[Origin, deque[Connection]]) -> None:
    for connections in list(idle.values()):
        while connections:
            connections.pop().close()
