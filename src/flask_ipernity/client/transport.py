"""Send calls by HTTP, and decode the responses: connections, time-outs and retries.

It follows no redirects, and uses no proxy but the one it is given, no netrc file and no content
encodings.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.client import (
    HTTP_PORT,
    HTTPS_PORT,
    METHOD_NOT_ALLOWED,
    HTTPException,
    HTTPResponse,
)
from queue import SimpleQueue
from random import uniform
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic, sleep
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from ..errors import BadAnswer, QuotaExceeded, ServiceError, ServiceUnavailableError
from ..http.forward_proxy import ForwardProxy
from ..http.pool import Pool
from ..http.redaction import Secret
from ..http.retry_after import parse_retry_after
from ..http.sockets import Origin
from ..per_process import PerProcess
from .connection_errors import connection_error
from .values import decode

#: Bytes of the longest response that is read, unless more is asked for: twenty times the longest
#: page of a list. What it is decoded to may take forty times as much.
MAX_RESPONSE_SIZE = 4 * 1024 * 1024

# Seconds before the first retry; each further delay is twice as long.
_RETRY_DELAY = 0.2

_NOT_BY_POST = (
    "Ipernity does not take this call by POST (HTTP 405). Calls with a token go by POST only:"
    " a token in a URL is read by proxies, and by programs that watch for errors"
)

_RETRY_STATUSES = frozenset({429, 502, 503, 504})

# Seconds in which the connection must take each piece of a file.
_SEND_TIMEOUT = 30.0


class Reply(NamedTuple):
    """The answer to a call."""

    #: The decoded JSON.
    answer: dict[str, Any]
    #: How often the call was sent, retries included.
    tries: int
    #: The length of the answer, in bytes.
    size: int = 0


class Prefetched:
    """A reply that a thread is fetching, or has fetched. See :meth:`.IpernityAPI.prefetch`.

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
    """The body of a POST request."""

    content: bytes | Iterable[bytes]
    headers: Mapping[str, str]
    #: Seconds in which the response must come after the body is sent, which may then take any
    #: time. ``None``: sending and response share the time-out of the transport.
    response_timeout: float | None = None


class _FailedTry(NamedTuple):
    """A try that failed."""

    error: ServiceError | QuotaExceeded
    #: Whether another try may succeed.
    may_retry: bool = False
    #: Seconds to wait before that, where the service has named them.
    retry_after: float | None = None

    def delay(self, retries: int) -> float | None:
        """Return the seconds to wait after so many retries; ``None`` if another is of no use."""
        if not self.may_retry:
            return None
        if self.retry_after is not None:
            return self.retry_after
        return uniform(_RETRY_DELAY / 2, _RETRY_DELAY) * float(2**retries)


