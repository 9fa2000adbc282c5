"""What kind of request it is: a person who navigates, or something else.

Browsers tell it in the ``Sec-Fetch-*`` and ``Sec-Purpose`` headers (W3C, Fetch
Metadata Request Headers). A client that sends none is judged by the rest.
"""

from __future__ import annotations

from flask import Request


def is_navigation(request: Request) -> bool:
    """Tell whether a person goes to this address in a tab of the browser."""
    headers = request.headers
    return (
        headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
        and headers.get("X-Requested-With") != "XMLHttpRequest"
        and not _is_ahead(request)
    )


def may_begin(request: Request) -> bool:
    """Tell whether a sign-in may begin here: a person navigates, or a script of ours asks."""
    headers = request.headers
    return is_navigation(request) or (
        headers.get("Sec-Fetch-Dest", "empty") == "empty"
        and headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        and not _is_ahead(request)
    )


def is_from_elsewhere(request: Request) -> bool:
    """Tell whether another site has caused the request."""
    return request.headers.get("Sec-Fetch-Site") == "cross-site"


def _is_ahead(request: Request) -> bool:
    """Tell whether the browser fetches in case that the person goes there."""
    headers = request.headers
    return "prefetch" in headers.get("Sec-Purpose", "") + headers.get("Purpose", "")


def wants_json(request: Request) -> bool:
    """Tell whether a program asks, which an HTML page does not help."""
    accept = request.accept_mimetypes
    json = max(accept["application/json"], accept["application/problem+json"])
    if request.headers.get("Sec-Fetch-Dest") == "empty":
        return json > 0 or not accept
    return json > accept["text/html"]
