"""A service that answers with exactly the bytes that a test scripts, broken ones included."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

Step = bytes | Callable[[socket.socket], None]


class Request(NamedTuple):
    """A request as it arrived."""

    verb: str
    target: str
    headers: dict[str, str]
    body: bytes


def answer(body: bytes | str, status: str = "200 OK", *headers: str) -> bytes:
    """Return a whole HTTP answer with its length."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def ok(payload: str = '"hello":"hello world!",') -> bytes:
    """Return a good answer of the API."""
    return answer("{" + payload + '"api":{"status":"ok","at":"1700000000"}}')


def error(code: object, message: str = "no") -> bytes:
    """Return an error of the API."""
    return answer(
        f'{{"api":{{"status":"error","at":"1700000000","code":"{code}","message":"{message}"}}}}'
    )


def reset(connection: socket.socket) -> None:
    """Break the connection off with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def drip(data: bytes, pause: float) -> Step:
    """Send *data* a byte at a time."""

    def send(connection: socket.socket) -> None:
        try:
            for position in range(len(data)):
                connection.sendall(data[position : position + 1])
                time.sleep(pause)
        except OSError:
            pass

    return send


def together(number: int, data: bytes) -> Step:
    """Send *data* to *number* requests when all of them have come; keep the connections open."""
    waiting = threading.Barrier(number, timeout=10)

    def send(connection: socket.socket) -> None:
        with suppress(threading.BrokenBarrierError):
            waiting.wait()
            connection.sendall(data)

    send.stays_open = True  # type: ignore[attr-defined]
    return send


class Stub:
    """Answers request number n with step number n, the last one for ever after.

    A step is the bytes to send, or a function that is given the connection.
    After bytes with a ``Connection: close`` header the connection is closed, and after
    a function that does not come from :func:`together`. With *tls* it speaks HTTPS.
    """

    def __init__(self, *steps: Step, tls: ssl.SSLContext | None = None) -> None:
        self.steps = steps
        self._tls = tls
        self.requests: list[Request] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api/"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Stub:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                connection.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection.makefile("rb") as reader:
                while (request := _read(reader)) is not None:
                    with self._lock:
                        number = len(self.requests)
                        self.requests.append(request)
                    step = self.steps[min(number, len(self.steps) - 1)]
                    if callable(step):
                        step(connection)
                    else:
                        connection.sendall(step)
                    if _closes(step):
                        break
        except OSError:
            pass
        finally:
            connection.close()


def _closes(step: Step) -> bool:
    if callable(step):
        return not getattr(step, "stays_open", False)
    return b"connection: close" in step.lower()


def _read(reader: Iterable[bytes]) -> Request | None:
    lines = iter(reader)
    first = next(lines, b"").decode().split()
    if len(first) != 3:
        return None
    headers = {}
    for line in lines:
        name, colon, value = line.decode().partition(":")
        if not colon:
            break
        headers[name.lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
    return Request(first[0], first[1], headers, body)
