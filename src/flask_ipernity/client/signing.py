"""The parameters of a call as they are sent, and its signature.

Source: Ipernity's help page ``encoding.html``.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import md5
from math import isfinite

from ..http.redaction import SECRET_PARAMS, Secret, SecretBytes
from .methods import GET_ONLY

# The first two are called to get a token.
_WITHOUT_TOKEN = frozenset({"auth.getFrob", "auth.getToken", GET_ONLY})


def signed_params(
    method: str,
    params: Mapping[str, object],
    *,
    api_key: str,
    api_secret: str,
    token: str | None,
    lang: str | None,
) -> dict[str, str]:
    """Return all parameters of a call as they are sent, with its signature.

    :param method: the API method.
    :param params: the caller's parameters, see :func:`plain_params`.
    :raises TypeError: a value cannot be sent; the text names the parameter.
    """
    signed = {"api_key": api_key}
    if token and method not in _WITHOUT_TOKEN:
        signed["auth_token"] = token
    if lang:
        signed["lg"] = lang
    signed.update(plain_params(params))
    if method == GET_ONLY:
        signed.pop("auth_token", None)
    for name, value in signed.items():
        _check_encodable(name, value)
    signed["api_sig"] = Secret(api_sig(signed, api_secret, method))
    return signed


def api_sig(params: Mapping[str, str], secret: str, method: str = "") -> str:
    """Return the signature of *params*.

    :param params: all parameters that are sent; ``api_sig`` and ``file`` are not signed.
    :param secret: the application's secret.
    :param method: the API method; empty for the URL of the authorize page.
    """
    signed = "".join(
        name + params[name] for name in sorted(params) if name not in ("api_sig", "file")
    )
    # MD5 is what the service asks for; it is used for nothing else.
    content = SecretBytes(f"{signed}{method}{secret}".encode(errors="surrogatepass"))
    return md5(content, usedforsecurity=False).hexdigest()


def plain_params(params: Mapping[str, object]) -> dict[str, str]:
    """Return *params* as they are sent.

    ``None`` is left out, booleans become ``0`` and ``1``, lists become comma lists.

    :raises TypeError: a value cannot be sent; the text names the parameter.
    """
    plain = {}
    for name, value in params.items():
        if value is not None:
            plain[name] = value if type(value) is str else _text(name, value)
            if name in SECRET_PARAMS:
                plain[name] = Secret(plain[name])
    return plain


def _check_encodable(name: str, value: str) -> None:
    if value.isascii() and name.isascii():
        return
    try:
        (name + value).encode()
    except UnicodeEncodeError:
        problem = f"{name!a}: a parameter has half of a surrogate pair, which is no text"
    else:
        return
    raise TypeError(problem)


def _text(name: str, value: object) -> str:
    match value:
        case list() | tuple():
            return ",".join([one if type(one) is str else _text(name, one) for one in value])
        case bool():
            return "1" if value else "0"
        case int():
            return str(int(value))
        case str():
            return str(value)
        case float() if isfinite(value):
            # never 1e-07: what the service makes of an exponent is not known
            return f"{value:.10f}".rstrip("0").rstrip(".")
        case set() | frozenset():
            return ",".join(sorted(_text(name, item) for item in value))
    raise TypeError(
        f"{name}={type(value).__name__}: a parameter is text, a number, a boolean, a list of"
        " these, or None to leave it out"
    )
