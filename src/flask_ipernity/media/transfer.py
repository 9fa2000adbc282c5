"""One file from its source to the visitor: conditions, ranges, and the checks of what came."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from flask import Request

from ..errors import BadAnswer, ServiceUnavailableError
from ..http.retry_after import parse_retry_after
from . import ranges
from .conditions import Conditions, Validators
from .headers import PLAYABLE_POLICY, content_disposition, declared_length, media_type
from .hosts import MediaURL
from .lookup import MEDIA, SIZES
from .relay import Relay, RelayedBody, SourceResponse
from .responses import MediaResponse, plain

#: Largest thumbnail, in bytes.
MAX_THUMBNAIL = 32 * 1024 * 1024
#: Seconds that a visitor is told to wait at most.
MAX_WAIT = 300


class Gone(Exception):
    """The source says that there is nothing at this address, or not for us."""


class Busy(ServiceUnavailableError):
    """The source asks to wait; ``retry_after`` tells how many seconds, where it said so."""


class Transfer:
    """The passing on of one file, as one request asks for it.

    :param address: where the file is.
    :param label: what it must be: a thumbnail, playable, or anything.
    :param filename: the owner's name of the file.
    :param fallback: a name without extension where that is of no use.
    :param most: largest file that is passed on, in bytes; ``None`` for any.
    """

    def __init__(
        self,
        relay: Relay,
        request: Request,
        address: MediaURL,
        *,
        label: str,
        filename: str | None,
        fallback: str,
        most: int | None,
    ) -> None:
        self._relay = relay
        self._address = address
        self._label = label
        self._filename = filename
        self._fallback = fallback
        limits = [most, MAX_THUMBNAIL if label in SIZES else None]
        self._most = min((limit for limit in limits if limit is not None), default=None)
        self._head = request.method == "HEAD"
        self._conditions = Conditions(request.headers)
        wanted = None if self._head else ranges.asked(request.headers.getlist("Range"))
        self._range = wanted if self._conditions.range_is_possible else None

    def start(self, done: Callable[[], None]) -> MediaResponse:
        """Ask the source, and return the answer for the visitor, its body still to come.

        :param done: called once when the source is no longer in use.
        :raises Gone: there is no such file.
        :raises Busy: the source asks to wait.
        :raises ServiceError: the source gives no usable answer.
        """
        source = None
        try:
            source = self._open()
            answer = self._judged(source, done)
        except BaseException:
            if source is not None:
                source.close()
            done()
            raise
        if not isinstance(answer.response, RelayedBody):
            source.close()
            done()
        return answer

    def _open(self) -> SourceResponse:
        headers = self._conditions.sent()
        if self._range is None:
            return self._relay.open(self._address, head=self._head, headers=headers)
        headers["Range"] = self._range.header()
        if self._conditions.if_range:
            headers["If-Range"] = self._conditions.if_range
        source = self._relay.open(self._address, headers=headers)
        is_other_version = source.status == 206 and not self._conditions.range_holds(
            Validators.of(source.headers)
        )
        # of an empty file there are no parts, but the whole of it can be had
        is_empty = (
            source.status == 416
            and ranges.complete_length(source.headers.get("Content-Range")) == 0
        )
        if is_other_version or is_empty:
            source.close()
            self._range = None
            return self._open()
        return source

    def _judged(self, source: SourceResponse, done: Callable[[], None]) -> MediaResponse:
        found = Validators.of(source.headers)
        match source.status:
            case 200 | 206 if self._conditions.fail(found):
                return plain(412)
            case 200:
                part = None
            case 206 if self._range is not None:
                part = ranges.came(self._range, source.headers.get("Content-Range"))
            case 304 if self._conditions.sent():
                return MediaResponse(status=304, headers=found.headers())
            case 416 if self._range is not None:
                length = ranges.complete_length(source.headers.get("Content-Range"))
                return plain(
                    416, **({} if length is None else {"Content_Range": f"bytes */{length}"})
                )
            case 403 | 404 | 410:
                raise Gone
            case 429 | 503:
                busy = Busy(f"the media host answered HTTP {source.status}")
                busy.retry_after = _wait(source)
                raise busy
            case status:
                raise BadAnswer(f"the media host answered HTTP {status}")
        if self._conditions.unchanged(found):
            return MediaResponse(status=304, headers=found.headers())
        return self._whole(source, part, found, done)

    def _whole(
        self,
        source: SourceResponse,
        part: ranges.Part | None,
        found: Validators,
        done: Callable[[], None],
    ) -> MediaResponse:
        """Return the answer with the file, or a part of it, in it."""
        headers = source.headers
        if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise BadAnswer("the media are encoded, which nobody asked for")
        length = declared_length(headers)
        if part is not None:
            if length not in (None, part.length):
                raise BadAnswer("the media host sent a part of another length than it said")
            length = part.length
        size = part.complete if part else length
        if self._most is not None and size is not None and size > self._most:
            raise BadAnswer("the file is longer than is passed on")
        kind = media_type(headers.getlist("Content-Type"))
        if not self._is_fitting(kind):
            raise BadAnswer("the media host sent something else than the media asked for")
        sent = {
            "Content-Type": kind,
            "Content-Disposition": content_disposition(kind, self._filename, self._fallback),
            **found.headers(),
        }
        if kind.startswith(("audio/", "video/")):
            sent["Content-Security-Policy"] = PLAYABLE_POLICY
        if length is not None:
            sent["Content-Length"] = str(length)
        if part is not None:
            sent["Content-Range"] = part.header()
        if part is not None or headers.get("Accept-Ranges", "").strip().lower() == "bytes":
            sent["Accept-Ranges"] = "bytes"
        # Without a body it is still no sequence, whose length Werkzeug would tell.
        body = iter(()) if self._head else RelayedBody(source, length, self._most, done)
        return MediaResponse(body, 206 if part else 200, sent)

    def _is_fitting(self, kind: str) -> bool:
        if self._label in SIZES:
            return kind.startswith("image/")
        if self._label in MEDIA:
            return kind.startswith(("video/", "audio/"))
        return True


def _wait(source: SourceResponse) -> float | None:
    wait = parse_retry_after(source.headers.get("Retry-After"))
    return None if wait is None else float(min(ceil(wait), MAX_WAIT))
