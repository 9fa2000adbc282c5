"""One file from its source to the visitor: conditions, ranges, and the checks of what arrives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from math import ceil

from flask import Request
from urllib3 import HTTPHeaderDict

from ..errors import BadAnswer, ServiceUnavailableError
from ..http.retry_after import parse_retry_after
from .conditions import Conditions, ContentRange, Validators, complete_length
from .headers import (
    BEGINNING_LENGTH,
    PLAYABLE_POLICY,
    content_disposition,
    declared_length,
    media_type,
)
from .hosts import MediaURL
from .labels import FileKind
from .relay import Relay, RelayedBody, SourceResponse
from .responses import MediaResponse, text_response
from .slots import Slot

#: Length of the largest thumbnail, in bytes.
MAX_THUMBNAIL_LENGTH = 32 * 1024 * 1024
#: Seconds after which a visitor is asked to try again, at most.
MAX_RETRY_AFTER = 300


class FileGone(Exception):
    """The source says that there is nothing at this URL, or not for us."""


class SourceBusy(ServiceUnavailableError):
    """The source asks to wait; ``retry_after`` says how many seconds, where it said so."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """The way of one file from its source to a visitor."""

    relay: Relay
    url: MediaURL
    #: What the file must be.
    kind: FileKind
    #: The owner's name of the file.
    filename: str | None
    #: A name without extension, for where that is of no use.
    fallback: str
    #: Length of the largest file that is passed on, in bytes; ``None`` for any.
    max_length: int | None

    def start(self, request: Request, slot: Slot) -> MediaResponse:
        """Ask the source, and return the response for the visitor, its body begun.

        :param request: the visitor's request.
        :param slot: released when the source is no longer in use.
        :raises FileGone: there is no such file.
        :raises SourceBusy: the source asks to wait.
        :raises ServiceError: the source gives no usable response.
        """
        source = None
        try:
            conditions, source = self._open(request)
            response = self._respond(source, conditions, slot)
            if isinstance(response.response, RelayedBody):
                response.response.begin()
        except BaseException:
            if source is not None:
                source.close()
            slot.release()
            raise
        if not isinstance(response.response, RelayedBody):
            source.close()
            slot.release()
        return response

    def _open(self, request: Request) -> tuple[Conditions, SourceResponse]:
        """Return the source's response, and the conditions that it was asked with."""
        is_head = request.method == "HEAD"
        conditions = Conditions(request.headers, is_head=is_head)
        source = self.relay.open(self.url, head=is_head, headers=conditions.source_headers())
        if conditions.range is None:
            return conditions, source
        is_other_version = source.status == 206 and not conditions.allow_part(
            Validators.of(source.headers)
        )
        # An empty file has no parts, but the whole of it can be had.
        is_empty = (
            source.status == 416 and complete_length(source.headers.get("Content-Range")) == 0
        )
        if is_other_version or is_empty:
            source.close()
            conditions.range = None
            source = self.relay.open(self.url, headers=conditions.source_headers())
        return conditions, source

    def _respond(self, source: SourceResponse, conditions: Conditions, slot: Slot) -> MediaResponse:
        found, part = Validators.of(source.headers), None
        validators = found.headers()
        match source.status:
            case 200 | 206 if conditions.fail(found):
                return text_response(412)
            case 200:
                pass
            case 206 if conditions.range is not None:
                part = conditions.range.check(source.headers.get("Content-Range"))
            case 304 if conditions.may_be_unchanged:
                return MediaResponse(status=304, headers=validators)
            case 416 if conditions.range is not None:
                length = complete_length(source.headers.get("Content-Range"))
                return text_response(
                    416, **({} if length is None else {"Content_Range": f"bytes */{length}"})
                )
            case 403 | 404 | 410:
                raise FileGone
            case 429 | 503:
                busy = SourceBusy(f"the media host answered HTTP {source.status}")
                busy.retry_after = _retry_after(source)
                raise busy
            case status:
                raise BadAnswer(f"the media host answered HTTP {status}")
        if conditions.is_unchanged(found):
            return MediaResponse(status=304, headers=validators)
        limit = self._limit
        beginning = partial(self._beginning, source, part, conditions.is_head)
        length, headers = self._file_headers(source.headers, part, limit, beginning)
        headers.update(validators)
        if conditions.is_head:
            # An iterator and not a sequence: Werkzeug would send the length of a sequence.
            return MediaResponse(iter(()), 200, headers)
        body = RelayedBody(source, length, limit, slot)
        return MediaResponse(body, 206 if part else 200, headers)

    def _file_headers(
        self,
        received: HTTPHeaderDict,
        part: ContentRange | None,
        limit: int | None,
        beginning: Callable[[], bytes],
    ) -> tuple[int | None, dict[str, str]]:
        """Return the length of the body, where it is known, and its headers.

        :param received: the headers of the source's response.
        :param part: the part of the file that it has; ``None`` for the whole file.
        :param limit: length of the largest file that is passed on, in bytes.
        :param beginning: returns the first bytes of the file.
        :raises BadAnswer: it has another file than was asked for, or one that is too long.
        """
        if received.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise BadAnswer("the media host sent encoded media, which was not asked for")
        length = declared_length(received)
        if part is not None:
            if length not in (None, part.length):
                raise BadAnswer("the media host sent a part of another length than it declared")
            length = part.length
        complete = part.complete if part else length
        if limit is not None and complete is not None and complete > limit:
            raise BadAnswer("the file is longer than is passed on")
        shown = media_type(received, self.kind, beginning)
        headers = {
            "Content-Type": shown,
            "Content-Disposition": content_disposition(shown, self.filename, self.fallback),
        }
        if shown.startswith(("audio/", "video/")):
            headers["Content-Security-Policy"] = PLAYABLE_POLICY
        if length is not None:
            headers["Content-Length"] = str(length)
        if part is not None:
            headers["Content-Range"] = part.header()
        if part is not None or received.get("Accept-Ranges", "").strip().lower() == "bytes":
            headers["Accept-Ranges"] = "bytes"
        return length, headers

    def _beginning(self, source: SourceResponse, part: ContentRange | None, is_head: bool) -> bytes:
        """Return the first bytes of the file, of which *source* has a part or the headers only."""
        if not is_head and (part is None or (part.first == 0 and part.last >= BEGINNING_LENGTH)):
            return source.peek(BEGINNING_LENGTH)
        headers = {"Range": f"bytes=0-{BEGINNING_LENGTH - 1}"}
        with closing(self.relay.open(self.url, headers=headers)) as other:
            return other.peek(BEGINNING_LENGTH) if other.status in (200, 206) else b""

    @property
    def _limit(self) -> int | None:
        """Length of the largest file of this kind that is passed on, in bytes."""
        if self.kind is not FileKind.THUMBNAIL:
            return self.max_length
        return min(self.max_length or MAX_THUMBNAIL_LENGTH, MAX_THUMBNAIL_LENGTH)


def _retry_after(source: SourceResponse) -> float | None:
    seconds = parse_retry_after(source.headers.get("Retry-After"))
    return None if seconds is None else float(min(ceil(seconds), MAX_RETRY_AFTER))
