"""What kind of request it is: a navigation by a person, or something else.

Browsers say so in the ``Sec-Fetch-*`` and ``Sec-Purpose`` headers (W3C, Fetch Metadata Request
Headers). For clients that do not send them, the other headers decide.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Request


def is_navigation(request: Request) -> bool:
    """Return whether a person opens this URL in a tab of the browser."""
    headers = request.headers
    return (
        headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
        and headers.get("X-Requested-With") != "XMLHttpRequest"
        and not _is_ahead(request)
        and not _is_for_a_part(request)
    )


def is_from_elsewhere(request: Request) -> bool:
    """Return whether another site has caused the request."""
    site = request.headers.get("Sec-Fetch-Site")
    return site == "cross-site" if site else _has_foreign_origin(request)


def is_from_us(request: Request) -> bool:
    """Return whether a page of our own origin has caused the request, or no page at all.

    Other subdomains of the same site are not our own.
    """
    site = request.headers.get("Sec-Fetch-Site")
    return site in ("same-origin", "none") if site else not _has_foreign_origin(request)


def _has_foreign_origin(request: Request) -> bool:
    """Return whether the request names another origin.

    Browsers send ``Origin`` with every form, also to sites over http, to which they send no Fetch
    Metadata. The scheme is not compared: behind a proxy it may not be known.
    """
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != request.host.lower()
    except ValueError:
        return True


def _is_for_a_part(request: Request) -> bool:
    """Return whether a browser without Fetch Metadata loads a part of a page.

    For a page, every browser accepts ``text/html`` by this name.
    """
    if "Sec-Fetch-Dest" in request.headers:
        return False
    types = {kind for kind, _ in request.accept_mimetypes}
    return bool(types - {"*/*"}) and not types & {"text/html", "application/xhtml+xml", "text/*"}


def _is_ahead(request: Request) -> bool:
    """Return whether the browser fetches the page before a person has asked for it.

    ``X-Moz`` is that of Firefox before 115, ``X-Purpose`` that of Safari, which makes previews.
    """
    purposes = (
        request.headers.get(name, "").lower()
        for name in ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
    )
    return any("prefetch" in purpose or "preview" in purpose for purpose in purposes)


def wants_json(request: Request) -> bool:
    """Return whether the client is a program that needs JSON instead of an HTML page."""
    accept = request.accept_mimetypes
    json = max(accept["application/json"], accept["application/problem+json"])
    if request.headers.get("Sec-Fetch-Dest") == "empty":
        return json > 0 or not accept
    return json > accept["text/html"]
