"""The media host: serves files by their path, with the HTTP features of a CDN.

Private documents are protected only by the secret in their path, as on the service.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import BinaryIO, NamedTuple

from flask import Flask, abort, request
from werkzeug.http import parse_date, quote_etag
from werkzeug.wrappers import Response

from .byte_range import RequestedRange, UnsatisfiableRange, parse_byte_range
from .media_files import ServedFile, find_file
from .state import SandboxState

#: How long a cache may keep a response, in seconds.
CACHE_MAX_AGE = 7 * 24 * 3600

#: How much of a file is read at once, in bytes.
PIECE_BYTES = 64 * 1024


class RecordedRequest(NamedTuple):
    """A request to the media host as it was received."""

    http_method: str
    path: str
    headers: dict[str, str]


def media_app(state: SandboxState, record: Callable[[RecordedRequest], None]) -> Flask:
    """Return the application that serves the state's files.

    :param record: called with each request as it was received.
    """
    app = Flask("flask_ipernity.sandbox.media", static_folder=None)

    @app.get("/<path:path>")
    def file(path: str) -> Response:
        path = f"/{path}"
        record(RecordedRequest(request.method, path, dict(request.headers)))
        found = find_file(state, path)
        if found is None:
            abort(404)
        try:
            content = found.open()
        except OSError:
            # a photo was deleted from the folder that --photos names
            abort(404)
        return _response(found, content)

    return app


def _response(file: ServedFile, content: BinaryIO) -> Response:
    """Return the response to a request for a file: all of it, a part of it, or "not modified"."""
    modified = datetime.fromtimestamp(int(file.modified), UTC)
    length = content.seek(0, os.SEEK_END)
    response = Response(content_type=file.content_type)
    response.content_length = length
    response.set_etag(file.etag)
    response.last_modified = modified
    response.cache_control.public = True
    response.cache_control.max_age = CACHE_MAX_AGE
    response.accept_ranges = "bytes"
    response.make_conditional(request.environ)
    if response.status_code != HTTPStatus.OK or request.method != "GET":
        content.close()
        if response.status_code == HTTPStatus.PRECONDITION_FAILED:
            response.content_length = 0
        return response
    part = None
    # after the other preconditions (13.2.2), and for GET alone (14.2)
    if _if_range_holds(file.etag, modified):
        try:
            part = parse_byte_range(request.headers.get("Range", ""), length)
        except UnsatisfiableRange:
            content.close()
            headers = {"Content-Range": f"bytes */{length}", "Accept-Ranges": "bytes"}
            return Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    if part is not None:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response.headers["Content-Range"] = f"bytes {part.first}-{part.last}/{length}"
        response.content_length = part.length
    response.response = _pieces(content, part or RequestedRange(0, length - 1))
    response.call_on_close(content.close)
    return response


def _if_range_holds(etag: str, modified: datetime) -> bool:
    """Return whether a ``Range`` header counts: ``If-Range`` is absent or names this very file.

    A tag must be strong (13.1.5), a date the very one of ``Last-Modified``.
    """
    value = request.headers.get("If-Range")
    if value is None:
        return True
    return value == quote_etag(etag) or parse_date(value) == modified


def _pieces(content: BinaryIO, part: RequestedRange) -> Iterator[bytes]:
    """Yield the bytes of a part of a file."""
    content.seek(part.first)
    left = part.length
    while left > 0 and (piece := content.read(min(left, PIECE_BYTES))):
        left -= len(piece)
        yield piece
