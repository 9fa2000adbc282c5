"""Sends calls and brings back answers: pool, time-outs, retries, decoding.

No redirects, no proxies from the environment, no netrc, no content decoding.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.client import HTTP_PORT, HTTPS_PORT, HTTPException, HTTPResponse
from queue import SimpleQueue
from random import uniform
from socket import gaierror
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic, sleep
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from ..errors import BadAnswer, QuotaExceeded, ServiceError, ServiceTimeout, ServiceUnavailableError
from ..http.pool import ConnectError, Origin, Pool
from ..http.retry_after import parse_retry_after

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
        self._process = os.getpid()

    def set(self, outcome: Reply | BaseException) -> None:
        """Let :meth:`take` return a reply, or raise an error."""
        self._outcome.put(outcome)

    def take(self, method: str, params: Mapping[str, str]) -> Reply | None:
        """Return the reply to a request, or raise its error, as soon as it is there.

        Return ``None`` if it belongs to another request, was taken before, or is fetched by the
        process from which this one was forked.
        """
        same = self.method == method and self.params == params and self._process == os.getpid()
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
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not an http or https URL")
        usual = HTTPS_PORT if parts.scheme == "https" else HTTP_PORT
        port = usual if parts.port is None else parts.port
        self._origin = Origin(parts.scheme, parts.hostname, port)
        self._path = parts.path.rstrip("/") + "/"
        self._connect, self._total = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        self._retries = retries
        self.pool_size = pool_size
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        self._pool = Pool(pool_size)
        self._prefetching = BoundedSemaphore(pool_size)
        self._process = os.getpid()

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.close()

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
        if self._process != os.getpid():
            # The threads that would release the semaphore of the parent process are not here.
            self._prefetching = BoundedSemaphore(self.pool_size)
            self._process = os.getpid()
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
        # the connection's is being handled would carry that one as its context,
        # and its text may hold the URL and so the token.
        try:
            connection = self._pool.take(self._origin, min(self._connect, _left(end)))
        except (HTTPException, OSError) as error:
            return _Failure(_connection_error(method, error), again=True)
        patience = body.patience if body else None
        try:
            # A service that refuses a file may answer before it has read it all.
            with suppress(BrokenPipeError):
                connection.send_request(
                    "POST" if body else "GET",
                    target,
                    {**self._headers, **body.headers} if body else self._headers,
                    body.content if body else None,
                    timeout=_left(end) if patience is None else _STALL,
                )
            response = connection.read_response(
                _left(end) if patience is None else max(self._total, patience)
            )
            content = _read(response)
        except (HTTPException, OSError) as error:
            connection.close()
            return _Failure(_connection_error(method, error), again=True)
        except BaseException:
            connection.close()
            raise
        if content is None:
            connection.close()
            return _Failure(BadAnswer(f"the answer is longer than {MAX_ANSWER} bytes", method))
        self._pool.keep(self._origin, connection)
        return _answer(method, response, content)


def _left(end: float) -> float:
    """Return the seconds until *end*, and a little when there are none."""
    return max(end - monotonic(), 0.001)


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
        wait = parse_retry_after(response.headers.get("Retry-After"))
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


def _connection_error(method: str, error: Exception) -> ServiceError:
    """Return the error of ours for one of the connection's, with a cause that holds no URL."""
    failure: ServiceError
    match error:
        case ConnectError(args=[gaierror() | UnicodeError()]):
            failure = ServiceUnavailableError("the name of the service cannot be resolved", method)
        case ConnectError(args=[TimeoutError()]):
            failure = ServiceTimeout("the service did not accept a connection in time", method)
        case ConnectError():
            failure = ServiceUnavailableError("no connection to the service", method)
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
