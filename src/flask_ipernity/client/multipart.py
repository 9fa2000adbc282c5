"""The bodies of POSTed calls: forms, and files that are sent as they are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from hashlib import md5
from io import TextIOBase
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Protocol, Self, TypeAlias
from urllib.parse import urlencode

from ..errors import UploadError
from .transport import RequestBody

if TYPE_CHECKING:

    class FormFile(Protocol):
        """A file of a form, such as Werkzeug's ``FileStorage``."""

        @property
        def filename(self) -> str | None: ...

        @property
        def stream(self) -> IO[bytes]: ...


#: A path, an open binary file that can seek, or a file of a form.
File: TypeAlias = "str | os.PathLike[str] | IO[bytes] | FormFile"

#: Is told how many bytes of how many are sent.
Progress: TypeAlias = Callable[[int, int], object]

_PIECE = 64 * 1024

# Seconds in which the service must answer once it has the whole file.
_PATIENCE = 120.0


def form(params: Mapping[str, str]) -> RequestBody:
    """Return *params* as the body of a form."""
    return RequestBody(
        urlencode(params).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    )


class UploadSource:
    """A file that is sent; it is read piece by piece, from where it stands.

    A path is opened here and closed by :meth:`close`; other files stay open.

    :param file: see :data:`File`.
    :param on_progress: is called after each piece.
    :raises TypeError: *file* is none of these.
    :raises OSError: the file cannot be opened or read.
    """

    def __init__(self, file: Any, on_progress: Progress | None = None) -> None:
        name: object = file
        self._ours = isinstance(file, str | os.PathLike)
        if self._ours:
            self.stream: IO[bytes] = Path(file).open("rb")  # noqa: SIM115 - see close
        else:
            # `name` of a FileStorage is the name of the form's field.
            name = getattr(file, "filename", None) or getattr(file, "name", None)
            self.stream = getattr(file, "stream", file)
            if isinstance(self.stream, TextIOBase) or not (
                hasattr(self.stream, "read") and hasattr(self.stream, "seek")
            ):
                raise TypeError(
                    f"file={type(file).__name__}: a path or an open binary file is needed"
                )
        # The last part, whichever way a browser's machine separates them.
        self.filename = os.fspath(str(name or "")).replace("\\", "/").rpartition("/")[2] or "file"
        self._on_progress = on_progress
        self._start = self.stream.tell()
        self.size = self.stream.seek(0, os.SEEK_END) - self._start
        self.stream.seek(self._start)
        #: Whether anything has been sent, and the bytes that the connection has taken.
        self.began = False
        self.sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._ours:
            self.stream.close()

    def md5(self) -> str:
        """Return the MD5 of the file, by which the service finds duplicates."""
        digest = md5(usedforsecurity=False)
        while piece := self.stream.read(_PIECE):
            digest.update(piece)
        self.stream.seek(self._start)
        return digest.hexdigest()

    def body(self, params: Mapping[str, str]) -> RequestBody:
        """Return *params* and the file as a multipart body of known length."""
        boundary = token_hex(16)
        fields = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in params.items()
        )
        head = (
            f'{fields}--{boundary}\r\nContent-Disposition: form-data; name="file";'
            f' filename="{_quoted(self.filename)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode("utf-8", "replace")
        tail = f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head) + self.size + len(tail)),
        }
        return RequestBody(self._pieces(head, tail), headers, patience=_PATIENCE)

    def _pieces(self, head: bytes, tail: bytes) -> Iterator[bytes]:
        self.began = True
        yield head
        while self.sent < self.size:
            piece = self._read(min(self.size - self.sent, _PIECE))
            yield piece
            self.sent += len(piece)
            if self._on_progress is not None:
                self._on_progress(self.sent, self.size)
        yield tail

    def _read(self, size: int) -> bytes:
        try:
            piece = self.stream.read(size)
        except OSError as error:
            raise UploadError(
                self.filename, None, f"{self.filename} could not be read: {error}"
            ) from error
        if not piece:
            raise UploadError(
                self.filename, None, f"{self.filename} became shorter while it was being sent"
            )
        return piece


def source(file: Any) -> UploadSource:
    """Return what *file* is sent from; what is one already stays as it is."""
    return file if isinstance(file, UploadSource) else UploadSource(file)


def _quoted(filename: str) -> str:
    # as browsers do it (HTML's multipart rules)
    return filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
