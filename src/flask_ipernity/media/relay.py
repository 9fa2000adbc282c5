"""Fetches media from an allowed host, and passes the body on as it arrives."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from functools import partial
from http.client import HTTPException
from typing import Any
from weakref import finalize

from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ..errors import ServiceError, ServiceTimeout, ServiceUnavailableError
from ..http.connection import Connection, RateReader
from ..http.forward_proxy import ForwardProxy
from ..http.pool import Pool
from ..http.sockets import ConnectError
from .hosts import MediaURL, open_socket
from .slots import Slot

#: Bytes that are read at most at once: what is there is passed on without waiting
#: for more, and when much is there, few calls are needed.
READ_SIZE = 256 * 1024

#: Bytes of a response's framing, for each of its content: a chunk of one byte has five more.
_FRAMING_PER_BYTE = 8
#: Bytes of framing and of what is read ahead that come on top, at most.
_FRAMING_BYTES = 512 * 1024


class _ContentReader(RateReader):
    """Counts what a source sends against what comes out of it as content.

    A source that sends trailers or chunk extensions without end is never slow, and never sends
    more of the file than it declared; it would hold a thread for ever.
    """

    #: Bytes of the content so far.
    content = 0

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self._raw_count = 0

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self._raw_count += count or 0
        if count and self._raw_count > self.content * _FRAMING_PER_BYTE + _FRAMING_BYTES:
            raise HTTPException("the server sends framing in place of content")
        return count


class SourceResponse:
    """The response of a media host, its body not yet read.

    :param response: the response.
    :param method: the method of the request.
    :param connection: the connection that it comes on.
    :param keep: takes the connection back when the response was read to its end.
    """

    def __init__(
        self,
        response: http.client.HTTPResponse,
        method: str,
        connection: Connection,
        keep: Callable[[Connection], None],
    ) -> None:
        self.status = response.status
        self.headers = HTTPHeaderDict(
            [(name, _unfolded(value)) for name, value in response.getheaders()]
        )
        # It knows where the body ends.
        self._response = HTTPResponse(
            response,
            self.headers,
            self.status,
            preload_content=False,
            decode_content=False,
            original_response=response,
            request_method=method,
        )
        self._connection: Connection | None = connection
        self._reader: _ContentReader = connection.reader
        self._keep = keep
        self._ahead = b""

    def peek(self, length: int) -> bytes:
        """Return the first *length* bytes of the body, or fewer if it is shorter.

        :raises ServiceError: the source breaks off, or is too slow.
        """
        while len(self._ahead) < length and (piece := self._receive()):
            self._ahead += piece
        return self._ahead[:length]

    def read(self) -> bytes:
        """Return the next piece of the body as soon as there is one; an empty one at the end.

        :raises ServiceError: the source breaks off, or is too slow.
        """
        ahead, self._ahead = self._ahead, b""
        return ahead or self._receive()

    def _receive(self) -> bytes:
        try:
            piece = self._response.read1(READ_SIZE, decode_content=False)
            self._reader.content += len(piece)
            return piece
        except HTTPError as error:
            is_slow = isinstance(error, ReadTimeoutError)
        # The rest may still come, and urllib3 takes the response for one that has ended.
        if self._connection is not None:
            self._connection.close()
        if is_slow:
            raise ServiceTimeout("the media host became too slow")
        raise ServiceUnavailableError("the media host broke off")

    def close(self) -> None:
        """Release the connection: keep it if the response was read to its end, else close it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._response.length_remaining == 0:
            # There is no more to come: HEAD, 304, or an empty file.
            self._response.drain_conn()
        if self._response.isclosed():
            self._keep(connection)
        else:
            self._response.close()
            connection.close()


def _unfolded(value: str) -> str:
    """Return a header's value on one line; old servers continue it on the next one."""
    if "\n" not in value:
        return value
    return " ".join(line.strip(" \t\r") for line in value.split("\n"))


