"""Addresses that show chosen files with the site owner's grant, until they expire."""

from __future__ import annotations

import hashlib
import re
from time import time
from typing import Any

from flask import Flask
from itsdangerous import Signer
from werkzeug.datastructures import MultiDict

from ..errors import ConfigurationError

#: Seconds until an address expires, where the application does not say.
MAX_AGE = 3600

#: The parameters that such an address has.
EXPIRES = "expires"
SIGNATURE = "signature"

_TIME = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


def _signer(app: Flask) -> Signer:
    if not app.secret_key:
        raise ConfigurationError("ipernity.media_url(as_owner=True) needs a SECRET_KEY.")
    # the last one signs
    keys = [*(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key]
    return Signer(
        keys,
        salt="flask-ipernity.media",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )


def _text(doc_id: str, label: str, expires: str) -> str:
    return f"{doc_id}/{label}/{expires}"


def sign(app: Flask, doc_id: str, label: str, max_age: int) -> dict[str, str]:
    """Return the parameters that make the address of a file one that is signed.

    :param max_age: seconds until it expires.
    """
    expires = str(int(time() + max_age))
    signature = _signer(app).get_signature(_text(doc_id, label, expires))
    return {EXPIRES: expires, SIGNATURE: signature.decode()}


def is_signed(args: MultiDict[str, str]) -> bool:
    """Tell whether the parameters of a request claim to be signed."""
    return EXPIRES in args or SIGNATURE in args


def seconds_left(app: Flask, doc_id: str, label: str, args: MultiDict[str, str]) -> int:
    """Return the seconds until the signature in *args* expires; 0 if it is not right, or old."""
    expires, signature = args.getlist(EXPIRES), args.getlist(SIGNATURE)
    if len(expires) != 1 or len(signature) != 1 or not _TIME.fullmatch(expires[0]):
        return 0
    text: Any = _text(doc_id, label, expires[0])
    if not signature[0].isascii() or not _signer(app).verify_signature(text, signature[0]):
        return 0
    return max(0, int(expires[0]) - int(time()))
