"""IPTC's older form, IIM: numbered texts, one after the other.

Numbers and sizes: IPTC's "Information Interchange Model" 4.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from .text import decode

TITLE, KEYWORDS, CREATOR, HEADLINE, COPYRIGHT, CAPTION = 5, 25, 80, 105, 116, 120
DATE_CREATED, TIME_CREATED = 55, 60
#: The names of the place, the nearest first.
PLACE = (92, 90, 95, 101)

_CHARSET = 90
#: What ISO 2022 says for UTF-8, in the record of the envelope.
_UTF8 = (b"\x1b%G", b"\x1b%/I")
MAX_DATASETS = 10_000


def read(data: bytes) -> Mapping[int, list[str]]:
    """Return the texts of the application record by number; damaged data end the reading.

    Without a word about the encoding, the texts are Latin-1, unless they are UTF-8: many programs
    wrote UTF-8 and forgot to say so.
    """
    found: dict[int, list[str]] = {}
    utf8 = False
    for record, number, value in _datasets(data):
        if (record, number) == (1, _CHARSET):
            utf8 = value in _UTF8
        elif record == 2:
            value = value.split(b"\0", 1)[0]
            text = value.decode("utf-8", "ignore") if utf8 else decode(value)
            found.setdefault(number, []).append(text)
    return found


def digest(data: bytes) -> bytes:
    """Return the MD5 of IPTC data, by which programs see that it was changed alone."""
    return hashlib.md5(data, usedforsecurity=False).digest()


def _datasets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    offset = 0
    for _ in range(MAX_DATASETS):
        if len(data) < offset + 5 or data[offset] != 0x1C:
            return
        record, number = data[offset + 1], data[offset + 2]
        size = int.from_bytes(data[offset + 3 : offset + 5], "big")
        offset += 5
        if size & 0x8000:  # the size of the size
            width = size & 0x7FFF
            size = int.from_bytes(data[offset : offset + width], "big")
            offset += width
        if offset + size > len(data):
            return
        yield record, number, data[offset : offset + size]
        offset += size
