"""The signature of calls and of sign-in links, as the service checks it ([D] encoding.html)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import md5

UNSIGNED = {"api_sig", "file"}


def api_sig(params: Mapping[str, str], method: str, secret: str) -> str:
    """Return the right ``api_sig`` for these parameters.

    :param method: the name of the API method; empty for a sign-in link.
    """
    # Code points sort like their UTF-8 bytes, so this is the byte order of the help page.
    pairs = "".join(name + params[name] for name in sorted(params) if name not in UNSIGNED)
    return md5(f"{pairs}{method}{secret}".encode(), usedforsecurity=False).hexdigest()


def is_signed(params: Mapping[str, str], method: str, secret: str) -> bool:
    """Return whether the parameters contain the right ``api_sig``."""
    sent = params.get("api_sig", "").encode()
    return hmac.compare_digest(sent, api_sig(params, method, secret).encode())
