"""The HTTP proxy through which servers are reached, where a network lets out nothing else."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Mapping
from http.client import HTTPException
from time import monotonic
from urllib.parse import unquote_to_bytes, urlsplit

from .connection import Reader, Response, Wire
from .redaction import Secret, SecretBytes
from .sockets import Origin, open_socket

_REFUSALS = {
    403: "it does not allow the server",
    407: "it wants a user and a password, or others: http://USER:PASSWORD@HOST:PORT",
    502: "it cannot reach the server",
    503: "it cannot reach the server",
    504: "the server does not answer it in time",
}


class ProxyError(OSError):
    """The proxy has opened no connection; ``args[0]`` says why."""


class ForwardProxy:
    """An HTTP proxy: servers over TLS are reached by CONNECT, others by absolute URLs (RFC 9110).

    Names are resolved by the proxy. TLS is spoken with the server itself, through the proxy, which
    sees its name and nothing else.

    :param url: such as ``http://user:password@proxy.example:3128``.
    :raises ValueError: it is not the URL of a proxy.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        is_bare = parts.path in ("", "/") and not parts.query and not parts.fragment
        if parts.scheme != "http" or not parts.hostname or not is_bare:
            raise ValueError("the URL of a proxy starts with http:// and has no path")
        self._origin = Origin("http", parts.hostname, 80 if parts.port is None else parts.port)
        #: The headers that each request to the proxy has.
        self.headers: Mapping[str, str] = {}
        if parts.username is not None:
            user = unquote_to_bytes(parts.username)
            password = unquote_to_bytes(parts.password or "")
            credentials = b64encode(user + b":" + password).decode()
            self.headers = {"Proxy-Authorization": Secret(f"Basic {credentials}")}

    def open_socket(self, origin: Origin, timeout: float) -> socket.socket:
        """Return a socket that leads to *origin* or, for plain ``http``, to the proxy.

        :param timeout: seconds, for all that it takes.
        :raises ProxyError: there is no connection.
        :raises TimeoutError: it was not there in time.
        """
        end = monotonic() + timeout
        try:
            sock = open_socket(self._origin, timeout)
        except TimeoutError:
            raise
        except (OSError, UnicodeError) as error:
            raise ProxyError(f"it cannot be reached ({type(error).__name__})") from None
        if origin.scheme == "https":
            try:
                sock.settimeout(max(end - monotonic(), 0.001))
                self._tunnel(sock, origin)
            except BaseException:
                sock.close()
                raise
        return sock

    def _tunnel(self, sock: socket.socket, origin: Origin) -> None:
        """Let the proxy connect *sock* to *origin*."""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = f"{host_of(origin)}:{origin.port}"
        lines = [f"CONNECT {server} HTTP/1.1", f"Host: {server}"]
        lines += (f"{name}: {value}" for name, value in self.headers.items())
        head = SecretBytes("\r\n".join([*lines, "\r\n"]).encode("ascii"))
        del lines
        sock.sendall(head)
        wire = Wire(sock, Reader)
        try:
            response = Response(wire, method="CONNECT")
            response.begin()
        except HTTPException:
            problem = "it does not speak HTTP"
        else:
            response.close()
            if 200 <= response.status < 300 and not wire.buffer.has_rest:
                return
            reason = _REFUSALS.get(response.status)
            problem = f"it answered HTTP {response.status}" + (f": {reason}" if reason else "")
        raise ProxyError(problem)


def host_of(origin: Origin) -> str:
    """Return the host of *origin* as requests name it, without the port."""
    # The dot at the end of a full name is for the resolver only.
    host = origin.host.strip("[]").rstrip(".")
    return f"[{host}]" if ":" in host else host.encode("idna").decode()
