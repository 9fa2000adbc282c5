"""Connections that are kept open, and lent to one request at a time."""

from __future__ import annotations

import socket
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any
from weakref import finalize

from ..per_process import PerProcess
from .connection import Connection, Reader, SecureConnection, Wire
from .forward_proxy import ForwardProxy, host_of
from .sockets import ConnectError, Origin, open_socket

#: Origins whose connections are kept; more than a site needs.
MAX_ORIGINS = 64


class Pool:
    """Kept connections, shared by threads; each is lent to one request at a time.

    A process that was forked starts with connections of its own.

    :param size: connections kept for each origin.
    :param open_socket: returns a socket that is connected to an origin; its arguments are the
        origin, and the timeout in seconds for all that it takes.
    :param reader: reads the responses.
    :param proxy: reaches all servers, in place of *open_socket*.
    """

    def __init__(
        self,
        size: int,
        open_socket: Callable[[Any, float], socket.socket] = open_socket,
        reader: type[Reader] = Reader,
        proxy: ForwardProxy | None = None,
    ) -> None:
        self._size = size
        self._open_socket = open_socket if proxy is None else proxy.open_socket
        self._proxy = proxy
        self._reader = reader
        self._context: ssl.SSLContext | None = None
        # Two processes on one connection would read each other's responses.
        self._idle: PerProcess[dict[Origin, deque[Connection]]] = PerProcess(dict, _close_all)
        finalize(self, _close_idle, self._idle)

    def take(self, origin: Origin, timeout: float) -> Connection:
        """Return the connection that was used last and is still open, else a new one.

        :param timeout: seconds to connect, TLS included.
        :raises ConnectError: there is no connection to the host.
        :raises OSError: there is one, but no agreement on TLS.
        """
        idle = self._idle().get(origin)
        try:
            while idle:
                connection = idle.pop()
                if connection.is_silent:
                    return connection
                connection.close()
        except IndexError:
            pass  # another thread took the last one
        return self._connect(origin, timeout)

    def keep(self, origin: Origin, connection: Connection) -> None:
        """Take back a connection: keep it, or close it if its response has not ended."""
        kept = self._idle()
        idle = kept.get(origin)
        if idle is None and len(kept) < MAX_ORIGINS:
            idle = kept.setdefault(origin, deque())
        if idle is not None and len(idle) < self._size and connection.is_reusable:
            connection.was_used = True
            idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close the connections that no request uses."""
        _close_all(self._idle())

    def _connect(self, origin: Origin, timeout: float) -> Connection:
        end = monotonic() + timeout
        try:
            sock = self._open_socket(origin, timeout)
        except (OSError, UnicodeError) as error:
            raise ConnectError(error) from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The dot at the end of a full name is for the resolver only.
        host = origin.host.strip("[]").rstrip(".")
        if origin.scheme == "http":
            via: tuple[str, Mapping[str, str]] = ("", {})
            if self._proxy is not None:
                via = (f"http://{host_of(origin)}:{origin.port}", self._proxy.headers)
            return Connection(host, origin.port, Wire(sock, self._reader), via)
        sock.settimeout(max(end - monotonic(), 0.001))
        # An IP address with a zone ("%eth0") would be taken for a name.
        secure = self._tls().wrap_socket(sock, server_hostname=host.partition("%")[0])
        return SecureConnection(host, origin.port, Wire(secure, self._reader))

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
