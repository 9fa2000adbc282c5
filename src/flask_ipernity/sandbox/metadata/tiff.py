"""Directories of numbered values: the form of EXIF, and of TIFF files themselves.

Pillow reads them, too, but with a warning for each damaged value, and it gives up the rest of a
directory after some of them. This reader leaves out what is damaged, and reads nothing but the
tags that were asked for, wherever they are in a file.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping
from typing import BinaryIO, NamedTuple

#: Bytes of one value; of numbers there are few.
MAX_VALUE, MAX_NUMBERS = 4 << 20, 4096
MAX_ENTRIES = 4096

#: The letter of :mod:`struct` and the number of items for each type; texts and bytes stay bytes.
_TYPES = {
    1: ("s", 1),
    2: ("s", 1),
    3: ("H", 1),
    4: ("L", 1),
    5: ("L", 2),
    6: ("b", 1),
    7: ("s", 1),
    8: ("h", 1),
    9: ("l", 1),
    10: ("l", 2),
    11: ("f", 1),
    12: ("d", 1),
    13: ("L", 1),
    16: ("Q", 1),
    17: ("q", 1),
    18: ("Q", 1),
    129: ("s", 1),  # UTF-8, since EXIF 3.0
}


class Rational(NamedTuple):
    """A fraction as it stands in the file; the denominator may be 0."""

    numerator: int
    denominator: int


#: Bytes, or numbers; a fraction is one number.
Value = bytes | tuple[int | float | Rational, ...]
Directory = Mapping[int, Value]


class Tiff:
    """A file, or a part of one, that begins like a TIFF file.

    :raises ValueError: if it does not.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        head = self._at(0, 16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 8:
            raise ValueError("no TIFF header")
        self._order = order
        # BigTIFF has offsets of eight bytes. The other numbers are those of RAW files (Panasonic,
        # Olympus), which are TIFF otherwise.
        self._big = self._unpack("H", head[2:4])[0] == 43
        if self._big and len(head) < 16:
            raise ValueError("no TIFF header")
        self.first: int = (
            self._unpack("Q", head[8:16])[0] if self._big else self._unpack("L", head[4:8])[0]
        )

    def _at(self, offset: int, size: int) -> bytes:
        try:
            self._file.seek(offset)
            return self._file.read(size)
        except (OSError, OverflowError, ValueError):
            return b""

    def _unpack(self, form: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self._order + form, data)

    def directory(
        self, offset: int, wanted: Collection[int], *, as_bytes: bool = False
    ) -> Directory:
        """Return the wanted values of a directory, without those that are damaged or too large.

        :param as_bytes: whether they are bytes, whatever type they claim to be.
        """
        count_form, entry_size, offset_form = ("Q", 20, "Q") if self._big else ("H", 12, "L")
        count_size = struct.calcsize("<" + count_form)
        raw_count = self._at(offset, count_size)
        if offset <= 0 or len(raw_count) < count_size:
            return {}
        count = min(self._unpack(count_form, raw_count)[0], MAX_ENTRIES)
        entries = self._at(offset + count_size, count * entry_size)
        found: dict[int, Value] = {}
        for start in range(0, len(entries) - entry_size + 1, entry_size):
            entry = entries[start : start + entry_size]
            tag, kind = self._unpack("HH", entry[:4])
            if tag not in wanted or tag in found or kind not in _TYPES:
                continue
            letter, items = _TYPES[kind]
            packed = as_bytes or letter == "s"
            number = self._unpack(offset_form, entry[4 : 4 + (entry_size - 4) // 2])[0]
            size = number * items * struct.calcsize("<" + letter)
            field = entry[4 + (entry_size - 4) // 2 :]
            if not 0 < size <= (MAX_VALUE if packed else MAX_NUMBERS):
                continue
            data = field[:size]
            if size > len(field):
                data = self._at(self._unpack(offset_form, field)[0], size)
            if len(data) == size:
                found[tag] = data if packed else self._numbers(letter, items, data)
        return found

    def following(self, offset: int) -> int:
        """Return where the directory behind another one begins; 0 if there is none."""
        form, size, offset_form = ("Q", 20, "Q") if self._big else ("H", 12, "L")
        raw_count = self._at(offset, struct.calcsize("<" + form))
        if offset <= 0 or len(raw_count) < struct.calcsize("<" + form):
            return 0
        count = self._unpack(form, raw_count)[0]
        raw = self._at(offset + len(raw_count) + count * size, struct.calcsize("<" + offset_form))
        return self._unpack(offset_form, raw)[0] if len(raw) > 2 else 0

    def place(self, offset: int, tag: int) -> tuple[int, int] | None:
        """Return where a value that is bytes begins, and how many they are."""
        raw_count = self._at(offset, 2)
        if self._big or offset <= 0 or len(raw_count) < 2:
            return None
        entries = self._at(offset + 2, self._unpack("H", raw_count)[0] * 12)
        for start in range(0, len(entries) - 11, 12):
            found, kind, size, at = self._unpack("HHLL", entries[start : start + 12])
            if found == tag and kind in (1, 7):
                return at, size
        return None

    def _numbers(self, letter: str, items: int, data: bytes) -> Value:
        numbers = struct.unpack(
            f"{self._order}{len(data) // struct.calcsize('<' + letter)}{letter}", data
        )
        if items == 1:
            return numbers
        return tuple(map(Rational, numbers[::2], numbers[1::2]))
