"""The files of documents, and the sizes of a picture: their labels and their pixels."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

#: All size labels, smallest first; ``NNx`` is a square, a plain number the longest side.
SIZE_LABELS = ("75x", "100", "240", "250x", "500", "560", "640", "800", "1024", "1600", "2048")

#: Opening a pipe would wait for a writer without it.
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class FileChanged(OSError):
    """A file on disk is not the one any more that was there when it was read."""


def open_regular(path: str | os.PathLike[str]) -> tuple[BinaryIO, os.stat_result]:
    """Open a file for reading, and return what the system says about it; never wait.

    :raises OSError: it cannot be opened, or is a pipe, a device or a folder.
    """
    # Only a regular file is safe to open: a device may start something.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError("it is no file")
    file = os.fdopen(os.open(path, os.O_RDONLY | _NO_WAIT), "rb")
    about = os.fstat(file.fileno())
    if not stat.S_ISREG(about.st_mode):
        file.close()
        raise OSError("it is no file")
    return file, about


@dataclass(frozen=True, slots=True)
class OriginalFile:
    """A file on disk or in memory; width and height are those of the upright picture.

    ``orientation`` is the EXIF value by which the pixels must be turned, ``checksum`` the MD5 if it
    is already known. ``part`` is where in the file the picture is, if not all of it: the first byte
    and the number of bytes. A file that is ``watched`` is refused once others have changed it.
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
    part: tuple[int, int] | None = None
    watched: bool = False

    @property
    def identity(self) -> str:
        """A text that changes when the file's bytes change, without reading a file on disk."""
        if isinstance(self.file, bytes):
            return hashlib.md5(self.file, usedforsecurity=False).hexdigest()
        # The name may be bytes that are no text in any encoding.
        name = hashlib.md5(os.fsencode(self.file), usedforsecurity=False).hexdigest()
        return f"{name}:{self.size}:{self.modified}:{self.orientation}:{self.part}"

    @property
    def changed(self) -> bool:
        """Whether a watched file is gone, or another one by now."""
        if not self.watched or isinstance(self.file, bytes):
            return False
        try:
            return not self._is(os.stat(self.file))
        except OSError:
            return True

    def _is(self, about: os.stat_result) -> bool:
        return (about.st_size, about.st_mtime) == (self.size, self.modified)

    def open(self) -> BinaryIO:
        """Open the file, or its part, for reading.

        :raises OSError: if the file is gone, or is another one by now.
        """
        if isinstance(self.file, bytes):
            return io.BytesIO(self.file)
        file, about = open_regular(self.file)
        if self.watched and not self._is(about):
            file.close()
            raise FileChanged("the file was changed")
        if self.part is None:
            return file
        with file:
            file.seek(self.part[0])
            return io.BytesIO(file.read(self.part[1]))

    def md5(self) -> str:
        """Return the MD5 of the bytes, in hex; if the file is gone, that of no bytes."""
        return self.checksum or _md5(self)


@lru_cache(maxsize=4096)
def _md5(picture: OriginalFile) -> str:
    checksum = hashlib.md5(usedforsecurity=False)
    try:
        with picture.open() as file:
            while piece := file.read(1 << 18):
                checksum.update(piece)
    except OSError:
        return hashlib.md5(usedforsecurity=False).hexdigest()
    return checksum.hexdigest()


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
