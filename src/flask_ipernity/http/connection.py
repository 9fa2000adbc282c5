"""A connection, on which one response after the other is read before a deadline.

Responses are read with the standard library. Requests are written here: tools that watch a program
replace methods of ``http.client.HTTPConnection`` with their own, which tell others the URLs, and
add headers about the visitor's request. URLs hold secrets, and the service is not part of the site.
urllib3's own connections would take CPU for proxies, redirects and retries that are not wanted, and
log URLs.
"""

from __future__ import annotations

import io
import os
import re
import socket
from collections.abc import Iterable, Mapping
from http.client import (
    HTTP_PORT,
    HTTPS_PORT,
    SWITCHING_PROTOCOLS,
    HTTPException,
    HTTPResponse,
    IncompleteRead,
    InvalidURL,
)
from time import monotonic
from typing import Any, cast

from urllib3.util import wait_for_read

from .redaction import Secret, SecretBytes

#: Bytes read at once, so that a small response comes in one piece.
BUFFER_SIZE = 64 * 1024

#: Bytes of the longest headers that are read, those of interim responses included, about.
MAX_HEAD_SIZE = 256 * 1024

# What would end a request's first line, or a header, before its end.
_NOT_IN_TARGET = re.compile(r"[^\x21-\x7e]")
_NOT_IN_HEADER = re.compile(r"[^\t\x20-\x7e\x80-\xff]")

#: How many interim responses (RFC 9110, section 15.2) are read before the final one.
MAX_INTERIM = 100

#: Bytes that a server must send in a second of waiting for it, at least.
MIN_RATE = 8 * 1024
#: Seconds of waiting over which that is averaged.
RATE_WINDOW = 20.0


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
        self._head_size = 0
        self._is_in_head = True
        self._has_ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._has_ended:
            return None
        count = self._receive(buffer)
        if self._is_in_head:
            # To http.client, the end of the stream is an end of the headers like any other.
            if not count and self._head_size:
                raise IncompleteRead(b"")
            if self._head_size > MAX_HEAD_SIZE:
                raise HTTPException("the headers are too long")
            self._head_size += count or 0
        return count

    def end_headers(self) -> None:
        """Take note that the headers were read, and the body follows."""
        self._is_in_head = False

    def end(self) -> None:
        """Read no more: what follows is no part of the response."""
        self._has_ended = True

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _receive(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            left = self._deadline - monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)


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
        super().end_headers()
        self._deadline = None
        self._sock.settimeout(self._timeout)

    def _receive(self, buffer: Any) -> int | None:
        if self._deadline is not None:
            return super()._receive(buffer)
        began = monotonic()
        count = self._raw.readinto(buffer)
        self._waited += monotonic() - began
        self._received += count or 0
        if self._waited >= RATE_WINDOW:
            if self._received < MIN_RATE * RATE_WINDOW:
                raise TimeoutError("the server is too slow")
            self._waited, self._received = 0.0, 0
        return count


class _Buffer(io.BufferedReader):
    """What was received of one response, and perhaps more."""

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader, BUFFER_SIZE)
        self.reader = reader
        #: Whether more was received than the response has; known when it is closed.
        self.has_rest = False

    def close(self) -> None:
        if not self.closed:
            self.reader.end()
            self.has_rest = bool(self.peek(1))
        super().close()


class Wire:
    """A socket, with a reader of ours for each response."""

    def __init__(self, sock: socket.socket, reader: type[Reader]) -> None:
        self._sock = sock
        self._reader = reader
        self.sendall = sock.sendall
        self.settimeout = sock.settimeout
        self.fileno = sock.fileno
        self.close = sock.close
        # Of a TLS connection: what was received and decrypted, but not yet read.
        self._pending = getattr(sock, "pending", None)

    def makefile(self, mode: str) -> _Buffer:
        self.buffer = _Buffer(self._reader(self._sock))
        return self.buffer

    @property
    def has_more(self) -> bool:
        """Whether there is something to read: data, or the end of the connection."""
        if self._pending is not None and self._pending():
            return True
        return wait_for_read(self._sock, timeout=0)


class Response(HTTPResponse):
    """A final response; the interim ones before it are skipped."""

    def __init__(self, sock: Any, debuglevel: int = 0, method: str | None = None) -> None:
        super().__init__(sock, debuglevel, method)
        self._verb = method

    def begin(self, **options: Any) -> None:
        """Read the headers."""
        super().begin(**options)
        count = 1
        # http.client takes all but 100 for final responses without a body. The final one would
        # then be the response to the next request on the connection.
        while 100 <= self.status < 200 and self.status != SWITCHING_PROTOCOLS:
            if count > MAX_INTERIM:
                raise HTTPException("too many interim responses")
            count += 1
            self.headers = self.msg = cast(Any, None)
            super().begin(**options)
        if self.length == 0:
            # A 204 or 304 has no body, whatever its headers say (RFC 9112, section 6.3).
            self.chunked = False

    @property
    def has_clear_end(self) -> bool:
        """Whether it is certain where the response ends (RFC 9112, section 6.3)."""
        lengths, codings = [], []
        for name, value in self.headers.items():
            match name.lower():
                case "content-length":
                    lengths.append(value)
                case "transfer-encoding":
                    codings.append(value)
        if self.status == SWITCHING_PROTOCOLS:
            return False
        if self._verb == "HEAD" or self.status in (204, 304):
            # Servers exist that send the body all the same.
            return not codings and not any(length.strip() != "0" for length in lengths)
        if codings:
            return not lengths and [coding.strip().lower() for coding in codings] == ["chunked"]
        return len(lengths) == 1 and lengths[0].strip().isdecimal() and lengths[0].isascii()


