"""Opens pictures of all formats that can be drawn: reads their headers, not their pixels.

Nothing here changes a setting of Pillow, which the application may use as well: neither its limit
on the number of pixels (:mod:`.drawing` has its own, in bytes) nor its way with cut files.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

_HeifImageFile: Callable[[BinaryIO], ImageFile.ImageFile] | None = None
with suppress(ImportError):  # the extra "heic"
    from pillow_heif import HeifImageFile as _HeifImageFile

#: What Pillow may raise while it reads a file that is damaged, or made to break it. Warnings are
#: exceptions where an application has made them so.
DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    AssertionError,
    struct.error,
    Warning,
    Image.DecompressionBombError,
)

#: The endings of photos that only the extra "heic" can read.
OPTIONAL = ("heic", "heif", "hif")

#: Chunks of a PNG that are text. Pillow refuses a picture for a broken or long one.
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
#: The longest chunk, in bytes, of those before the pixels that is kept.
_LONGEST_CHUNK = 8 << 20

#: How often the end of a JPEG is written behind a file that has none.
_ENDS = 64


class _Jpeg(JpegImageFile):
    """A JPEG; one that is cut ends where it is cut, as in a browser."""

    _ends = 0

    def _read_dpi_from_exif(self) -> None:
        """Do not read EXIF: Pillow looks for the resolution there, and warns of what is damaged."""

    def load_read(self, read_bytes: int) -> bytes:
        data = super().load_read(read_bytes)
        if not data and self._ends < _ENDS:
            self._ends += 1
            return b"\xff\xd9"
        return data


class _Spliced(io.RawIOBase):
    """Some bytes, and then a file from an offset on."""

    def __init__(self, head: bytes, file: BinaryIO, offset: int) -> None:
        self._head, self._file, self._offset = head, file, offset
        self._length = len(head) + max(0, file.seek(0, io.SEEK_END) - offset)
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = (0, self._place, self._length)[whence]
        self._place = max(0, start + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, size: int | None = -1) -> bytes:
        """Read up to a number of bytes; fewer only at the end."""
        size = self._length if size is None or size < 0 else size
        data = self._head[self._place : self._place + size]
        if len(data) < size:
            self._file.seek(self._offset + self._place + len(data) - len(self._head))
            data += self._file.read(size - len(data))
        self._place += len(data)
        return data


def _without_texts(file: BinaryIO) -> BinaryIO:
    """Return a PNG without the texts before its pixels."""
    head, dropped = [file.read(8)], False
    while True:
        start = file.tell()
        lead = file.read(8)
        length = int.from_bytes(lead[:4], "big")
        if len(lead) < 8 or lead[4:] in (b"IDAT", b"IEND"):
            break
        if lead[4:] in _TEXTS or length > _LONGEST_CHUNK:
            file.seek(length + 4, io.SEEK_CUR)
            dropped = True
        else:
            head.append(lead + file.read(length + 4))
    file.seek(0)
    return _Spliced(b"".join(head), file, start) if dropped else file  # type: ignore[return-value]


def _brand(head: bytes) -> bytes:
    return head[8:12] if head[4:8] == b"ftyp" else b""


def _opened(file: BinaryIO, head: bytes) -> ImageFile.ImageFile | None:
    if head.startswith(b"\xff\xd8\xff"):
        return _Jpeg(file)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImageFile(_without_texts(file))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WebPImageFile(file)
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return GifImageFile(file)
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return TiffImageFile(file)
    if head[:2] == b"BM":
        return BmpImageFile(file)
    if _brand(head) in (b"avif", b"avis"):
        return AvifImageFile(file)
    if _brand(head) and _HeifImageFile is not None:
        return _HeifImageFile(file)
    return None


def open_image(file: BinaryIO) -> ImageFile.ImageFile:
    """Return a picture whose pixels are not read yet; it needs the file until they are.

    :raises ValueError: it is none that can be drawn.
    """
    file.seek(0)
    head = file.read(16)
    file.seek(0)
    try:
        image = _opened(file, head)
    except DAMAGED as error:
        raise ValueError(f"it is damaged: {error}") from error
    if image is None:
        raise ValueError("it is no picture that can be read here")
    if min(image.size) < 1:
        raise ValueError("it has no pixels")
    if getattr(image, "default_image", False):
        # what stands for the picture where animations are not known
        with suppress(*DAMAGED):
            image.seek(1)
    return image


def can_open(ext: str) -> bool:
    """Return whether files with this ending can be read with the packages that are installed."""
    return ext not in OPTIONAL or _HeifImageFile is not None


def comes_upright(image: ImageFile.ImageFile) -> bool:
    """Return whether the pixels of this format come turned as its header says."""
    return image.format in ("TIFF", "HEIF")


def is_turned_by_exif(image: ImageFile.ImageFile) -> bool:
    """Return whether browsers turn a picture of this format as EXIF says.

    Of a PNG the chunk eXIf counts, not a text with EXIF in it, and of WebP nothing (Chromium 150).
    """
    return image.format in ("JPEG", "AVIF") or (image.format == "PNG" and "exif" in image.info)
