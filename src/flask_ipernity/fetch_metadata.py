"""What kind of request it is: a person who navigates, or something else.

Browsers tell it in the ``Sec-Fetch-*`` and ``Sec-Purpose`` headers (W3C, Fetch
Metadata Request Headers). A client that sends none is judged by the rest.
"""

from __future__ import annotations

from flask import Request


def is_navigation(request: Request) -> bool:
    """Tell whether a person goes to this address in a tab of the browser."""
    headers = request.headers
    purpose = headers.get("Sec-Purpose", "") + headers.get("Purpose", "")
    return (
        headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        and headers.get("Sec-Fetch-Dest", "document") == "document"
        and "prefetch" not in purpose
        and headers.get("X-Requested-With") != "XMLHttpRequest"
    )


def wants_json(request: Request) -> bool:
    """Tell whether a program asks, which an HTML page does not help."""
    accept = request.accept_mimetypes
    json = max(accept["application/json"], accept["application/problem+json"])
    if request.headers.get("Sec-Fetch-Dest") == "empty":
        return json > 0 or not accept
    return json > accept["text/html"]
