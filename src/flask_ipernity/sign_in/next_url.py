"""Which address may follow a sign-in: a path of this application, nothing else."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import Request

#: Longest address that is kept, in characters.
MAX_LENGTH = 2000

# Browsers drop tabs and line ends from an address and read a backslash as a
# slash, so that "/\t/host" and "/\host" lead to another host.
_NEVER = re.compile(r"[\x00-\x1f\x7f\\]")


def local_path(value: object, request: Request) -> str | None:
    """Return path and query of *value* if it leads into this application, else ``None``.

    :param value: a path, or an address of the origin of *request*.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MAX_LENGTH or _NEVER.search(value):
        return None
    if not value.startswith("/"):
        value = _same_origin(value, request) or ""
    if not value.startswith("/") or value.startswith("//"):
        return None
    path = value.partition("#")[0].replace(" ", "%20")
    try:
        path.encode()
    except UnicodeEncodeError:
        return None
    return path


def _same_origin(value: str, request: Request) -> str | None:
    """Return path and query of the absolute address *value* if its origin is that of *request*."""
    origin = f"{request.scheme}://{request.host}"
    if not value.startswith((f"{origin}/", f"{origin}?")) and value != origin:
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def home(request: Request) -> str:
    """Return the front page of this application, below its URL prefix if it has one."""
    return f"{request.script_root}/"
