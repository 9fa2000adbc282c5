"""Faults of API calls: latency, errors, broken connections and a rate limit."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import NoReturn

from flask import Response, request

from .http_server import CONNECTION_KEY
from .registry import GENERAL_ERRORS, METHOD_INFO, APIError

#: Seconds after which a hanging connection is closed.
HANG_SECONDS = 60

#: Kinds of faults that are a wrong body with HTTP status 200.
WRONG_BODIES = {
    "html": ("text/html", "<!doctype html><title>Ipernity</title><p>Be right back."),
    "list": ("text/plain", "[]"),
    "empty": ("text/plain", ""),
}

#: Kinds of faults that break the connection.
CONNECTION_FAULTS = ("cut", "hang", "reset")


@dataclass(slots=True)
class Fault:
    """A fault of a method (``*``: of every method).

    :param kind: an API error code (1 to 199), an HTTP status (400 to 599), or one of ``html``
        (a page instead of JSON), ``list`` (JSON, but a list), ``empty`` (no body), ``cut`` (half
        a response), ``hang`` (no response), ``reset`` (the connection is reset).
    :param times: how many more times it happens; None for always.
    :param retry_after: seconds; sent as ``Retry-After`` with an HTTP status.
    :raises ValueError: if there is no such method or kind, or the number is below 1.
    """

    method: str
    kind: str
    times: int | None = None
    retry_after: int | None = None

    def __post_init__(self) -> None:
        if self.method != "*" and self.method not in METHOD_INFO:
            raise ValueError(f"A fault for {self.method!r}: it is neither an API method nor '*'.")
        if not (
            self.kind in WRONG_BODIES or self.kind in CONNECTION_FAULTS or _is_number(self.kind)
        ):
            raise ValueError(
                f"A fault of kind {self.kind!r}: write an API error code (1 to 199), an HTTP "
                f"status (400 to 599), or one of {', '.join([*WRONG_BODIES, *CONNECTION_FAULTS])}."
            )
        if self.times is not None and self.times < 1:
            raise ValueError(
                f"A fault that happens {self.times} times: the number must be at least 1."
            )

    @classmethod
    def parse(cls, spec: str) -> Fault:
        """Return the fault written as ``METHOD=KIND`` or ``METHOD=KIND:N``.

        :raises ValueError: if it is written wrongly; the message says how to write it.
        """
        method, equals, rest = spec.partition("=")
        kind, colon, times = rest.partition(":")
        if not equals:
            raise ValueError(f"The fault {spec!r} is not METHOD=KIND or METHOD=KIND:N.")
        if colon and not (times.isascii() and times.isdigit()):
            raise ValueError(f"The fault {spec!r} ends with {times!r}, which is not a number.")
        return cls(method.strip(), kind.strip(), int(times) if colon else None)


def _is_number(kind: str) -> bool:
    """Return whether a kind of fault is an API error code or an HTTP status."""
    number = int(kind) if kind.isascii() and kind.isdigit() else 0
    return 1 <= number <= 199 or 400 <= number <= 599


def _phrase(status: int) -> str:
    """Return the reason phrase of an HTTP status; "Error" if it has none."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


class FaultInjector:
    """Decides for each API call whether and how it fails.

    :param latency: milliseconds added to each call.
    :param rate: calls accepted in a second; None for no limit.
    """

    def __init__(self, latency: float, rate: int | None) -> None:
        if not latency >= 0:  # also what is no number
            raise ValueError(f"A latency of {latency} ms: it must not be negative.")
        if rate is not None and rate < 1:
            raise ValueError(f"A rate of {rate} calls a second: it must be at least 1.")
        self.latency = latency
        self.rate = rate
        self.faults: list[Fault] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._answered: deque[float] = deque(maxlen=rate)

    def respond(self, method: str) -> Response | None:
        """Wait for the latency; return the faulty response to a call, or None if it has no fault.

        :raises APIError: if the fault is an API error, or the rate is exceeded.
        """
        if self.latency:
            self.stopping.wait(self.latency / 1000)
        self._limit()
        fault = self._next(method)
        if fault is None:
            return None
        if fault.kind in WRONG_BODIES:
            mimetype, body = WRONG_BODIES[fault.kind]
            return Response(body, mimetype=mimetype)
        if fault.kind in CONNECTION_FAULTS:
            return _breaking_response(fault.kind, request.environ[CONNECTION_KEY])
        number = int(fault.kind)
        if number < 400:
            own = METHOD_INFO[method].errors if method in METHOD_INFO else {}
            raise APIError(
                number, own.get(fault.kind) or GENERAL_ERRORS.get(number) or "Sandbox fault"
            )
        title = f"{number} {_phrase(number)}"
        response = Response(f"<h1>{title}</h1>", number, mimetype="text/html")
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response

    def _limit(self) -> None:
        """Check that the rate is not exceeded.

        :raises APIError: 113 if it is.
        """
        if self.rate is None:
            return
        now = time.monotonic()
        with self._lock:
            if len(self._answered) == self.rate and now - self._answered[0] < 1:
                raise APIError(113, "Too many requests from your address: limit per second reached")
            self._answered.append(now)

    def _next(self, method: str) -> Fault | None:
        """Return the first fault that applies to a method, and count it."""
        with self._lock:
            for fault in self.faults:
                if fault.method in (method, "*"):
                    if fault.times is not None:
                        fault.times -= 1
                        if not fault.times:
                            self.faults.remove(fault)
                    return fault
        return None


def _breaking_response(kind: str, connection: socket.socket) -> Response:
    """Return a response that breaks its connection while it is sent."""
    if kind == "cut":
        response = Response('{"docs":{"total":"12","per_page":', mimetype="text/plain")
        response.headers["Content-Length"] = "4000"
        return response
    return Response(map(_hang if kind == "hang" else _reset, [connection]))


def _hang(connection: socket.socket) -> NoReturn:
    """Send nothing until the client disconnects or the server stops."""
    connection.settimeout(HANG_SECONDS)
    with suppress(OSError):
        connection.recv(1)
    raise ConnectionAbortedError


def _reset(connection: socket.socket) -> NoReturn:
    """Close the connection with a RST instead of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # connection.close() would wait for the handler's files, and end the connection in order
    socket.close(connection.detach())
    raise ConnectionResetError
