"""Keeps other websites away from servers that have no passwords and run on the user's machine.

A page of any website can send requests to the ports of this machine. By a name that it lets
resolve to a loopback address (DNS rebinding) it could even read the answers, and with them the
photos of a folder.
"""

from __future__ import annotations

import ipaddress
import logging
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, abort, request

logger = logging.getLogger("flask_ipernity.sandbox")


def is_loopback(host: str) -> bool:
    """Return whether a host is ``localhost`` or the literal of a loopback address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_host(host: str) -> str:
    """Return the host; warn if it is not a loopback one, because the sandbox has no passwords.

    A name is refused, because applications would not load media from it over http.

    :raises ValueError: if it is no address that others could ask for.
    """
    try:
        usable = host == "localhost" or not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            f"The host {host!r} names no address; name the one of this machine that is to be used."
        )
    if not is_loopback(host):
        logger.warning(
            "The sandbox has no passwords: whoever reaches %s can use all of its accounts", host
        )
    return host


def answer_only_to(app: Flask, host: str) -> None:
    """Answer 421 to a request whose ``Host`` is neither a loopback one nor *host*."""

    @app.before_request
    def check_host() -> None:
        try:
            parts = urlsplit(f"//{request.host}")
            # Not the name behind the sign of "evil.example@127.0.0.1".
            asked = parts.hostname or "" if parts.username is None else ""
        except ValueError:
            asked = ""
        if not is_loopback(asked) and asked != host.lower():
            abort(HTTPStatus.MISDIRECTED_REQUEST)


def refuse_other_sites() -> None:
    """Check that no page of another site has caused a request, as far as its browser says so.

    Programs other than browsers send none of these headers.

    :raises Forbidden: another site has.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin", request.host_url.rstrip("/"))
    if site not in ("same-origin", "none") or origin != request.host_url.rstrip("/"):
        abort(403)
