"""The responses of the media proxy: what all have in common, and those without a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from flask import Response
from werkzeug.datastructures import Headers

from .filenames import ascii_stem, stem_and_extension
from .headers import SAFETY
from .hosts import MediaURL
from .labels import LABELS
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
    """A response that leaves the visitor's session alone.

    Pictures come many at a time, and late: one that wrote the session back could
    bring back what a sign-out has just removed. And a public one must not look as
    if it depended on a cookie, also when some other part of the application has
    read the session.
    """

    #: Whether another visitor may get another response at the same URL.
    varies_by_cookie = True
    #: Whether it may change the session: the visitor's token was forgotten.
    writes_session = False
    #: Whether the server has it, and will close it.
    is_sent = False

    default_mimetype = None

    def __init__(
        self,
        body: Iterable[bytes] | str = "",
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        merged = {**SAFETY, "Cross-Origin-Resource-Policy": "same-origin", **(headers or {})}
        self._policy = merged["Content-Security-Policy"]
        super().__init__(
            body, status, list(merged.items()), direct_passthrough=not isinstance(body, str)
        )

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.is_sent = True
        return super().__call__(environ, start_response)

    def get_wsgi_headers(self, environ: Any) -> Headers:
        # A file's headers are complete, and are not read before this.
        is_file = isinstance(self.response, RelayedBody)
        headers = self.headers if is_file else super().get_wsgi_headers(environ)
        if self._policy not in headers.getlist("Content-Security-Policy"):
            # The application has put its own in the place. Browsers obey all of them.
            headers.add("Content-Security-Policy", self._policy)
        if not self.writes_session:
            headers.remove("Set-Cookie")
        if not self.varies_by_cookie:
            headers.remove("Vary")
        return headers

    def set_cache_control(
        self, *, public: bool, max_age: int, varies_by_cookie: bool, stale_age: int = 0
    ) -> None:
        """Say who may keep it, and for how long.

        Other sites may embed a public file: they learn no more from it than they
        could fetch themselves.

        :param public: whether caches may share it.
        :param max_age: seconds; 0 if it must be revalidated each time.
        :param stale_age: seconds for which a shared cache may use it after that, while it gets
            no other (``stale-if-error``, RFC 5861).
        """
        headers = self.headers
        self.varies_by_cookie = varies_by_cookie
        if varies_by_cookie:
            headers["Vary"] = "Cookie"
        if public:
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if isinstance(self.response, RelayedBody) and "Content-Length" not in headers:
            # With HTTP/1.0 its end looks like a cut, so that a cache might keep
            # half a file.
            headers["Cache-Control"] = "no-store"
        else:
            life = f"max-age={max_age}" if max_age or public else "no-cache"
            if stale_age and public:
                life += f", stale-if-error={stale_age}"
            headers["Cache-Control"] = f"{'public' if public else 'private'}, {life}"


def text_response(status: int, **headers: str) -> MediaResponse:
    """Return a response with a short text, since a page would not show in a picture's place.

    :param headers: further headers; underscores stand for dashes.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fixed = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    # X-Accel-Expires counts in older versions of nginx only where it comes before Cache-Control.
    return MediaResponse(f"{_TEXTS[status]}\n", status, {**named, **fixed})


def options_response() -> MediaResponse:
    """Return the response to OPTIONS."""
    return MediaResponse(status=204, headers={"Allow": ", ".join(METHODS)})


# nginx drops most headers of a response that it redirects internally. The configuration that
# comes with this package (nginx/) restores those that matter, and also decides about the type of
# what the source sends.


def x_accel_response(
    prefix: str, url: MediaURL, *, label: str, filename: str | None, fallback: str
) -> MediaResponse:
    """Return the response that makes nginx fetch the file.

    :param prefix: the path that nginx keeps for this, with slashes around it.
    :param url: where the file is.
    :param label: the label of the file; nginx checks that the file is of its kind.
    :param filename: the owner's name of the file.
    :param fallback: a name without extension where that is of no use.
    """
    stem, extension = stem_and_extension(filename, fallback)
    return MediaResponse(
        headers={
            "X-Accel-Redirect": f"{prefix}{LABELS[label]}",
            "X-Ipernity-Source": url.url,
            "X-Ipernity-Stem": ascii_stem(stem, fallback),
            "X-Ipernity-Name": quote(stem, safe=""),
            "X-Ipernity-Extension": extension,
        }
    )


def hide_cache_control(response: MediaResponse) -> None:
    """Rename ``Cache-Control``, which nginx would keep also where it answers with an error."""
    response.headers["X-Ipernity-Cache-Control"] = response.headers.pop("Cache-Control")
