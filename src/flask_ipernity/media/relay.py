"""Fetches media from an allowed host, and hands the body on as it comes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as AnyTimeout

from ..errors import ServiceError, ServiceTimeout, ServiceUnavailableError
from .connections import Pool
from .hosts import MediaURL

#: Bytes that are asked of the socket at once: what is there is passed on without
#: waiting for more, and when much is there, few calls are needed.
PIECE = 256 * 1024


class SourceResponse:
    """The answer of a media host, its body not yet read.

    :param response: the answer.
    :param give_back: takes the connection when the answer was read to its end.
    """

    def __init__(
        self,
        response: HTTPResponse,
        connection: HTTPConnection,
        give_back: Callable[[HTTPConnection], None],
    ) -> None:
        self.status = response.status
        self.headers = response.headers
        self._response = response
        self._connection: HTTPConnection | None = connection
        self._give_back = give_back

    def read(self) -> bytes:
        """Return the next piece of the body as soon as there is one; nothing at the end.

        :raises ServiceError: the source breaks off, or is too slow.
        """
        try:
            return self._response.read1(PIECE, decode_content=False)
        except HTTPError as error:
            is_slow = isinstance(error, AnyTimeout)
        if is_slow:
            raise ServiceTimeout("the media host became too slow")
        raise ServiceUnavailableError("the media host broke off")

    def close(self) -> None:
        """Be done with it. A connection whose answer was not read to its end is closed."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._response.length_remaining == 0:
            # nothing to come: HEAD, 304, or an empty file
            self._response.drain_conn()
        if self._response.isclosed():
            self._give_back(connection)
        else:
            self._response.close()
            connection.close()


class Relay:
    """The connections to the hosts of the media.

    One for an application, shared by its threads. A process that was forked
    starts with connections of its own.

    :param timeout: seconds to connect; seconds to the end of the headers, and
        between two pieces of the body.
    :param pool_size: connections kept per host.
    :param user_agent: how we name ourselves.
    """

    def __init__(self, timeout: tuple[float, float], pool_size: int, user_agent: str) -> None:
        self._connect_timeout, self._read_timeout = timeout
        self._pool_size = pool_size
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        self._pool = Pool(pool_size)
        self._process = os.getpid()

    def open(
        self, address: MediaURL, *, head: bool = False, headers: Mapping[str, str] | None = None
    ) -> SourceResponse:
        """Ask for the file at *address* and return the source's answer.

        :param headers: what is sent besides our own name.
        :raises ServiceError: there is no answer.
        """
        if os.getpid() != self._process:
            self._pool, self._process = Pool(self._pool_size), os.getpid()
        pool, method = self._pool, "HEAD" if head else "GET"
        sent = {**self._headers, **(headers or {})}
        while True:
            connection, was_used = pool.take(address.place)
            try:
                if connection.is_closed:
                    connection.timeout = self._connect_timeout
                    connection.connect()
                connection.timeout = self._read_timeout
                connection.request(
                    method,
                    address.target,
                    headers=sent,
                    preload_content=False,
                    decode_content=False,
                )
                response = connection.getresponse()
                return SourceResponse(response, connection, partial(pool.keep, address.place))
            except (HTTPError, HTTPException, OSError) as error:
                connection.close()
                failure = _failure(error)
                # The source may have closed a kept connection just now. Each such
                # try takes one out of the pool, so that the last one has a new one.
                again = was_used and isinstance(error, ConnectionError)
            if not again:
                # Outside of "except", where it would carry the other error, with
                # the secret address in it, as its context.
                raise failure


def _failure(error: Exception) -> ServiceError:
    # a NewConnectionError is a time-out to urllib3
    if isinstance(error, AnyTimeout | TimeoutError) and not isinstance(error, NewConnectionError):
        return ServiceTimeout("the media host did not answer in time")
    return ServiceUnavailableError("the media host cannot be reached, or does not speak HTTP")


class RelayedBody:
    """The body of a response as it arrives from the source, for the server to pass on.

    When the source breaks off, is too slow, or sends another length than it
    declared, iteration raises: the server then cuts the visitor's connection, and
    the visitor does not take a part for the whole.

    :param source: the response; closed at the end of the body, or when it fails.
    :param length: bytes that must come, if that is known.
    :param max_length: bytes that may come, if there is a limit.
    :param release: called once when the source is no longer in use.
    """

    def __init__(
        self,
        source: SourceResponse,
        length: int | None,
        max_length: int | None,
        release: Callable[[], None],
    ) -> None:
        self._source = source
        self._length = length
        self._max_length = max_length
        self._release = release
        self._count = 0
        self._is_closed = False

    def __iter__(self) -> RelayedBody:
        return self

    def __next__(self) -> bytes:
        try:
            piece = self._source.read()
            self._count += len(piece)
            if (self._max_length is not None and self._count > self._max_length) or (
                self._length is not None
                and (self._count > self._length or (not piece and self._count < self._length))
            ):
                raise ServiceUnavailableError("the media host sent another length than it declared")
        except BaseException:
            self.close()
            raise
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Release the source. Further calls do nothing."""
        if not self._is_closed:
            self._is_closed = True
            self._source.close()
            self._release()
