"""Text as cameras and programs write it, and what of it may be shown."""

from __future__ import annotations

import re

#: Characters of one text; a file may hold megabytes.
MAX_TEXT = 20_000

_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
# Control characters, surrogates (no UTF-8), and what is no character at all (no HTML).
_HIDDEN = re.compile(
    "[\0-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff"
    + "".join(
        f"{chr(plane | 0xFFFE)}{chr(plane | 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
    )
    + "]"
)


def decode(data: bytes) -> str:
    """Return the text of bytes in an unknown encoding, up to the first NUL.

    What is not UTF-8 is Windows' Latin-1 (cp1252), which has letters where real Latin-1 has
    control characters.
    """
    data = data.split(b"\0", 1)[0]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "ignore")


def lines(text: str) -> str | None:
    """Return a text with its line breaks, but without control characters; None if it is empty."""
    text = _LINE_ENDS.sub("\n", text.split("\0", 1)[0][:MAX_TEXT])
    return _HIDDEN.sub("", text).strip() or None


def one_line(text: str) -> str | None:
    """Return a text in one line, each gap one blank; None if it is empty."""
    shown = lines(text)
    return None if shown is None else " ".join(shown.split())
