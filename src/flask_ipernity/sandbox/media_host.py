"""The media host: files by their path, with all that a CDN's HTTP offers.

Private documents are protected by the secret in the path alone, as on the service.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from flask import Flask, abort, request
from werkzeug.http import is_resource_modified, parse_range_header
from werkzeug.wrappers import Response
from werkzeug.wsgi import wrap_file

from .media_files import ServedFile, find_file
from .state import SandboxState

MAX_AGE = 7 * 24 * 3600
"""How long an answer may be kept, in seconds."""


class RecordedRequest(NamedTuple):
    """A request to the media host as it came in."""

    http_method: str
    path: str
    headers: dict[str, str]


def media_app(state: SandboxState, record: Callable[[RecordedRequest], None]) -> Flask:
    """Makes the application that serves the state's files."""
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
    """The answer to a request for this file: whole, a part of it, or only "not modified"."""
    modified = datetime.fromtimestamp(int(file.modified), UTC)
    length = content.seek(0, os.SEEK_END)
    content.seek(0)
    pieces = wrap_file(request.environ, content, 64 * 1024)
    response = Response(pieces, content_type=file.content_type, direct_passthrough=True)
    response.content_length = length
    response.set_etag(file.etag)
    response.last_modified = modified
    response.cache_control.public = True
    response.cache_control.max_age = MAX_AGE
    _adapt_range(response, modified, length)
    return response.make_conditional(request.environ, accept_ranges=True, complete_length=length)


def _adapt_range(response: Response, modified: datetime, length: int) -> None:
    """Takes a Range header out, or changes it, where Werkzeug would not do as RFC 9110 says.

    It answers 416 to malformed, multiple and too long suffix ranges (14.1.2, 14.2), lets a range
    win over a matching If-None-Match (13.2.2), and takes a weak tag in If-Range (13.1.5).
    """
    environ = request.environ
    wanted = parse_range_header(environ.pop("HTTP_RANGE", None))
    if (
        request.method == "GET"
        and wanted is not None
        and wanted.units == "bytes"
        and len(wanted.ranges) == 1
        and is_resource_modified(environ, response.get_etag()[0], None, modified)
        and not request.headers.get("If-Range", "").startswith("W/")
    ):
        too_long = wanted.ranges[0][0] < -length
        environ["HTTP_RANGE"] = "bytes=0-" if too_long else wanted.to_header()
