"""The sizes of a picture: their labels, their pixels, and drawing them when needed."""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageDraw, ImageFont, ImageOps

#: All size labels, smallest first; ``NNx`` is a square, a plain number the longest side.
SIZE_LABELS = ("75x", "100", "240", "250x", "500", "560", "640", "800", "1024", "1600", "2048")

MAX_CACHE_BYTES = 48 * 1024 * 1024
JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A file on disk or in memory; width and height are those of the upright picture.

    ``orientation`` is an EXIF value that replaces the file's own, ``checksum`` the MD5 if it is
    already known.
    """

    file: Path | bytes
    ext: str
    filename: str
    width: int
    height: int
    size: int
    modified: float
    orientation: int | None = None
    checksum: str | None = None

    @property
    def identity(self) -> str:
        """A text that changes when the file's bytes change, without reading a file on disk."""
        if isinstance(self.file, bytes):
            return hashlib.md5(self.file, usedforsecurity=False).hexdigest()
        return f"{self.file}:{self.size}:{self.modified}:{self.orientation}"

    def open(self) -> BinaryIO:
        """Open the file for reading.

        :raises OSError: if the file is gone.
        """
        return io.BytesIO(self.file) if isinstance(self.file, bytes) else self.file.open("rb")

    def md5(self) -> str:
        """Return the MD5 of the bytes, in hex; if the file is gone, that of no bytes."""
        return self.checksum or _md5(self)


@lru_cache(maxsize=4096)
def _md5(picture: OriginalFile) -> str:
    try:
        with picture.open() as file:
            checksum = hashlib.md5(usedforsecurity=False)
            while piece := file.read(1 << 18):
                checksum.update(piece)
            return checksum.hexdigest()
    except OSError:
        return hashlib.md5(usedforsecurity=False).hexdigest()


def _pixels(label: str) -> int:
    return int(label.rstrip("x"))


def labels_for(width: int, height: int, largest: int = 2048) -> tuple[str, ...]:
    """Return the labels of a picture's sizes: none larger than itself or than its owner offers.

    Even the smallest picture has its 75x, which is then as small as its short side.
    """
    long, short = max(width, height), min(width, height)
    return tuple(
        label
        for label in SIZE_LABELS
        if label == "75x" or _pixels(label) <= min(largest, short if label.endswith("x") else long)
    )


def size_of(label: str, width: int, height: int) -> tuple[int, int]:
    """Return width and height of a size; the short side is rounded up ([R] 2048x1366 → 640x427)."""
    number = _pixels(label)
    if label.endswith("x"):
        side = min(number, width, height)
        return side, side
    long = max(width, height)
    # Integer ceiling: floating point could add a pixel to an exact ratio.
    return -(-width * number // long), -(-height * number // long)


def _upright(picture: OriginalFile, wanted: int) -> Image.Image:
    """Return the picture in RGB, turned as its EXIF says, decoded no larger than needed."""
    with picture.open() as file, Image.open(file) as image:
        image.draft("RGB", (wanted, wanted))
        if picture.orientation is not None:
            image.getexif()[0x0112] = picture.orientation
        upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        layer = upright.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        upright = Image.alpha_composite(white, layer)
    return upright.convert("RGB")


def draw(picture: OriginalFile, label: str) -> bytes:
    """Return a size of a picture as JPEG."""
    width, height = size_of(label, picture.width, picture.height)
    # draft() keeps both sides at least this long, so that nothing is enlarged.
    image = _upright(picture, max(width, height))
    if label.endswith("x"):
        image = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
    else:
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY, progressive=True, optimize=True)
    return out.getvalue()


class ThumbnailCache:
    """Draws sizes and keeps the most recently used, up to a number of bytes; thread-safe."""

    def __init__(self, limit: int = MAX_CACHE_BYTES) -> None:
        self.limit = limit
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def draw(self, picture: OriginalFile, label: str) -> bytes:
        """Return a size as JPEG, drawn now or taken from memory."""
        key = (picture.identity, label)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        data = draw(picture, label)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = data
                self._bytes += len(data)
            while self._bytes > self.limit:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return data


def _draw_letter(text: str, size: int, colour: str, mode: str) -> bytes:
    image = Image.new("RGB", (size, size), colour)
    font = ImageFont.load_default(size * 0.5)
    ImageDraw.Draw(image).text((size / 2, size / 2), text, "white", font, anchor="mm")
    out = io.BytesIO()
    image.save(out, mode)
    return out.getvalue()


def draw_avatar(name: str) -> bytes:
    """Return a member's picture: the initial on a colour made from the name, 100 px, JPEG."""
    hue = int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(), 16) % 360
    return _draw_letter(name[:1].upper(), 100, f"hsl({hue}, 35%, 45%)", "JPEG")


def draw_icon(media: str) -> bytes:
    """Return the generic picture of a media type: its initial on grey, 75 px, PNG."""
    return _draw_letter(media[:1].upper(), 75, "#8a8f98", "PNG")
