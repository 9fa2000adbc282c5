"""Keeps tokens, frobs, secrets and signatures out of what people read."""

from __future__ import annotations

import re

# Reading calls carry the token in their query, as the service demands it, and
# the address of a private picture is its only lock.
_PARAMETER = re.compile(r"\b((?:auth_token|api_sig|api_key|frob)=)[^&\s\"'<>]+")
# The shape of frobs and tokens: digits, a dash, hexadecimal digits.
_TOKEN = re.compile(r"\b\d+-[0-9a-f]{10,}\b")
_MEDIA_SECRET = re.compile(r"(/\d+)\.[0-9a-f]{6,}\.")


def redact(text: str, *secrets: str | None) -> str:
    """Return *text* without secret parameters, tokens, frobs and *secrets*."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    text = _TOKEN.sub("***", _PARAMETER.sub(r"\1***", text))
    return _MEDIA_SECRET.sub(r"\1.***.", text)
