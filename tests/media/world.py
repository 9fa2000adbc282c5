"""An application between an API that tells a document's files, and a source of media that obeys.

The document is number 1; its thumbnail ``240``, its ``mp4`` and its original lead to the source.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.http import http_date, parse_date

from flask_ipernity import Ipernity
from tests.conftest import Browser
from tests.stub import Request, Step, Stub, ok

FILE = bytes(range(250)) * 4
MODIFIED = 1_600_000_000

Respond = Callable[[Request], Step]


class Source(Stub):
    """A stub that may answer by what is asked; it closes each connection then."""

    def __init__(self, *steps: Step | Respond) -> None:
        super().__init__(*(self._step(step) for step in steps))

    def __enter__(self) -> Source:
        super().__enter__()
        return self

    def say(self, step: Step | Respond) -> None:
        """Answer so from now on."""
        self.steps = (self._step(step),)

    def _step(self, step: Any) -> Step:
        if isinstance(step, bytes) or getattr(step, "takes_connection", False):
            return step  # type: ignore[no-any-return]

        def send(connection: socket.socket) -> None:
            made = step(self.requests[-1])
            if isinstance(made, bytes):
                connection.sendall(made)
            else:
                made(connection)

        return send


class World(NamedTuple):
    """What a test looks at."""

    app: Flask
    api: Stub
    source: Source

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()


def raw(step: Step) -> Step:
    """Mark a step that is given the connection and not the request."""
    step.takes_connection = True  # type: ignore[union-attr]
    return step


def head(status: str, *lines: str) -> bytes:
    """Return the head of a response."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines]).encode("latin-1") + b"\r\n\r\n"


def picture(
    *lines: str, body: bytes = FILE, status: str = "200 OK", kind: str = "image/jpeg"
) -> bytes:
    """Return a response with a picture."""
    length = f"Content-Length: {len(body)}"
    return head(status, f"Content-Type: {kind}", length, *lines) + body


def honest(request: Request) -> bytes:
    """Answer as RFC 9110 says, for :data:`FILE` with the strong tag ``"e1"``."""
    asked = request.headers
    lines = ['ETag: "e1"', f"Last-Modified: {http_date(MODIFIED)}", "Accept-Ranges: bytes"]
    if none_match := asked.get("if-none-match"):
        unchanged = none_match == "*" or '"e1"' in none_match
    else:
        since = parse_date(asked.get("if-modified-since"))
        unchanged = since is not None and since.timestamp() >= MODIFIED
    if unchanged:
        return head("304 Not Modified", *lines)
    wanted = asked.get("range", "")
    if wanted and asked.get("if-range", '"e1"') in ('"e1"', http_date(MODIFIED)):
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(FILE) - int(last))
        end = min(int(last), len(FILE) - 1) if first and last else len(FILE) - 1
        if start >= len(FILE):
            return head(
                "416 Range Not Satisfiable",
                f"Content-Range: bytes */{len(FILE)}",
                "Content-Length: 0",
            )
        part = FILE[start : end + 1]
        place = f"Content-Range: bytes {start}-{end}/{len(FILE)}"
        response = picture(*lines, place, body=part, status="206 Partial Content")
    else:
        response = picture(*lines)
    return response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if request.verb == "HEAD" else response


def naive(request: Request) -> bytes:
    """Answer with the whole file whatever is asked."""
    response = picture('ETag: "e1"', f"Last-Modified: {http_date(MODIFIED)}")
    return response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if request.verb == "HEAD" else response


def files(port: int, filename: object = "photo.jpg") -> dict[str, Any]:
    """Return what ``doc.getMedias`` answers for the document."""
    where = f"http://127.0.0.1:{port}/1/00/01/1.a1b2c3d4."
    return {
        "thumbs": {"thumb": [{"label": "240", "url": f"{where}240.jpg", "ext": "jpg"}]},
        "medias": {"media": [{"label": "mp4", "url": f"{where}mp4", "format": "mp4"}]},
        "original": {"url": f"{where}jpg", "filename": filename, "ext": "jpg"},
    }


def answered(payload: dict[str, Any]) -> bytes:
    """Return a good response of the API with *payload*."""
    return ok(json.dumps(payload)[1:-1] + "," if payload else "")


@contextmanager
def world(
    *steps: Step | Respond,
    api: list[Step] | None = None,
    filename: object = "photo.jpg",
    **config: object,
) -> Iterator[World]:
    """Start it all, with the steps of the source, and further settings.

    :param api: the steps of the API in place of its usual response.
    """
    with (
        Source(*(steps or (honest,))) as source,
        Stub(*(api or [answered(files(source.port, filename))])) as service,
    ):
        app = Flask("tests")
        app.config.update(
            SECRET_KEY="test",
            IPERNITY_APP_KEY="key",
            IPERNITY_APP_SECRET="secret",
            IPERNITY_API_URL=service.url,
            IPERNITY_MEDIA_HOSTS=("127.0.0.1",),
            IPERNITY_RETRIES=0,
        )
        app.config.update(config)
        app.test_client_class = Browser
        Ipernity(app)
        yield World(app, service, source)
