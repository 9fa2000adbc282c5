"""Text as cameras and programs write it, and what of it may be shown."""

from __future__ import annotations

import re
import unicodedata

#: Characters of one text; a file may hold megabytes.
MAX_TEXT = 20_000

_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")


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
    return "".join(filter(_may_be_shown, text)).strip() or None


def one_line(text: str) -> str | None:
    """Return a text in one line, each gap one blank; None if it is empty."""
    shown = lines(text)
    return None if shown is None else " ".join(shown.split())


def _may_be_shown(character: str) -> bool:
    if character in "\n\t":
        return True
    # noncharacters are not allowed in HTML, surrogates have no UTF-8
    code = ord(character)
    return (
        unicodedata.category(character) not in ("Cc", "Cs")
        and code & 0xFFFE != 0xFFFE
        and not 0xFDD0 <= code <= 0xFDEF
        and character != "\ufeff"
    )