class Relay:
    """The connections to the hosts of the media.

    One for an application, shared by its threads. A process that was forked
    starts with connections of its own.

    :param timeout: seconds to connect; seconds to the end of the headers, and
        between two pieces of the body.
    :param pool_size: connections kept per host.
    :param user_agent: the value of ``User-Agent``.
    :param proxy: the URL of an HTTP proxy through which the hosts are reached. It resolves their
        names, so that their addresses are not checked here.
    """

    def __init__(
        self,
        timeout: tuple[float, float],
        pool_size: int,
        user_agent: str,
        proxy: str | None = None,
    ) -> None:
        self._connect_timeout, self._read_timeout = timeout
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        through = None if proxy is None else ForwardProxy(proxy)
        self._pool = Pool(pool_size, open_socket, _ContentReader, through)

    def open(
        self, url: MediaURL, *, head: bool = False, headers: Mapping[str, str] | None = None
    ) -> SourceResponse:
        """Ask for the file at *url* and return the source's response.

        :param headers: further headers to send.
        :raises ServiceError: there is no response.
        """
        pool, method = self._pool, "HEAD" if head else "GET"
        sent = {**self._headers, **(headers or {})}
        while True:
            connection = None
            try:
                connection = pool.take(url.origin, self._connect_timeout)
                connection.send_request(method, url.target, sent, timeout=self._read_timeout)
                response = connection.read_response(self._read_timeout)
                keep = partial(pool.keep, url.origin)
                return SourceResponse(response, method, connection, keep)
            except (HTTPError, HTTPException, OSError) as error:
                failure = _failure(error)
                is_retried = False
                if connection is not None:
                    connection.close()
                    # The source may have closed a kept connection just now. Each such
                    # try takes one out of the pool, so that the last one has a new one.
                    is_retried = connection.was_used and isinstance(error, ConnectionError)
            if not is_retried:
                # Outside of "except", where it would carry the other error, with
                # the secret URL in it, as its context.
                raise failure


def _failure(error: Exception) -> ServiceError:
    reason = error.args[0] if isinstance(error, ConnectError) else error
    if isinstance(reason, TimeoutError):
        return ServiceTimeout("the media host did not answer in time")
    return ServiceUnavailableError("the media host cannot be reached, or does not speak HTTP")


class RelayedBody:
    """The body of a response as it arrives from the source, for the server to pass on.

    When the source breaks off, is too slow, or sends another length than it
    declared, iteration raises: the server then cuts the visitor's connection, and
    the visitor does not take a part for the whole.

    One that nobody reads, nor closes, releases the source when it is no longer referred to.

    :param source: the response; closed at the end of the body, or when it fails.
    :param length: bytes that must come, if that is known.
    :param max_length: bytes that may come, if there is a limit.
    :param slot: released when the source is no longer in use, and told how fast the visitor is.
    """

    def __init__(
        self,
        source: SourceResponse,
        length: int | None,
        max_length: int | None,
        slot: Slot,
    ) -> None:
        self._source = source
        self._length = length
        self._max_length = max_length
        self._count = 0
        self._first: bytes | None = None
        #: How many bytes the server was given.
        self.given = 0
        self._has_ended = False
        #: The class name of the error that reading ended with.
        self.error: str | None = None
        #: Is called once, by :meth:`close`.
        self.on_close: Callable[[], object] | None = None
        self._slot = slot
        self._close = finalize(self, _release, source, slot)
        self._close.atexit = False

    def begin(self) -> None:
        """Read the first piece, while there can still be another response than this one.

        :raises ServiceError: the source breaks off, is too slow, or sends another length than it
            declared.
        """
        self._first = self._read()

    def __iter__(self) -> RelayedBody:
        return self

    def __next__(self) -> bytes:
        piece, self._first = self._first, None
        if piece is None:
            self._slot.wait()
            piece = self._read()
        if not piece:
            self._has_ended = True
            self.close()
            raise StopIteration
        self._slot.give(len(piece))
        self.given += len(piece)
        return piece

    @property
    def is_complete(self) -> bool:
        """Whether the server was given all of it."""
        # Some servers stop at the length that was declared.
        return self._has_ended or self.given == self._length

    def _read(self) -> bytes:
        try:
            piece = self._source.read()
            self._count += len(piece)
            if (self._max_length is not None and self._count > self._max_length) or (
                self._length is not None
                and (self._count > self._length or (not piece and self._count < self._length))
            ):
                raise ServiceUnavailableError("the media host sent another length than it declared")
        except BaseException as error:
            self.error = type(error).__name__
            self.close()
            raise
        return piece

    def close(self) -> None:
        """Release the source. Further calls do nothing."""
        self._close()
        on_close, self.on_close = self.on_close, None
        if on_close is not None:
            on_close()


def _release(source: SourceResponse, slot: Slot) -> None:
    source.close()
    slot.release()
