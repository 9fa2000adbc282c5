"""Uploads in progress: files being received, and the tickets that track them."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from time import monotonic

from .documents import Doc


class IncomingFile:
    """A file written to disk while it is received; deleted unless :meth:`keep` is called."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / token_hex(8)
        self.size = 0
        self._file = self.path.open("xb")
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._kept = False

    def write(self, data: bytes) -> int:
        """Write the next piece."""
        self._md5.update(data)
        self.size += len(data)
        return self._file.write(data)

    def seek(self, offset: int) -> int:
        """Flush the file; the form parser seeks to its beginning when all of it was received."""
        self._file.flush()
        return self._file.seek(offset)

    def head(self, length: int) -> bytes:
        """Return the first bytes, after all have been received."""
        self._file.flush()
        with self.path.open("rb") as file:
            return file.read(length)

    @property
    def md5(self) -> str:
        """The MD5 of the bytes, in hex."""
        return self._md5.hexdigest()

    def keep(self, ending: str) -> Path:
        """Keep the file under a name with this extension, and return its path."""
        self._kept = True
        return self.path.rename(self.path.with_suffix(f".{ending}"))

    def close(self) -> None:
        """Close the file, and delete it if it is not kept."""
        self._file.close()
        if not self._kept:
            self.path.unlink(missing_ok=True)


@dataclass(slots=True)
class UploadTicket:
    """An upload; at ``ready_at`` (monotonic clock) it becomes a document or invalid.

    ``doc`` is None for a file that cannot be read. ``size`` in bytes counts towards the month of
    ``made_at`` (Unix seconds).
    """

    ticket_id: str
    user_id: str
    doc: Doc | None
    size: int
    made_at: float
    ready_at: float
    album_id: str | None = None
    settled: bool = False

    @property
    def eta(self) -> int:
        """The whole seconds until it is ready."""
        return max(0, math.ceil(self.ready_at - monotonic()))
