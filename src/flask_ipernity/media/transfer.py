"""One file from its source to the visitor: conditions, ranges, and the checks of what arrives."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from flask import Request

from ..client.transport import retry_after
from ..errors import BadAnswer, ServiceUnavailableError
from .conditions import Conditions, ContentRange, Validators, complete_length
from .headers import PLAYABLE_POLICY, content_disposition, declared_length, media_type
from .hosts import MediaURL
from .labels import LABELS, FileKind
from .relay import Relay, RelayedBody, SourceResponse
from .responses import MediaResponse, text_response

#: Length of the largest thumbnail, in bytes.
MAX_THUMBNAIL_LENGTH = 32 * 1024 * 1024
#: Seconds after which a visitor is asked to try again, at most.
MAX_RETRY_AFTER = 300


class FileGone(Exception):
    """The source says that there is nothing at this URL, or not for us."""


class SourceBusy(ServiceUnavailableError):
    """The source asks to wait; ``retry_after`` says how many seconds, where it said so."""


class Transfer:
    """The way of one file from the source to the visitor, as one request asks for it.

    :param relay: the connections to the sources.
    :param request: the visitor's request.
    :param url: where the file is.
    :param label: the label of the file.
    :param filename: the owner's name of the file.
    :param fallback: a name without extension where that is of no use.
    :param max_length: largest file that is passed on, in bytes; ``None`` for any.
    """

    def __init__(
        self,
        relay: Relay,
        request: Request,
        url: MediaURL,
        *,
        label: str,
        filename: str | None,
        fallback: str,
        max_length: int | None,
    ) -> None:
        self._relay = relay
        self._url = url
        self._kind = LABELS[label]
        self._filename = filename
        self._fallback = fallback
        self._max_length = max_length
        if self._kind is FileKind.THUMBNAIL:
            self._max_length = min(max_length or MAX_THUMBNAIL_LENGTH, MAX_THUMBNAIL_LENGTH)
        self._is_head = request.method == "HEAD"
        self._conditions = Conditions(request.headers, is_head=self._is_head)

    def start(self, release: Callable[[], None]) -> MediaResponse:
        """Ask the source, and return the response for the visitor, its body still to come.

        :param release: called once when the source is no longer in use.
        :raises FileGone: there is no such file.
        :raises SourceBusy: the source asks to wait.
        :raises ServiceError: the source gives no usable response.
        """
        source = None
        try:
            source = self._open()
            response = self._respond(source, release)
        except BaseException:
            if source is not None:
                source.close()
            release()
            raise
        if not isinstance(response.response, RelayedBody):
            source.close()
            release()
        return response

    def _open(self) -> SourceResponse:
        conditions = self._conditions
        source = self._relay.open(
            self._url, head=self._is_head, headers=conditions.source_headers()
        )
        if conditions.range is None:
            return source
        is_other_version = source.status == 206 and not conditions.allow_part(
            Validators.of(source.headers)
        )
        # An empty file has no parts, but the whole of it can be had.
        is_empty = (
            source.status == 416 and complete_length(source.headers.get("Content-Range")) == 0
        )
        if not is_other_version and not is_empty:
            return source
        source.close()
        conditions.range = None
        return self._open()

    def _respond(self, source: SourceResponse, release: Callable[[], None]) -> MediaResponse:
        found = Validators.of(source.headers)
        conditions, part = self._conditions, None
        match source.status:
            case 200 | 206 if conditions.fail(found):
                return text_response(412)
            case 200:
                pass
            case 206 if conditions.range is not None:
                part = conditions.range.check(source.headers.get("Content-Range"))
            case 304 if conditions.may_be_unchanged:
                return MediaResponse(status=304, headers=found.headers())
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
            return MediaResponse(status=304, headers=found.headers())
        return self._file_response(source, part, found.headers(), release)

    def _file_response(
        self,
        source: SourceResponse,
        part: ContentRange | None,
        validators: dict[str, str],
        release: Callable[[], None],
    ) -> MediaResponse:
        """Return the response with the file, or a part of it.

        :param validators: headers with the version of the file.
        """
        if source.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
            raise BadAnswer("the media host sent encoded media, which was not asked for")
        length = declared_length(source.headers)
        if part is not None:
            if length not in (None, part.length):
                raise BadAnswer("the media host sent a part of another length than it declared")
            length = part.length
        complete = part.complete if part else length
        if self._max_length is not None and complete is not None and complete > self._max_length:
            raise BadAnswer("the file is longer than is passed on")
        shown = media_type(source.headers, self._kind)
        headers = {
            "Content-Type": shown,
            "Content-Disposition": content_disposition(shown, self._filename, self._fallback),
            **validators,
        }
        if shown.startswith(("audio/", "video/")):
            headers["Content-Security-Policy"] = PLAYABLE_POLICY
        if length is not None:
            headers["Content-Length"] = str(length)
        if part is not None:
            headers["Content-Range"] = part.header()
        if part is not None or source.headers.get("Accept-Ranges", "").strip().lower() == "bytes":
            headers["Accept-Ranges"] = "bytes"
        if self._is_head:
            # An iterator and not a sequence: Werkzeug would send the length of a sequence.
            return MediaResponse(iter(()), 200, headers)
        body = RelayedBody(source, length, self._max_length, release)
        return MediaResponse(body, 206 if part else 200, headers)


def _retry_after(source: SourceResponse) -> float | None:
    seconds = retry_after(source.headers.get("Retry-After"))
    return None if seconds is None else float(min(ceil(seconds), MAX_RETRY_AFTER))
