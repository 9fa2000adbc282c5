"""Keeps tokens, frobs, secrets and signatures out of what people read, and log lines whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

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
    hidden = dict(params)
    for name in SECRET_PARAMS & hidden.keys():
        value = hidden[name]
        if isinstance(value, str):
            hidden[name] = Secret(value)
        elif isinstance(value, bytes):
            hidden[name] = SecretBytes(value)
    return hidden


def reveal(value: Any) -> Any:
    """Return *value*, which can be written as JSON, with plain texts for each :class:`Secret`."""
    match value:
        case Secret():
            return str(value)
        case Mapping():
            return {key: reveal(inner) for key, inner in value.items()}
        case list():
            return [reveal(inner) for inner in value]
    return value


def redact(text: str, *secrets: str | None) -> str:
    """Return *text* without secret parameters, tokens, frobs and *secrets*."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    text = _TOKEN.sub("***", _PARAMETER.sub(r"\1***", text))
    return _MEDIA_SECRET.sub(r"\1.***.", text)


def one_line(text: str, length: int = 300) -> str:
    """Return *text* without secrets, as one line for a log.

    Whoever sends it could otherwise add lines, or control the terminal that shows the log.

    :param length: how many characters are kept.
    """
    # Cut last: a part of a secret would not be recognized.
    line = "".join(map(_visible, redact(text)[: length + 1]))
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _visible(char: str) -> str:
    kind = unicodedata.category(char)
    return "\ufffd" if kind[0] == "C" or kind in ("Zl", "Zp") else char
