"""The preview that cameras put into their raw files: a JPEG, as large as the picture or a screen.

Most raw files are a TIFF file with contents of their own (ExifTool's tables EXIF, Nikon, Canon,
Panasonic); Fuji's and Canon's newer ones have forms of their own (ExifTool's FujiFilm.pm, and
"Describing the Canon Raw v3 file format" by L. Daniel).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from .metadata.tiff import Tiff

#: The endings of raw files in which a preview can be found.
ENDINGS = ("dng", "nef", "nrw", "cr2", "cr3", "arw", "sr2", "srf", "pef", "srw", "rw2", "raf")

_STRIPS, _STRIP_SIZES = 0x0111, 0x0117
_JPEG, _JPEG_SIZE = 0x0201, 0x0202
_SUB_DIRECTORIES = 0x014A
_PANASONIC_JPEG = 0x002E

#: The box of Canon's files that holds the preview.
_CANON_PREVIEW = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16")

#: Directories that are looked at, and bytes of a preview's header.
_MAX_DIRECTORIES, _HEADER = 32, 1 << 18
#: Kinds of JPEG that every program can draw: not the lossless ones, which are the raw picture.
_FRAMES = (0xC0, 0xC1, 0xC2)

Part = tuple[int, int]


def find_preview(file: BinaryIO) -> Part | None:
    """Return the first byte and the length of the largest preview; None if there is none."""
    file.seek(0)
    head = file.read(96)
    if head.startswith(b"FUJIFILMCCD-RAW"):
        parts = iter([(int.from_bytes(head[84:88], "big"), int.from_bytes(head[88:92], "big"))])
    elif head[4:8] == b"ftyp":
        parts = _in_boxes(file)
    else:
        parts = _in_directories(file)
    drawable = [part for part in parts if part[1] > 0 and _can_be_drawn(file, part)]
    return max(drawable, key=lambda part: part[1], default=None)


def _in_directories(file: BinaryIO) -> Iterator[Part]:
    """Yield what may be previews in a file that is built like TIFF."""
    try:
        tiff = Tiff(file)
    except ValueError:
        return
    left, seen = [tiff.first], set[int]()
    while left and len(seen) < _MAX_DIRECTORIES:
        offset = left.pop(0)
        if offset in seen:
            continue
        seen.add(offset)
        tags = tiff.directory(offset, {_STRIPS, _STRIP_SIZES, _JPEG, _JPEG_SIZE, _SUB_DIRECTORIES})
        numbers = {
            tag: [one for one in value if isinstance(one, int)]
            for tag, value in tags.items()
            if not isinstance(value, bytes)
        }
        for start, size in ((_JPEG, _JPEG_SIZE), (_STRIPS, _STRIP_SIZES)):
            starts, sizes = numbers.get(start, []), numbers.get(size, [])
            if len(starts) == len(sizes) == 1:
                yield starts[0], sizes[0]
        if (place := tiff.place(offset, _PANASONIC_JPEG)) is not None:
            yield place
        left += [*numbers.get(_SUB_DIRECTORIES, []), tiff.following(offset)]


def _in_boxes(file: BinaryIO) -> Iterator[Part]:
    """Yield the preview in a file of ISO boxes."""
    place = 0
    for _ in range(_MAX_DIRECTORIES):
        file.seek(place)
        head = file.read(32)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if len(head) < 32 or size < 8:
            return
        if head[4:8] == b"uuid" and head[8:24] == _CANON_PREVIEW:
            start = file.read(256).find(b"\xff\xd8\xff")
            if start >= 0:
                yield place + 32 + start, size - 32 - start
        place += size


def _can_be_drawn(file: BinaryIO, part: Part) -> bool:
    """Return whether a JPEG of a usual kind begins there."""
    file.seek(part[0])
    data = file.read(min(part[1], _HEADER))
    if not data.startswith(b"\xff\xd8\xff"):
        return False
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        # a frame; the numbers between are tables (ISO/IEC 10918-1, table B.1)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return marker in _FRAMES
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return False
