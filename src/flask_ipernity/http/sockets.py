"""Sockets that are connected to a server, with one time limit for all that it takes."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPException
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from ..per_process import PerProcess

if TYPE_CHECKING:
    from concurrent.futures import Future

#: An address as ``socket.connect`` takes it, and its family.
Address: TypeAlias = "tuple[socket.AddressFamily, tuple[object, ...]]"


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

    :param timeout: seconds, for the name and all addresses of the host together.
    :raises OSError: there is no connection.
    """
    end = monotonic() + timeout
    return connect(resolve(origin.host.strip("[]"), origin.port, timeout), end)


def connect(addresses: Iterable[Address], end: float) -> socket.socket:
    """Return a socket that is connected to the first of *addresses* that accepts it.

    :param end: when the connection must be there, on the monotonic clock. Each address has an
        equal part of the time that the ones before it have left.
    :raises OSError: there is no connection.
    """
    left = list(addresses)
    problem = OSError("the host has no address")
    while left:
        family, address = left.pop(0)
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(max((end - monotonic()) / (len(left) + 1), 0.001))
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            problem = error
        except BaseException:
            sock.close()
            raise
        else:
            sock.settimeout(max(end - monotonic(), 0.001))
            return sock
    try:
        raise problem
    finally:
        # It holds this frame, which would hold it.
        del problem


def resolve(host: str, port: int, timeout: float) -> list[Address]:
    """Return the addresses of *host*.

    :param timeout: seconds; the operating system has no limit, or one of its own.
    :raises OSError: it has none, or they are not known in time.
    """
    try:
        # Of an IP address, nobody is asked.
        return _addresses(host, port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    question = _ask(host, port)
    try:
        return question.result(timeout)
    except socket.gaierror as error:
        # Several threads may wait for the question, and each needs an error of its own.
        reason = error.args
    raise socket.gaierror(*reason)


#: The names that are being resolved: one that takes long does so in one thread.
_questions: PerProcess[dict[tuple[str, int], Future[list[Address]]]] = PerProcess(dict)


def _ask(host: str, port: int) -> Future[list[Address]]:
    """Resolve a name in a thread, unless one does so already."""
    # Programs that never resolve a name need not import it.
    from concurrent.futures import Future

    questions, name = _questions(), (host, port)
    new: Future[list[Address]] = Future()
    question = questions.setdefault(name, new)
    if question is not new:
        return question

    def answer() -> None:
        try:
            found = _addresses(host, port)
        except BaseException as error:
            questions.pop(name, None)
            new.set_exception(error.with_traceback(None))
        else:
            questions.pop(name, None)
            new.set_result(found)

    try:
        # A daemon: it must not delay the end of the program.
        Thread(target=answer, daemon=True).start()
    except RuntimeError:
        answer()
    return new


def _addresses(host: str, port: int, flags: int = 0) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(entry[0], entry[4]) for entry in found]