class Connection:
    """An open connection of a pool.

    :param host: the server, as its requests name it.
    :param via: what stands before the path of each request, and further headers: of a proxy.
    """

    default_port = HTTP_PORT

    def __init__(
        self,
        host: str,
        port: int,
        wire: Wire,
        via: tuple[str, Mapping[str, str]] = ("", {}),
    ) -> None:
        self._wire = wire
        self._base, further = via
        # An IP address with a zone ("%eth0") is named without it, which is of this machine.
        name = host.partition("%")[0]
        name = f"[{name}]" if ":" in name else name.encode("idna").decode()
        if port != self.default_port:
            name = f"{name}:{port}"
        self._headers = {"Host": name, **further}
        #: Whether a request was sent on it before.
        self.was_used = False
        self._process = os.getpid()
        self._is_closed = False
        self._is_sent = True
        self._verb = ""
        self._response: Response | None = None

    @property
    def reader(self) -> Any:
        """What reads the response to the last request; of the class that the pool was given."""
        return self._wire.buffer.reader

    @property
    def is_open(self) -> bool:
        """Whether the connection is open at this end, and was opened by this process.

        After a fork, two processes on one connection would read each other's responses.
        """
        return not self._is_closed and self._process == os.getpid()

    @property
    def is_silent(self) -> bool:
        """Whether the connection is open, and the server has sent nothing that was not read."""
        # A server that has closed its end has something to read: the end.
        return self.is_open and not self._wire.has_more

    @property
    def is_reusable(self) -> bool:
        """Whether the last response has ended, so that the next one is that to the next request."""
        if not self.is_open or not self._is_sent:
            return False
        response = self._response
        return response is None or (
            response.isclosed() and not self._wire.buffer.has_rest and response.has_clear_end
        )

    def send_request(
        self,
        verb: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None = None,
        *,
        timeout: float,
    ) -> None:
        """Send a request, with these headers, ``Host`` and the length of the body, and no others.

        :param target: path and query.
        :param headers: with ``Content-Length`` if the body is not one piece.
        :param timeout: seconds in which the server must take each piece of it.
        :raises InvalidURL: *target* has characters that a URL cannot have.
        :raises ValueError: a header has characters that no header can have.
        """
        if self._is_closed:
            raise ConnectionError("the connection is closed")
        if self._base:
            target = Secret(self._base + target)
        content = body if isinstance(body, bytes) else b""
        head = _head(verb, target, {**self._headers, **headers}, _length(verb, body))
        self._wire.settimeout(timeout)
        self._is_sent = False
        self._verb = verb
        self._wire.sendall(SecretBytes(head + content))
        if body is None or isinstance(body, bytes):
            self._is_sent = True
            return
        for piece in body:
            self._wire.sendall(piece)
        # A server that responds before it has the whole body may take the rest of it for the next
        # request, and respond to that as well.
        self._is_sent = not self._wire.has_more

    def read_response(self, timeout: float) -> HTTPResponse:
        """Return the response to the request that was sent, its body not yet read.

        :param timeout: seconds in which the whole must come, unless the reader has another rule.
        """
        self._wire.settimeout(timeout)
        response = self._response = Response(self._wire, method=self._verb)
        response.begin()
        self._wire.buffer.reader.end_headers()
        if response.will_close:
            # What is still to come of it can be read.
            self._is_closed = True
            self._wire.close()
        return response

    def close(self) -> None:
        """Close the connection. Further calls do nothing."""
        was_closed, self._is_closed = self._is_closed, True
        self._wire.close()
        if not was_closed and self._response is not None:
            self._response.close()


class SecureConnection(Connection):
    """The same over TLS."""

    default_port = HTTPS_PORT


def _length(verb: str, body: bytes | Iterable[bytes] | None) -> int | None:
    """Return the length of a body to declare; ``None`` for no body, and one of several pieces."""
    if body is None:
        return 0 if verb in ("POST", "PUT", "PATCH") else None
    return len(body) if isinstance(body, bytes) else None


def _head(verb: str, target: str, headers: Mapping[str, str], length: int | None) -> SecretBytes:
    """Return the first line and the headers of a request."""
    if _NOT_IN_TARGET.search(target):
        raise InvalidURL("the URL has characters that none can have")
    for name, value in headers.items():
        if _NOT_IN_HEADER.search(value):
            raise ValueError(f"the header {name} has characters that none can have")
    if length is not None and "Content-Length" not in headers:
        headers = {**headers, "Content-Length": str(length)}
    fields = Secret("".join(f"{name}: {value}\r\n" for name, value in headers.items()))
    return SecretBytes(f"{verb} {target} HTTP/1.1\r\n{fields}\r\n".encode("latin-1"))
