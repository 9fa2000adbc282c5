"""What kind of request it is: a navigation by a person, or something else.

Browsers say so in the ``Sec-Fetch-*`` and ``Sec-Purpose`` headers (W3C, Fetch Metadata Request
Headers). For clients that do not send them, the other headers decide.
"""

from __future__ import annotations

from flask import Request


def is_navigation(request: Request) -> bool:
    """Return whether a person opens this URL in a tab of the browser."""
    headers = request.headers
    return (
        headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
        and headers.get("X-Requested-With") != "XMLHttpRequest"
        and not _is_ahead(request)
    )


def may_begin(request: Request) -> bool:
    """Return whether a sign-in may begin: for a navigation, or a script of our origin."""
    headers = request.headers
    return is_navigation(request) or (
        headers.get("Sec-Fetch-Dest", "empty") == "empty"
        and headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        and not _is_ahead(request)
    )


def is_from_elsewhere(request: Request) -> bool:
    """Return whether another site has caused the request."""
    return request.headers.get("Sec-Fetch-Site") == "cross-site"


def _is_ahead(request: Request) -> bool:
    """Return whether the browser prefetches the page."""
    headers = request.headers
    return "prefetch" in headers.get("Sec-Purpose", "") + headers.get("Purpose", "")


def wants_json(request: Request) -> bool:
    """Return whether the client is a program that needs JSON instead of an HTML page."""
    accept = request.accept_mimetypes
    json = max(accept["application/json"], accept["application/problem+json"])
    if request.headers.get("Sec-Fetch-Dest") == "empty":
        return json > 0 or not accept
    return json > accept["text/html"]
