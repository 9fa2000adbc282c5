"""A parser of the ``Range`` header (RFC 9110, section 14)."""

from __future__ import annotations

import re
from typing import NamedTuple

#: Stands for any larger position; no file is as long.
_BEYOND_ANY_FILE = 10**18

_RANGE_SPEC = re.compile(r"([0-9]+)-([0-9]*)|-([0-9]+)")


class RequestedRange(NamedTuple):
    """A part of a file: the positions of its first and last byte, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.last - self.first + 1


class UnsatisfiableRange(Exception):
    """The file has none of the bytes that were asked for; the answer is 416."""


def parse_byte_range(header: str, length: int) -> RequestedRange | None:
    """Return the part of a file that a ``Range`` header asks for.

    :param length: of the file, in bytes.
    :returns: the part, or None if the whole file is the answer: the header is malformed, uses
        another unit, asks for several parts (a server may ignore that), or the file is empty.
    :raises UnsatisfiableRange: if the header is valid and every part begins behind the end.
    """
    unit, equals, range_set = header.partition("=")
    if not equals or unit.lower() != "bytes" or range_set != range_set.strip(" \t") or not length:
        return None
    # a recipient must accept empty elements of a list (5.6.1.2)
    specs = [spec for spec in (part.strip(" \t") for part in range_set.split(",")) if spec]
    parts: list[RequestedRange | None] = []
    for spec in specs:
        found = _RANGE_SPEC.fullmatch(spec)
        if found is None:
            return None
        first, last, suffix = found.groups()
        if suffix is not None:
            parts.append(_last_bytes(_position(suffix), length))
        elif last and _position(last) < _position(first):
            return None
        else:
            end = _position(last) if last else length - 1
            parts.append(_between(_position(first), end, length))
    if not parts:
        return None
    if not any(parts):
        raise UnsatisfiableRange
    return parts[0] if len(parts) == 1 else None


def _position(digits: str) -> int:
    """Return a number of any length without converting thousands of digits."""
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= 18 else _BEYOND_ANY_FILE


def _between(first: int, last: int, length: int) -> RequestedRange | None:
    return RequestedRange(first, min(last, length - 1)) if first < length else None


def _last_bytes(count: int, length: int) -> RequestedRange | None:
    return RequestedRange(max(0, length - count), length - 1) if count else None
