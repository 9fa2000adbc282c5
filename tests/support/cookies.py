"""What a visitor, or who has stolen the cookie, can read in it."""

from __future__ import annotations

import json
import random
import string
import zlib
from base64 import urlsafe_b64decode
from typing import Any

from flask.testing import FlaskClient

#: Length of the longest ``Set-Cookie`` line that browsers accept.
BROWSERS_TAKE = 4093


def cookie_of(client: FlaskClient) -> str:
    """Return the value of the session cookie."""
    cookie = client.get_cookie("session")
    return cookie.value if cookie else ""


def read(value: str) -> str:
    """Return the text of a session cookie of Flask's, with all that is base64 in it decoded."""
    compressed, payload = value.startswith("."), value.lstrip(".").partition(".")[0]
    raw = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    text = (zlib.decompress(raw) if compressed else raw).decode()
    return "\n".join([text, *_decoded(json.loads(text))])


def _decoded(value: Any) -> list[str]:
    match value:
        case dict():
            return [text for inner in value.values() for text in _decoded(inner)]
        case list():
            return [text for inner in value for text in _decoded(inner)]
        case str():
            letters = "".join(c for c in value if c.isascii() and (c.isalnum() or c in "-_"))
            raw = urlsafe_b64decode(letters[: len(letters) // 4 * 4])
            return [value, raw.decode("latin-1")]
    return []


def noise(seed: int, length: int) -> str:
    """Return a text that cannot be compressed by much."""
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=length))
