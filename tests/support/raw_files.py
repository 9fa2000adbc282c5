"""Raw files of cameras, as far as their previews are concerned; each of at most 20 kB."""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.support.hard_pictures import halves, jpeg, orientation

_LONG, _SHORT, _ASCII, _BYTES = 4, 3, 2, 7
Entry = tuple[int, int, int, int]

#: Where the parts of a file are.
_MAKE, _SECOND, _THIRD, _PREVIEW, _RAW = 200, 300, 500, 1024, 15_000

#: A JPEG as cameras write raw pictures: a lossless one.
_LOSSLESS = b"\xff\xd8\xff\xc3\x00\x0b\x0e\x00\x50\x00\x78\x01\x01\x11\x00" + bytes(5_000)


def preview(turn: int | None = None) -> bytes:
    """Return a preview that is red on the left and blue on the right."""
    options = {} if turn is None else {"exif": orientation(turn)}
    return jpeg(halves().resize((240, 160)), **options)


def _directory(order: str, entries: list[Entry], following: int = 0) -> bytes:
    packed = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in sorted(entries):
        short = kind == _SHORT and order == ">"
        packed += struct.pack(order + "HHL", tag, kind, count)
        packed += struct.pack(order + "HH", value, 0) if short else struct.pack(order + "L", value)
    return packed + struct.pack(order + "L", following)


def _file(order: str, magic: bytes, parts: dict[int, bytes]) -> bytes:
    data = bytearray(16_384)
    data[:8] = magic + struct.pack(order + "L", 8)
    for offset, part in parts.items():
        data[offset : offset + len(part)] = part
    return bytes(data)


def _camera(turn: int = 1) -> list[Entry]:
    return [(0x010F, _ASCII, 8, _MAKE), (0x0112, _SHORT, 1, turn)]


def nef(turn: int = 1) -> bytes:
    """A thumbnail first, then the preview and the raw picture in directories below."""
    data = preview()
    main = [*_camera(turn), (0x0111, _LONG, 1, 900), (0x0117, _LONG, 1, 60)]
    main += [(0x014A, _LONG, 2, 160)]
    parts = {
        8: _directory(">", main),
        160: struct.pack(">LL", _SECOND, _THIRD),
        _MAKE: b"Kestrel\0",
        _SECOND: _directory(">", [(0x0201, _LONG, 1, _PREVIEW), (0x0202, _LONG, 1, len(data))]),
        _THIRD: _directory(">", [(0x0111, _LONG, 1, _RAW), (0x0117, _LONG, 1, 1000)]),
        _PREVIEW: data,
    }
    return _file(">", b"MM\0*", parts)


def cr2() -> bytes:
    """The preview is a strip of the first directory, the raw picture a lossless JPEG."""
    data = preview()
    strip = [(0x0111, _LONG, 1, _PREVIEW), (0x0117, _LONG, 1, len(data))]
    raw = [(0x0111, _LONG, 1, 9000), (0x0117, _LONG, 1, len(_LOSSLESS))]
    parts = {
        4: struct.pack("<L", 16) + b"CR\2\0",
        16: _directory("<", [*_camera(), *strip], _SECOND),
        _MAKE: b"Kestrel\0",
        _SECOND: _directory("<", raw),
        _PREVIEW: data,
        9000: _LOSSLESS,
    }
    return _file("<", b"II*\0", parts)


def rw2() -> bytes:
    """The preview is a value of the first directory."""
    data = preview()
    main = [*_camera(), (0x002E, _BYTES, len(data), _PREVIEW)]
    parts = {8: _directory("<", main), _MAKE: b"Kestrel\0", _PREVIEW: data}
    return _file("<", b"IIU\0", parts)


def raf() -> bytes:
    """The preview has its own EXIF, which says how it is turned."""
    data = preview(3)
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"\0") + struct.pack(">LL", 148, len(data))
    return head.ljust(148, b"\0") + data + bytes(200)


def cr3() -> bytes:
    """The preview is in a box of its own."""
    data = preview()
    inner = struct.pack(">L4s16x", len(data) + 24, b"PRVW") + data
    box = bytes.fromhex("eaf42b5e1c984b88b9fbb7dc406e4d16") + bytes(8) + inner
    boxes = ((b"ftyp", b"crx \0\0\0\1crx isom"), (b"moov", bytes(64)), (b"uuid", box))
    return b"".join(struct.pack(">L4s", len(one) + 8, name) + one for name, one in boxes)


#: File names, what makes the files, and whether the camera stood on its head.
RAW_FILES: dict[str, tuple[Callable[[], bytes], bool]] = {
    "one.nef": (nef, False),
    "turned.nef": (lambda: nef(3), True),
    "two.CR2": (cr2, False),
    "three.rw2": (rw2, False),
    "four.raf": (raf, True),
    "five.cr3": (cr3, False),
    "six.dng": (nef, False),
    "seven.arw": (cr2, False),
}
