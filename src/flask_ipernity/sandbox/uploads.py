"""Uploads on their way: files that come in, and the tickets for what becomes of them."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from time import monotonic
from typing import IO, cast

from flask import Request

from .documents import Doc


class IncomingFile:
    """A file that is written to disk while it comes in; only what is kept stays there."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / token_hex(8)
        self.size = 0
        self._file = self.path.open("xb")
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._kept = False

    def write(self, data: bytes) -> int:
        """Takes the next piece."""
        self._md5.update(data)
        self.size += len(data)
        return self._file.write(data)

    def seek(self, offset: int) -> int:
        """What the form parser does at the end of a file: everything has come."""
        self._file.flush()
        return self._file.seek(offset)

    @property
    def md5(self) -> str:
        """MD5 of the bytes, in hex."""
        return self._md5.hexdigest()

    def keep(self, ending: str) -> Path:
        """Lets the file stay under a name with this ending, and returns its path."""
        self._kept = True
        return self.path.rename(self.path.with_suffix(f".{ending}"))

    def close(self) -> None:
        """Ends the writing, and removes a file that nobody keeps."""
        self._file.close()
        if not self._kept:
            self.path.unlink(missing_ok=True)


def upload_request_class(folder: Path) -> type[Request]:
    """Makes a class of requests that write their files into a folder, whatever their length."""

    class Upload(Request):
        received: tuple[IncomingFile, ...] = ()

        def _get_file_stream(
            self,
            total_content_length: int | None,
            content_type: str | None,
            filename: str | None = None,
            content_length: int | None = None,
        ) -> IO[bytes]:
            file = IncomingFile(folder)
            self.received = (*self.received, file)
            return cast(IO[bytes], file)

        def close(self) -> None:
            for file in self.received:
                file.close()

    return Upload


@dataclass(slots=True)
class UploadTicket:
    """An upload: from ``ready_at`` on (of the monotonic clock) it is a document, or invalid.

    ``doc`` is ``None`` for a file that turns out not to be readable. ``size`` in bytes counts for
    the month of ``made_at`` (unix).
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
        """Whole seconds until it is ready."""
        return max(0, math.ceil(self.ready_at - monotonic()))
