"""The signature of calls and of sign-in links, as the service checks it ([D] encoding.html)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import md5

UNSIGNED = frozenset({"api_sig", "file"})


def api_sig(
    params: Mapping[str, str], method: str, secret: str, unsigned: frozenset[str] = UNSIGNED
) -> str:
    """Return the right ``api_sig`` for these parameters.

    :param method: the name of the API method; empty for a sign-in link.
    :param unsigned: the parameters that do not count.
    """
    # Code points sort like their UTF-8 bytes, so this is the byte order of the help page.
    pairs = "".join(name + params[name] for name in sorted(params) if name not in unsigned)
    return md5(f"{pairs}{method}{secret}".encode(), usedforsecurity=False).hexdigest()


def is_signed(params: Mapping[str, str], method: str, secret: str) -> bool:
    """Return whether the parameters contain the right ``api_sig``.

    Whether a *text* field named ``file`` counts is not known ([U]): the port of oneyoung to
    Python 3 signs it. It may, and need not.
    """
    sent = params.get("api_sig", "").encode()
    return any(
        hmac.compare_digest(sent, api_sig(params, method, secret, unsigned).encode())
        for unsigned in (UNSIGNED, frozenset({"api_sig"}))
    )