class Transport:
    """The connections to the API at one URL.

    It is safe to share between threads and API objects. A child process that inherits it starts
    with new connections.

    :param url: the URL of the API; the URLs of the methods start with it.
    :param timeout: seconds to connect, and seconds in which the whole response
        must have come, all tries together; one number sets both.
    :param retries: how often a call that may be repeated is sent again after a failure.
    :param pool_size: how many connections are kept open.
    :param user_agent: the value of the ``User-Agent`` header.
    :param proxy: the URL of an HTTP proxy through which the service is reached, such as
        ``http://user:password@proxy.example:3128``.
    :param max_response_size: bytes of the longest response that is read; by default 4 MiB.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float | tuple[float, float] = (5, 15),
        retries: int = 2,
        pool_size: int = 16,
        user_agent: str = "Flask-Ipernity",
        max_response_size: int | None = None,
        proxy: str | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not an http or https URL")
        usual = HTTPS_PORT if parts.scheme == "https" else HTTP_PORT
        port = usual if parts.port is None else parts.port
        self._origin = Origin(parts.scheme, parts.hostname, port)
        self._path = parts.path.rstrip("/") + "/"
        connect, total = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        self._connect_timeout, self._total_timeout = connect, total
        self._retries = retries
        self._max_response_size = max_response_size or MAX_RESPONSE_SIZE
        self.pool_size = pool_size
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        self._pool = Pool(pool_size, proxy=None if proxy is None else ForwardProxy(proxy))
        # The threads that would release that of another process are not in this one.
        self._prefetching = PerProcess(lambda: BoundedSemaphore(pool_size))

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.close()

    def send(
        self, method: str, params: Mapping[str, str], *, body: RequestBody | None, retry: bool
    ) -> Reply:
        """Send one call and return the reply.

        :param method: the API method.
        :param params: the parameters, for the query; ignored if there is a *body*, which has them.
        :param body: the body of a POST request; without it, the request is a GET.
        :param retry: whether to send it again after a failure that may pass.
        :raises ServiceError: there is no usable answer; ``tries`` is set, here and below.
        :raises QuotaExceeded: HTTP 429.
        """
        target = f"{self._path}{method}/json"
        if body is None:
            target = Secret(f"{target}?{urlencode(params)}")
        end = monotonic() + self._total_timeout
        max_tries = 1 + self._retries if retry else 1
        tries = 1
        while isinstance(outcome := self._try(method, target, body, end), _FailedTry):
            delay = outcome.delay(tries - 1)
            if tries == max_tries or delay is None or monotonic() + delay >= end:
                outcome.error.tries = tries
                try:
                    raise outcome.error
                finally:
                    # It holds the error, which holds this frame: neither would be freed.
                    del outcome
            tries += 1
            sleep(delay)
        return outcome._replace(tries=tries)

    def prefetch(
        self, method: str, params: Mapping[str, str], body: RequestBody | None = None
    ) -> Prefetched | None:
        """Send a request in another thread, and return its reply, which may still be to come.

        As many can be on their way at once as the pool has connections. Return ``None`` if there
        are as many already, or if no thread can be started.

        :param method: the API method.
        :param params: its signed parameters.
        :param body: as for :meth:`send`.
        """
        prefetching = self._prefetching()
        if not prefetching.acquire(blocking=False):
            return None
        prefetched = Prefetched(method, params)
        try:
            # A daemon: it must not delay the end of the program.
            Thread(target=self._fetch, args=(prefetched, body, prefetching), daemon=True).start()
        except RuntimeError:
            prefetching.release()
            return None
        return prefetched

    def _fetch(
        self, prefetched: Prefetched, body: RequestBody | None, prefetching: BoundedSemaphore
    ) -> None:
        outcome: Reply | BaseException
        try:
            outcome = self.send(prefetched.method, prefetched.params, body=body, retry=True)
        except BaseException as error:
            outcome = error
        prefetching.release()
        prefetched.set(outcome)

    def _try(
        self, method: str, target: str, body: RequestBody | None, end: float
    ) -> Reply | _FailedTry:
        # Errors are returned, not raised in here: an error raised while one of
        # the connection's is being handled would carry that one as its context,
        # and its text may hold the URL and so the token.
        time_left = _time_left(end)
        try:
            connection = self._pool.take(self._origin, min(self._connect_timeout, time_left))
        except (HTTPException, OSError) as error:
            return _FailedTry(connection_error(method, error), may_retry=True)
        response_timeout = body.response_timeout if body else None
        try:
            # A service that refuses a file may answer before it has read it all.
            with suppress(BrokenPipeError):
                connection.send_request(
                    "POST" if body else "GET",
                    target,
                    {**self._headers, **body.headers} if body else self._headers,
                    body.content if body else None,
                    timeout=time_left if response_timeout is None else _SEND_TIMEOUT,
                )
            response = connection.read_response(
                _time_left(end)
                if response_timeout is None
                else max(self._total_timeout, response_timeout)
            )
            content = _read(response, self._max_response_size)
        except (HTTPException, OSError) as error:
            connection.close()
            return _FailedTry(connection_error(method, error), may_retry=True)
        except BaseException:
            connection.close()
            raise
        if content is None:
            connection.close()
            text = f"the response is longer than {self._max_response_size} bytes"
            return _FailedTry(BadAnswer(text, method))
        self._pool.keep(self._origin, connection)
        if response.status == METHOD_NOT_ALLOWED and body is not None:
            return _FailedTry(BadAnswer(_NOT_BY_POST, method))
        return _decode(method, response, content)


def _time_left(end: float) -> float:
    """Return the seconds until *end*, but never 0, which would mean no time-out."""
    return max(end - monotonic(), 0.001)


def _read(response: HTTPResponse, limit: int) -> bytes | None:
    """Return the body, or ``None`` when it is longer than *limit*."""
    if (response.length or 0) > limit:
        return None
    if response.length is not None:
        # Unlike a read of so many bytes, this raises when the body is cut off.
        return response.read()
    pieces, size = [], 0
    while piece := response.read(65536):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return None
    return b"".join(pieces)


def _decode(method: str, response: HTTPResponse, content: bytes) -> Reply | _FailedTry:
    """Return the answer in a response, or why it has none."""
    status = response.status
    if status == 429 or status >= 500:
        wait = parse_retry_after(response.headers.get("Retry-After"))
        error: QuotaExceeded | ServiceUnavailableError
        if status == 429:
            error = QuotaExceeded("httperror", status, "too many requests", method)
        else:
            error = ServiceUnavailableError(f"Ipernity answered HTTP {status}", method)
        error.retry_after = wait
        return _FailedTry(error, status in _RETRY_STATUSES, wait)
    if status != 200:
        return _FailedTry(BadAnswer(f"Ipernity answered HTTP {status}", method))
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return _FailedTry(BadAnswer("the response has a content encoding", method))
    try:
        # JSON comes as text/plain, so its type says nothing.
        answer = decode(content.decode("utf-8-sig"))
    except ValueError:
        return _FailedTry(BadAnswer("the answer is not JSON", method))
    if not isinstance(answer, dict) or not isinstance(answer.get("api"), dict):
        return _FailedTry(BadAnswer("the answer is no object with the key api", method))
    return Reply(answer, tries=1, size=len(content))
