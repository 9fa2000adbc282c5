"""Signed URLs, which show chosen files with the grant of the site's owner until they expire."""

from __future__ import annotations

import hashlib
import re
from time import time
from typing import Any

from flask import Flask
from itsdangerous import Signer
from werkzeug.datastructures import MultiDict

from ..errors import ConfigurationError
from ..settings import secret_keys

#: Seconds until a URL expires, by default.
DEFAULT_MAX_AGE = 3600
#: Seconds until a URL expires, at most: about a thousand years, longer than any use, and short
#: enough for the digits of :data:`_TIME`.
LONGEST_MAX_AGE = 30_000_000_000

#: The shortest life of which the end is rounded.
ROUNDED_FROM = 600
#: The parts of a life; the end is that of a part.
_PARTS = 4

#: The parameters that make a URL a signed one.
EXPIRES = "expires"
SIGNATURE = "signature"

_TIME = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


def _signer(app: Flask) -> Signer:
    if not app.secret_key:
        raise ConfigurationError("ipernity.media_url(as_owner=True) needs a SECRET_KEY.")
    return Signer(
        # The last key signs, all of them verify.
        list(reversed(secret_keys(app.config))),
        salt="flask-ipernity.media",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )


def _text(doc_id: str, label: str, expires: str) -> str:
    return f"{doc_id}/{label}/{expires}"


def sign(app: Flask, doc_id: str, label: str, max_age: int | None = None) -> dict[str, str]:
    """Return the parameters that make the URL of a file a signed one.

    For a quarter of its life, the URL of a file stays the same in all processes, so that browsers
    need not fetch again what they have.

    :param max_age: seconds until it expires; by default :data:`DEFAULT_MAX_AGE`. From
        :data:`ROUNDED_FROM` on it may expire up to a quarter earlier.
    :raises ValueError: *max_age* is below 1, or too large.
    """
    seconds = DEFAULT_MAX_AGE if max_age is None else max_age
    if not 1 <= seconds <= LONGEST_MAX_AGE:
        raise ValueError(
            f"max_age is {max_age}, and must be a number of seconds from 1 to {LONGEST_MAX_AGE}."
        )
    end = int(time() + seconds)
    if seconds >= ROUNDED_FROM:
        end -= end % (int(seconds) // _PARTS)
    expires = str(end)
    signature = _signer(app).get_signature(_text(doc_id, label, expires))
    return {EXPIRES: expires, SIGNATURE: signature.decode()}


def seconds_left(app: Flask, doc_id: str, label: str, args: MultiDict[str, str]) -> int | None:
    """Return the seconds until a signed URL expires.

    :param args: the parameters of the URL.
    :returns: ``None`` if it is not signed; 0 if the signature is wrong, or expired.
    """
    if EXPIRES not in args and SIGNATURE not in args:
        return None
    if not app.secret_key:
        return 0
    expires, signature = args.getlist(EXPIRES), args.getlist(SIGNATURE)
    if len(expires) != 1 or len(signature) != 1 or not _TIME.fullmatch(expires[0]):
        return 0
    text: Any = _text(doc_id, label, expires[0])
    if not signature[0].isascii() or not _signer(app).verify_signature(text, signature[0]):
        return 0
    return max(0, int(expires[0]) - int(time()))
