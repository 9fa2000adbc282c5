"""Sends calls and brings back answers: pool, time-outs, retries, decoding.

No redirects, no proxies from the environment, no netrc, no content decoding.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http.client import HTTP_PORT, HTTPS_PORT, HTTPException, HTTPResponse
from random import uniform
from socket import gaierror
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

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._pool.close()

    def send(
        self, method: str, params: Mapping[str, str], *, body: RequestBody | None, repeat: bool
    ) -> dict[str, Any]:
        """Send one call and return its decoded answer.

        :param method: the API method.
        :param params: what goes into the query; empty when *body* carries it.
        :param body: what is POSTed; without it, the call is a GET.
        :param repeat: whether it does no harm to send the call again.
        :raises ServiceError: there is no usable answer.
        :raises QuotaExceeded: HTTP 429.
        """
        target = f"{self._path}{method}/json"
        if params:
            target += "?" + urlencode(params)
        end = monotonic() + self._total
        tries_left = self._retries if repeat else 0
        while isinstance(outcome := self._try(method, target, body, end), _Failure):
            pause = outcome.pause(self._retries - tries_left)
            if not tries_left or pause is None or monotonic() + pause >= end:
                try:
                    raise outcome.error
                finally:
                    # It holds the error, which holds this frame: neither would be freed.
                    del outcome
            tries_left -= 1
            sleep(pause)
        return outcome

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
