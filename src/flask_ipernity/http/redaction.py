"""Keeps tokens, frobs, secrets and signatures out of what people read."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: The parameters of calls that are secret.
SECRET_PARAMS = frozenset({"auth_token", "api_sig", "frob"})

# The URL of a call has the signature, and the address of a private picture is its only lock.
_PARAMETER = re.compile(r"\b((?:auth_token|api_sig|api_key|frob)=)[^&\s\"'<>]+")
# The shape of frobs and tokens: digits, a dash, hexadecimal digits.
_TOKEN = re.compile(r"\b\d+-[0-9a-f]{10,}\b")
_MEDIA_SECRET = re.compile(r"(/\d+)\.[0-9a-f]{6,}\.")


class Secret(str):
    """A text that does not show itself.

    Programs that watch for errors send the ``repr`` of all local variables in a traceback away.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class SecretBytes(bytes):
    """Bytes that do not show themselves. See :class:`Secret`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "b'***'"


def hide(params: Mapping[str, object]) -> dict[str, object]:
    """Return *params* with a :class:`Secret` for each text that is secret."""
    if SECRET_PARAMS.isdisjoint(params):
        return dict(params)
    return {
        name: Secret(value) if name in SECRET_PARAMS and isinstance(value, str) else value
        for name, value in params.items()
    }


def redact(text: str, *secrets: str | None) -> str:
    """Return *text* without secret parameters, tokens, frobs and *secrets*."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    text = _TOKEN.sub("***", _PARAMETER.sub(r"\1***", text))
    return _MEDIA_SECRET.sub(r"\1.***.", text)
