"""Sends calls and brings back answers: pool, time-outs, retries, decoding.

No redirects, no proxies from the environment, no netrc, no content decoding.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from queue import SimpleQueue
from random import uniform
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic, sleep
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit
from weakref import WeakSet

from urllib3 import Retry
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidHeader,
    NameResolutionError,
    NewConnectionError,
)

from ..errors import BadAnswer, QuotaExceeded, ServiceError, ServiceTimeout, ServiceUnavailableError
from ..http.redaction import quiet
from .connections import Connections, answer_of, ask

#: Longest answer that is read, in bytes.
MAX_ANSWER = 32 * 1024 * 1024

_PAUSE = 0.2
_AGAIN = frozenset({429, 502, 503, 504})

# Seconds in which the connection must take each piece of a file.
_STALL = 30.0


class Reply(NamedTuple):
    """The answer to a call."""

    #: The decoded JSON.
    answer: dict[str, Any]
    #: How often the call was sent, retries included.
    tries: int


class Prefetched:
    """A reply that a thread is fetching, or has fetched. See :meth:`Transport.prefetch`.

    It belongs to one request, and can be taken once.

    :param method: the API method of the request.
    :param params: its signed parameters.
    """

    def __init__(self, method: str, params: Mapping[str, str]) -> None:
        self.method = method
        self.params = dict(params)
        self._outcome: SimpleQueue[Reply | BaseException] = SimpleQueue()
        self._taken = Lock()

    def set(self, outcome: Reply | BaseException) -> None:
        """Let :meth:`take` return a reply, or raise an error."""
        self._outcome.put(outcome)

    def take(self, method: str, params: Mapping[str, str]) -> Reply | None:
        """Return the reply to a request, or raise its error, as soon as it is there.

        Return ``None`` if it belongs to another request, or was taken before.
        """
        same = self.method == method and self.params == params
        if not same or not self._taken.acquire(blocking=False):
            return None
        outcome = self._outcome.get()
        if isinstance(outcome, Reply):
            return outcome
        try:
            raise outcome
        finally:
            # It holds this frame, which would hold it.
            del outcome


class RequestBody(NamedTuple):
    """What a POST carries.

    ``patience``: seconds in which the answer must come, counted from when all
    is sent; sending may take as long as it takes. ``None``: as for other calls.
    """

    content: bytes | Iterable[bytes]
    headers: Mapping[str, str]
    patience: float | None = None


class _Failure(NamedTuple):
    """A try that failed: with what, and whether another may help."""

    error: ServiceError | QuotaExceeded
    again: bool = False
    retry_after: float | None = None

    def pause(self, done: int) -> float | None:
        """Return the seconds to wait after *done* further tries, ``None`` for ever."""
        if not self.again:
            return None
        if self.retry_after is not None:
            return self.retry_after
        return uniform(_PAUSE / 2, _PAUSE) * float(2**done)


class Transport:
    """The connections to one address of the API.

    Safe to share between threads and API objects, which is its purpose. A
    child process that inherits it starts with connections of its own.

    :param url: the address of the API; methods are looked up below it.
    :param timeout: seconds to connect, and seconds in which the whole answer
        must have come, all tries together; one number sets both.
    :param retries: further tries of a call that may be repeated.
    :param pool_size: connections kept open.
    :param user_agent: how the client names itself.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float | tuple[float, float] = (5, 15),
        retries: int = 2,
        pool_size: int = 16,
        user_agent: str = "Flask-Ipernity",
    ) -> None:
        parts = urlsplit(url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path.rstrip("/") + "/"
        self._connect, self._total = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        self._retries = retries
        self.pool_size = pool_size
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        self.reset()
        _transports.add(self)

    def reset(self) -> None:
        """Forget all connections without closing them, and all prefetched replies."""
        self._connections = Connections(self._origin, self.pool_size)
        self._prefetching = BoundedSemaphore(self.pool_size)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._connections.close()

    def send(
        self, method: str, params: Mapping[str, str], *, body: RequestBody | None, repeat: bool
    ) -> Reply:
        """Send one call and return the reply.

        :param method: the API method.
        :param params: what goes into the query; empty when *body* carries it.
        :param body: what is POSTed; without it, the call is a GET.
        :param repeat: whether it does no harm to send the call again.
        :raises ServiceError: there is no usable answer; ``tries`` is set, here and below.
        :raises QuotaExceeded: HTTP 429.
        """
        target = f"{self._path}{method}/json"
        if params:
            target += "?" + urlencode(params)
        end = monotonic() + self._total
        max_tries = 1 + self._retries if repeat else 1
        tries = 1
        while isinstance(outcome := self._try(method, target, body, end), _Failure):
            pause = outcome.pause(tries - 1)
            if tries == max_tries or pause is None or monotonic() + pause >= end:
                outcome.error.tries = tries
                try:
                    raise outcome.error
                finally:
                    # It holds the error, which holds this frame: neither would be freed.
                    del outcome
            tries += 1
            sleep(pause)
        return Reply(outcome, tries)

    def prefetch(self, method: str, params: Mapping[str, str]) -> Prefetched | None:
        """Send a GET request in a thread of its own; whoever sends the same can take the reply.

        At most as many are sent at once as the pool has connections. Beyond that, and where no
        thread can be started, return ``None``.

        :param method: the API method.
        :param params: its signed parameters.
        """
        prefetching = self._prefetching
        if not prefetching.acquire(blocking=False):
            return None
        prefetched = Prefetched(method, params)
        try:
            # A daemon: it must not delay the end of the program.
            Thread(target=self._fetch, args=(prefetched, prefetching), daemon=True).start()
        except RuntimeError:
            prefetching.release()
            return None
        return prefetched

    def _fetch(self, prefetched: Prefetched, prefetching: BoundedSemaphore) -> None:
        outcome: Reply | BaseException
        try:
            outcome = self.send(prefetched.method, prefetched.params, body=None, repeat=True)
        except BaseException as error:
            outcome = error
        prefetching.release()
        prefetched.set(outcome)

    def _try(
        self, method: str, target: str, body: RequestBody | None, end: float
    ) -> dict[str, Any] | _Failure:
        # Errors are returned, not raised in here: an error raised while one of
        # urllib3's is being handled would carry that one, with the URL and so
        # the token in its text, as its context.
        connection = self._connections.take()
        try:
            if connection.is_closed:
                connection.timeout = min(self._connect, _left(end))
                connection.connect()
            patience = body.patience if body else None
            connection.timeout = _STALL if patience is not None else _left(end)
            # A service that refuses a file may answer before it has read it all.
            with suppress(BrokenPipeError):
                ask(
                    connection,
                    "POST" if body else "GET",
                    target,
                    body.content if body else None,
                    {**self._headers, **body.headers} if body else self._headers,
                )
            if patience is not None:
                connection.timeout = max(self._total, patience)
            response = answer_of(connection)
            content = _read(response)
        except (HTTPError, HTTPException, OSError) as error:
            connection.close()
            return _Failure(_connection_error(method, error), again=True)
        except BaseException:
            connection.close()
            raise
        if content is None:
            connection.close()
            return _Failure(BadAnswer(f"the answer is longer than {MAX_ANSWER} bytes", method))
        self._connections.keep(connection)
        return _answer(method, response, content)


def _left(end: float) -> float:
    """Return the seconds until *end*, and a little when there are none."""
    return max(end - monotonic(), 0.001)


_transports: WeakSet[Transport] = WeakSet()


def _after_fork() -> None:
    # Two processes on one connection would read each other's answers.
    for transport in _transports:
        transport.reset()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

quiet("urllib3.connection", "urllib3.connectionpool")


def _read(response: HTTPResponse) -> bytes | None:
    """Return the body, or ``None`` when it is too long."""
    if (response.length or 0) > MAX_ANSWER:
        return None
    if response.length is not None:
        # Unlike a read of so many bytes, this raises when the body is cut off.
        return response.read()
    pieces, size = [], 0
    while piece := response.read(65536):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_ANSWER:
            return None
    return b"".join(pieces)


def _answer(method: str, response: HTTPResponse, content: bytes) -> dict[str, Any] | _Failure:
    """Return the decoded answer, or the failure that it amounts to."""
    status = response.status
    if status == 429 or status >= 500:
        wait = retry_after(response.headers.get("Retry-After"))
        error: QuotaExceeded | ServiceUnavailableError
        if status == 429:
            error = QuotaExceeded("httperror", status, "too many requests", method)
        else:
            error = ServiceUnavailableError(f"Ipernity answered HTTP {status}", method)
        error.retry_after = wait
        return _Failure(error, status in _AGAIN, wait)
    if status != 200:
        return _Failure(BadAnswer(f"Ipernity answered HTTP {status}", method))
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return _Failure(BadAnswer("the answer is encoded, which nobody asked for", method))
    try:
        # JSON comes as text/plain, so its type says nothing.
        answer = _decoder.decode(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _Failure(BadAnswer("the answer is not JSON", method))
    if not isinstance(answer, dict) or not isinstance(answer.get("api"), dict):
        return _Failure(BadAnswer("the answer has not the shape of one", method))
    return answer


def _refuse(constant: str) -> None:
    raise ValueError(constant)


_decoder = json.JSONDecoder(parse_constant=_refuse)


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` header tells to wait, if it tells any."""
    try:
        return max(0.0, Retry().parse_retry_after(value)) if value else None
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _connection_error(method: str, error: Exception) -> ServiceError:
    """Return the error of ours for one of urllib3's, with a cause that holds no URL."""
    failure: ServiceError
    match error:
        case NameResolutionError():
            failure = ServiceUnavailableError("the name of the service cannot be resolved", method)
        case NewConnectionError():
            failure = ServiceUnavailableError("no connection to the service", method)
        case ConnectTimeoutError():
            failure = ServiceTimeout("the service did not accept a connection in time", method)
        case TimeoutError():
            failure = ServiceTimeout("the service did not answer in time", method)
        case _:
            failure = ServiceUnavailableError("the connection to the service broke", method)
    failure.__cause__ = _root(error)
    return failure


def _root(error: BaseException) -> BaseException | None:
    """Return the operating system's error at the bottom of *error*, stripped bare."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError):
            bare = seen.with_traceback(None)
            bare.__cause__ = bare.__context__ = None
            return bare
        inner = [arg for arg in seen.args if isinstance(arg, BaseException)]
        seen = seen.__cause__ or seen.__context__ or (inner[0] if inner else None)
    return None
