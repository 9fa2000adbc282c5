"""Which URL may follow a sign-in: only a page of this application."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Request, current_app, url_for
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect
from werkzeug.urls import iri_to_uri

#: Length of the longest URL that is accepted, in characters as they are sent.
MAX_LENGTH = 1000

# Browsers drop tabs and line ends from a URL and treat a backslash as a slash, so "/\t/host" and
# "/\host" lead to another host.
_NEVER = re.compile(r"[\x00-\x1f\x7f\\]")

# They also resolve segments that consist of dots: "/x/../y" is "/y".
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.ASCII | re.IGNORECASE)

_SENT = re.compile(r"/(?!/)[!-\[\]-~]*", re.ASCII)

_BEGIN_OR_END = ("ip_callback.", "ip_login.")


def destination(next_url: object, request: Request, outside: Collection[str] = ()) -> str:
    """Return the path to redirect to after a sign-in that should lead to *next_url*.

    It is the front page if *next_url* is not in this application, begins or ends a sign-in, or
    does not accept ``GET``.

    :param outside: paths of our origin outside of the application that are allowed as well, with
        all that is below them.
    """
    path = local_path(next_url, request)
    return path if path is not None and _is_page(path, request, outside) else home(request)


def current_url(request: Request) -> str:
    """Return the URL of *request*, or an empty text if its URL prefix leaves none."""
    try:
        return request.url
    except ValueError:
        return ""


def local_path(value: object, request: Request) -> str | None:
    """Return path and query of *value*, as they are sent in ``Location``, or ``None`` if it is not
    a URL of our origin.

    :param value: a path, or a URL of the origin of *request*.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MAX_LENGTH or _NEVER.search(value):
        return None
    if not value.startswith("/"):
        value = _same_origin(value, request) or ""
    if not value.startswith("/") or value.startswith("//"):
        return None
    try:
        path = iri_to_uri(value.partition("#")[0].replace(" ", "%20"))
    except ValueError:
        return None
    if _DOTS.search(path.partition("?")[0]) or len(path) > MAX_LENGTH:
        return None
    # Check what is sent, not what it was made of.
    return path if _SENT.fullmatch(path) else None


def _same_origin(value: str, request: Request) -> str | None:
    """Return path and query of the absolute URL *value* if its origin is that of *request*."""
    origin = f"{request.scheme}://{request.host}"
    if not value.startswith((f"{origin}/", f"{origin}?")) and value != origin:
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _is_page(
    path: str, request: Request, outside: Collection[str] = (), redirected: bool = False
) -> bool:
    inner, root = unquote(path.partition("?")[0]), request.script_root
    if root and not _is_below(inner, root):
        # Other applications of the origin may be in other hands.
        return any(_is_below(inner, allowed) for allowed in outside)
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    try:
        endpoint, _ = adapter.match(inner.removeprefix(root) or "/", method="GET")
    except RequestRedirect as further:
        # For example from "/ipernity//login" to "/ipernity/login".
        target = urlsplit(further.new_url).path
        return not redirected and _is_page(target, request, outside, True)
    except MethodNotAllowed:
        return False
    except HTTPException:
        return True
    return not endpoint.startswith(_BEGIN_OR_END)


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(f"{root.rstrip('/')}/")


def home(request: Request) -> str:
    """Return the front page of this application, below its URL prefix if it has one."""
    path = _path_of_root(request)
    return "/" if path is None else f"{path}/"


def own_url(endpoint: str, request: Request, **values: Any) -> str:
    """Return the URL of a view of ours, on our origin whatever the URL prefix is."""
    if not is_prefix_forged(request):
        return url_for(endpoint, **values)
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    adapter.script_name = "/"
    return adapter.build(endpoint, values)


def is_prefix_forged(request: Request) -> bool:
    """Return whether the URL prefix is none that leads to this application."""
    return _path_of_root(request) is None


def _path_of_root(request: Request) -> str | None:
    """Return the URL prefix as it is sent, or ``None`` if it is no path.

    A proxy may pass on an ``X-Forwarded-Prefix`` of the visitor, such as ``//evil.example``.
    """
    # Here as well: iri_to_uri() drops slashes from the beginning, and url_for() does not.
    if request.script_root.startswith("//"):
        return None
    try:
        root = iri_to_uri(request.script_root)
    except ValueError:
        return None
    if _NEVER.search(request.script_root) or _DOTS.search(f"{root}/"):
        return None
    return root if _SENT.fullmatch(f"{root}/") else None
