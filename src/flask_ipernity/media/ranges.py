"""Byte ranges (RFC 9110, section 14): the one that is asked for, and the one that came."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import BadAnswer

# Longer numbers name no byte of a file, and Python refuses to read very long ones.
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.ASCII)
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.ASCII)
_UNSATISFIED = re.compile(r"bytes \*/([0-9]{1,18})", re.ASCII)

#: A position behind the end of any file.
_BEYOND = 10**18 - 1


class Range(NamedTuple):
    """A range: from ``first`` to ``last``, both counted; to the end if ``last`` is ``None``.

    If ``first`` is ``None``, it is the ``last`` bytes of the file.
    """

    first: int | None
    last: int | None

    def header(self) -> str:
        """Return the value of ``Range`` that asks for it."""
        if self.first is None:
            # The last 0 bytes cannot be had, but not every server knows that.
            return f"bytes=-{self.last}" if self.last else f"bytes={_BEYOND}-"
        return f"bytes={self.first}-{'' if self.last is None else self.last}"


class Part(NamedTuple):
    """A part of a file of ``complete`` bytes, from ``first`` to ``last``, both counted."""

    first: int
    last: int
    complete: int

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1

    def header(self) -> str:
        """Return the value of ``Content-Range`` that names it."""
        return f"bytes {self.first}-{self.last}/{self.complete}"


def asked(values: list[str]) -> Range | None:
    """Return the range of the request's ``Range`` lines, or ``None`` for the whole file.

    Several ranges, and what is no range, count as none, which RFC 9110 allows.
    """
    found = _RANGE.fullmatch(values[0].strip()) if len(values) == 1 else None
    if found is None:
        return None
    if found[3]:
        return Range(None, int(found[3]))
    first, last = int(found[1]), int(found[2]) if found[2] else None
    return None if last is not None and last < first else Range(first, last)


def came(wanted: Range, content_range: str | None) -> Part:
    """Return the part that a source says it has sent, if it is the one that was asked for.

    :raises BadAnswer: it is not, and its bytes would end up in the wrong place.
    """
    found = _CONTENT_RANGE.fullmatch(content_range or "")
    if found is None:
        raise BadAnswer("the media host sent a part without saying which")
    part = Part(int(found[1]), int(found[2]), int(found[3]))
    end = part.complete - 1
    if wanted.first is None:
        right = (max(0, part.complete - (wanted.last or 0)), end)
    else:
        right = (wanted.first, end if wanted.last is None else min(wanted.last, end))
    if not part.first <= part.last <= end or (part.first, part.last) != right:
        raise BadAnswer("the media host sent another part than was asked for")
    return part


def complete_length(content_range: str | None) -> int | None:
    """Return the length of the file as the source's 416 tells it."""
    found = _UNSATISFIED.fullmatch(content_range or "")
    return int(found[1]) if found else None
