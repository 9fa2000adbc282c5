"""The answers of the media proxy: what all have in common, and those without a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from flask import Response
from werkzeug.datastructures import Headers

from .headers import SAFETY, ascii_stem, stem_and_extension
from .hosts import MediaURL
from .lookup import MEDIA, SIZES
from .relay import RelayedBody

METHODS = ("GET", "HEAD", "OPTIONS")

_TEXTS = {
    403: "Not allowed.",
    404: "Not found.",
    405: "This is a picture; it can only be fetched.",
    412: "The file has changed.",
    416: "The file has no such part.",
    502: "Ipernity is not working. Please try again later.",
    503: "Too many requests. Please try again later.",
    504: "Ipernity is slow. Please try again later.",
}


class MediaResponse(Response):
    """An answer that leaves the visitor's session alone.

    Pictures come many at a time, and late: one that wrote the session back could
    bring back what a sign-out has just removed. And a public one must not look as
    if it depended on a cookie, also when some other part of the application has
    read the session.
    """

    #: Another visitor may get another answer at the same address.
    by_cookie = True
    #: The visitor's token was forgotten, and the browser has to learn that.
    writes_session = False
    #: The server has it, and will close it.
    is_taken = False

    default_mimetype = None

    def __init__(
        self,
        body: Iterable[bytes] | str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        merged = {**SAFETY, "Cross-Origin-Resource-Policy": "same-origin", **(headers or {})}
        super().__init__(
            body, status, list(merged.items()), direct_passthrough=not isinstance(body, str)
        )

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.is_taken = True
        return super().__call__(environ, start_response)

    def get_wsgi_headers(self, environ: Any) -> Headers:
        # A file's headers are complete, and are read here for the only time.
        is_file = isinstance(self.response, RelayedBody)
        headers = self.headers if is_file else super().get_wsgi_headers(environ)
        if not self.writes_session:
            headers.remove("Set-Cookie")
        if not self.by_cookie:
            headers.remove("Vary")
        return headers


def scoped(answer: MediaResponse, *, public: bool, max_age: int, by_cookie: bool) -> None:
    """Say in *answer* who may keep it, and for how long.

    A public file may be embedded by other sites: it tells them no more than they
    could fetch themselves.

    :param max_age: seconds; 0 for "ask each time".
    :param by_cookie: another visitor would get another answer.
    """
    headers = answer.headers
    answer.by_cookie = by_cookie
    if by_cookie:
        headers["Vary"] = "Cookie"
    if public:
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if isinstance(answer.response, RelayedBody) and "Content-Length" not in headers:
        # Its end cannot be told from a cut everywhere (HTTP/1.0), so that a
        # cache might keep half a file.
        headers["Cache-Control"] = "no-store"
    else:
        life = f"max-age={max_age}" if max_age or public else "no-cache"
        headers["Cache-Control"] = f"{'public' if public else 'private'}, {life}"


def plain(status: int, **headers: str) -> MediaResponse:
    """Return an answer without a file: a short text, since pages do not show in a picture's place.

    :param headers: further headers; underscores stand for dashes.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fixed = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return MediaResponse(f"{_TEXTS[status]}\n", status, {**fixed, **named})


def options() -> MediaResponse:
    """Return the answer to OPTIONS."""
    return MediaResponse(status=204, headers={"Allow": ", ".join(METHODS)})


# nginx forgets most headers of a response that it redirects within itself; those that matter are
# taken up again by the configuration that comes with this package (nginx/), which also decides
# about the type of what the source sends.


def accel(
    prefix: str, address: MediaURL, *, label: str, filename: str | None, fallback: str
) -> MediaResponse:
    """Return the answer that makes nginx fetch the file.

    :param prefix: the path that nginx keeps for this, with slashes around it.
    :param address: where the file is.
    :param label: what it must be: a thumbnail, playable, or anything.
    :param filename: the owner's name of the file.
    :param fallback: a name without extension where that is of no use.
    """
    stem, extension = stem_and_extension(filename, fallback)
    kind = "image" if label in SIZES else "media" if label in MEDIA else "any"
    return MediaResponse(
        headers={
            "X-Accel-Redirect": f"{prefix}{kind}",
            "X-Ipernity-Source": address.url,
            "X-Ipernity-Stem": ascii_stem(stem, fallback),
            "X-Ipernity-Name": quote(stem, safe=""),
            "X-Ipernity-Extension": extension,
        }
    )


def finish(answer: MediaResponse) -> MediaResponse:
    """Hide the scope of *answer*, which nginx alone would keep, also where it shows an error."""
    answer.headers["X-Ipernity-Cache-Control"] = answer.headers.pop("Cache-Control")
    return answer
