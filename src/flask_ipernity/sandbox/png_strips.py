"""Decodes a PNG strip by strip, so that one of any size takes little memory.

Pillow decodes it as a whole, four bytes a pixel. Here its rows are unpacked, and handed to Pillow's
decoder some at a time, after the row that their filters refer to (PNG specification, 9.2).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

#: Bytes of a pixel in the file, by Pillow's names of the pixels in memory and in the file.
_KINDS = {
    ("L", "L"): 1,
    ("LA", "LA"): 2,
    ("P", "P"): 1,
    ("RGB", "RGB"): 3,
    ("RGBA", "RGBA"): 4,
    ("I;16", "I;16B"): 2,
}
_PIECE = 1 << 16


def can_be_read_in_strips(image: Image.Image) -> bool:
    """Return whether a picture whose pixels are not read yet is a PNG of a usual kind."""
    return (
        isinstance(image, PngImageFile)
        and len(image.tile) == 1
        and (image.mode, image.tile[0].args) in _KINDS
        and not image.info.get("interlace")
        and getattr(image, "n_frames", 1) == 1
    )


def strips(image: Image.Image, file: BinaryIO, rows: int) -> Iterator[Image.Image]:
    """Yield the picture from top to bottom, at most so many rows at a time.

    One that is damaged ends where the damage begins.
    """
    rawmode = str(image.tile[0].args)  # type: ignore[attr-defined]
    pixel = _KINDS[image.mode, rawmode]
    width, left = image.size
    length = 1 + width * pixel
    unpacked, data = _unpacked(file), bytearray()
    above = b""
    while left:
        wanted = min(rows, left)
        while len(data) < wanted * length and (piece := next(unpacked, b"")):
            data += piece
        number = min(wanted, len(data) // length)
        strip = None
        while number and strip is None:
            strip = _decoded(image.mode, rawmode, width, above + data[: number * length])
            # a damaged row takes those above it along
            number = number // 2 if strip is None else number
        if strip is None:
            return
        del data[: number * length]
        last = strip.crop((0, strip.height - 1, width, strip.height))
        above = b"\0" + last.tobytes("raw", rawmode)
        if strip.height > number:
            strip = strip.crop((0, 1, width, strip.height))
        if image.palette is not None:
            strip.palette = image.palette.copy()
        strip.info = image.info
        yield strip
        left -= number


def _decoded(mode: str, rawmode: str, width: int, data: bytes) -> Image.Image | None:
    """Return rows with their filters as a picture; None if one of them is damaged."""
    height = len(data) // (1 + width * _KINDS[mode, rawmode])
    strip = Image.new(mode, (width, height))
    try:
        strip.frombytes(zlib.compress(data, 0), "zip", rawmode)
    except (OSError, ValueError):
        return None
    return strip


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    """Yield the rows of a PNG with their filters, in pieces."""
    inflate = zlib.decompressobj()
    file.seek(8)
    while len(lead := file.read(8)) == 8:
        left, name = int.from_bytes(lead[:4], "big"), lead[4:]
        if name != b"IDAT":
            if name == b"IEND":
                return
            file.seek(left + 4, 1)
            continue
        while left > 0 and (piece := file.read(min(left, _PIECE))):
            left -= len(piece)
            while piece:
                try:
                    yield inflate.decompress(piece, 16 * _PIECE)
                except zlib.error:
                    return
                piece = inflate.unconsumed_tail
        file.seek(4, 1)
