"""The signature of calls and of sign-in links, as the service checks it (help: encoding.html)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import md5

UNSIGNED = {"api_sig", "file"}


def api_sig(params: Mapping[str, str], method: str, secret: str) -> str:
    """Returns what ``api_sig`` must be for these parameters.

    :param method: name of the API method; the empty string for a sign-in link.
    """
    # Code points sort as their UTF-8 bytes do, so this is the byte order that the page asks for.
    pairs = "".join(name + params[name] for name in sorted(params) if name not in UNSIGNED)
    return md5(f"{pairs}{method}{secret}".encode(), usedforsecurity=False).hexdigest()


def is_signed(params: Mapping[str, str], method: str, secret: str) -> bool:
    """Tells whether the parameters carry the right ``api_sig``."""
    sent = params.get("api_sig", "").encode()
    return hmac.compare_digest(sent, api_sig(params, method, secret).encode())
