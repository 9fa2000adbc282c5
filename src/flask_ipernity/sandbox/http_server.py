"""A threaded WSGI server that keeps connections open.

Werkzeug's own server closes the connection after each response; the service and its clients do
not, so the handling of a request is replaced here. The rest is Werkzeug's.
"""

from __future__ import annotations

import io
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIApplication

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

logger = logging.getLogger("flask_ipernity.sandbox")

#: How much of an unread request body is read to keep the connection open, in bytes.
DRAIN_LIMIT = 1 << 20


#: Key of the WSGI environment under which faults find the socket that they break.
CONNECTION_KEY = "flask_ipernity.sandbox.connection"


class BodyStream(io.RawIOBase):
    """The body of one request; ends after Content-Length bytes, where the next request begins."""

    def __init__(self, source: io.BufferedIOBase, length: int) -> None:
        self._source = source
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._source.read(min(len(buffer), self._left))
        if not data and self._left and len(buffer):
            # An incomplete body must not look complete.
            raise ClientDisconnected
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)


class ResponseWriter:
    """Writes one response; headers and first bytes leave in one packet."""

    def __init__(self, handler: KeepAliveHandler) -> None:
        self._handler = handler
        self._head: bytes | None = None
        self._chunked = False
        self._left: int | None = None
        self.status = ""

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], None]:
        """Take status and headers, as WSGI's ``start_response``."""
        handler = self._handler
        known = {name.lower(): value for name, value in headers}
        bodiless = handler.command == "HEAD" or status[:3] in ("204", "304")
        if bodiless:
            self._left = 0
        elif "content-length" in known:
            self._left = int(known["content-length"])
        elif handler.request_version == "HTTP/1.1":
            self._chunked = True
            headers = [*headers, ("Transfer-Encoding", "chunked")]
        else:
            handler.close_connection = True
        if "date" not in known:
            headers = [*headers, ("Date", handler.date_time_string())]
        state = "close" if handler.close_connection else "keep-alive"
        headers = [*headers, ("Connection", state)]
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        self.status = status
        self._head = f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1")
        return self.send

    def send(self, data: bytes) -> None:
        """Send a part of the body, after the headers if they have not been sent."""
        if self._left is not None:
            self._left -= len(data)
        if self._chunked and data:
            data = b"%x\r\n%s\r\n" % (len(data), data)
        head, self._head = self._head or b"", None
        self._handler.wfile.write(head + data)

    def finish(self) -> None:
        """End the response; close the connection if the body is shorter than announced."""
        if self._chunked:
            self._handler.wfile.write((self._head or b"") + b"0\r\n\r\n")
        elif self._head is not None:
            self.send(b"")
        if self._left:
            self._handler.close_connection = True


class KeepAliveHandler(WSGIRequestHandler):
    """Speaks HTTP/1.1 on one connection until one side closes it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Respond to one request."""
        length = self.headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,15}", length):
            self.send_error(400)
            return
        self.environ = environ = self.make_environ()
        environ[CONNECTION_KEY] = self.connection
        if "wsgi.input_terminated" not in environ:
            environ["wsgi.input"] = BodyStream(self.rfile, int(length))
            environ["wsgi.input_terminated"] = True
        response = ResponseWriter(self)
        try:
            chunks = self.server.app(environ, cast(StartResponse, response.start))
            try:
                for chunk in chunks:
                    if chunk:
                        response.send(chunk)
                response.finish()
            finally:
                if close := getattr(chunks, "close", None):
                    close()
            self._drain(environ["wsgi.input"])
        except (OSError, ClientDisconnected):
            # The client has disconnected, or a fault breaks the connection.
            self.close_connection = True
        # A query may contain tokens and signatures, a media path contains the file's secret.
        path = re.sub(r"(/\d+)\.[0-9a-f]{8}\.", r"\1.….", self.path.partition("?")[0])
        logger.debug("%s %s: %s", self.command, path, response.status or "no response")

    def _drain(self, body: io.RawIOBase) -> None:
        """Read the unread rest of a request, or close the connection if it is too long."""
        left = DRAIN_LIMIT
        while left > 0:
            data = body.read(1 << 16)
            if not data:
                return
            left -= len(data)
        self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:
        """Log without the message, which may quote a request line with a token in it."""
        logger.debug("A request was malformed.")


def bind(host: str, ports: Iterable[int]) -> list[socket.socket]:
    """Return a listening socket for each port.

    :raises OSError: if one port is taken; all sockets are closed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound: list[socket.socket] = []
    try:
        for port in ports:
            bound.append(socket.create_server((host, port), family=family, backlog=128))
    except OSError:
        for one in bound:
            one.close()
        raise
    return bound


class BackgroundServer(ThreadedWSGIServer):
    """Serves an application on a bound socket in the background, until :meth:`stop`."""

    def __init__(self, bound: socket.socket, app: WSGIApplication) -> None:
        host, port = bound.getsockname()[:2]
        super().__init__(host, port, app, KeepAliveHandler, fd=bound.fileno())
        bound.close()
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._closed = threading.Condition()
        self._thread = threading.Thread(
            target=self.serve_forever,
            args=(0.05,),
            name=f"ipernity-sandbox:{self.port}",
            daemon=True,
        )
        self._thread.start()

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, count it, and keep it for :meth:`stop`."""
        connection, address = super().get_request()
        with self._closed:
            self.connections += 1
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        super().shutdown_request(request)
        with self._closed:
            self._open.discard(request)
            self._closed.notify_all()

    def stop(self) -> None:
        """Stop listening, close all connections, and wait for their handlers."""
        with suppress(OSError):
            # Wakes the thread at once on systems that support it, otherwise at its next poll.
            self.socket.shutdown(socket.SHUT_RDWR)
        self.shutdown()
        self._thread.join()
        with self._closed:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._closed.wait_for(lambda: not self._open, timeout=2)
