"""The bodies of POST requests: forms, and files that are read while they are sent."""

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
from ..http.redaction import SecretBytes
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

#: Is called with the number of bytes sent so far, and of the whole file.
Progress: TypeAlias = Callable[[int, int], object]

_CHUNK_SIZE = 64 * 1024

# Seconds in which the service must respond after it has the whole file.
_RESPONSE_TIMEOUT = 120.0


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def form_body(params: Mapping[str, str]) -> RequestBody:
    """Return *params* as the body of a form."""
    return RequestBody(SecretBytes(urlencode(params).encode()), _FORM)


class UploadSource:
    """A file to upload; it is read chunk by chunk, from its current position.

    A path is opened here, and closed by :meth:`close`; other files stay open.

    :param file: see :data:`File`.
    :param on_progress: is called after each chunk.
    :raises TypeError: *file* is of another type.
    :raises OSError: the file cannot be opened or read.
    """

    def __init__(self, file: Any, on_progress: Progress | None = None) -> None:
        name: object = file
        self._opened_here = isinstance(file, str | os.PathLike)
        if self._opened_here:
            self.stream: IO[bytes] = Path(file).open("rb")  # noqa: SIM115 - see close
        else:
            # `name` of a FileStorage is the name of the form's field.
            name = file.filename if hasattr(file, "filename") else getattr(file, "name", None)
            self.stream = getattr(file, "stream", file)
            if isinstance(self.stream, TextIOBase) or not (
                hasattr(self.stream, "read") and hasattr(self.stream, "seek")
            ):
                raise TypeError(
                    f"file={type(file).__name__}: a path or an open binary file is needed"
                )
        self.filename = _last_part(name, of_a_form=hasattr(file, "filename")) or "file"
        self._on_progress = on_progress
        self._start = self.stream.tell()
        self.size = self.stream.seek(0, os.SEEK_END) - self._start
        self.stream.seek(self._start)
        #: Whether anything was sent.
        self.started = False
        #: How many bytes of the file were sent.
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
        """Close the file if it was given as a path."""
        if self._opened_here:
            self.stream.close()

    def md5(self) -> str:
        """Return the MD5 of the file, by which the service finds duplicates."""
        digest = md5(usedforsecurity=False)
        while chunk := self.stream.read(_CHUNK_SIZE):
            digest.update(chunk)
        self.stream.seek(self._start)
        return digest.hexdigest()

    def body(self, params: Mapping[str, str]) -> RequestBody:
        """Return *params* and the file as a multipart body of known length."""
        boundary = token_hex(16)
        lines = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in params.items()
        )
        lines += (
            f'--{boundary}\r\nContent-Disposition: form-data; name="file";'
            f' filename="{_quoted(self.filename)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        head = SecretBytes(lines.encode("utf-8", "replace"))
        tail = f"\r\n--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head) + self.size + len(tail)),
        }
        return RequestBody(self._chunks(head, tail), headers, response_timeout=_RESPONSE_TIMEOUT)

    def _chunks(self, head: bytes, tail: bytes) -> Iterator[bytes]:
        self.started = True
        yield head
        while self.sent < self.size:
            chunk = self._read(min(self.size - self.sent, _CHUNK_SIZE))
            yield chunk
            self.sent += len(chunk)
            if self._on_progress is not None:
                self._on_progress(self.sent, self.size)
        yield tail

    def _read(self, size: int) -> bytes:
        try:
            chunk = self.stream.read(size)
        except OSError as error:
            raise UploadError(
                self.filename,
                None,
                "%(file)s could not be read: %(error)s",
                reason="unreadable",
                error=error,
            ) from error
        if not chunk:
            raise UploadError(
                self.filename,
                None,
                "%(file)s became shorter while it was being sent.",
                reason="unreadable",
            )
        return chunk


def _last_part(name: object, *, of_a_form: bool) -> str:
    """Return the last part of a path.

    Browsers may send a whole path, in the style of their own system. In a path of this machine a
    backslash separates on Windows only; elsewhere it is a character like any other.
    """
    # The name of a file that was opened as bytes is bytes, and that of a descriptor its number.
    text = os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name or "")
    if of_a_form:
        text = text.replace("\\", "/")
    return os.path.basename(text)


def _quoted(filename: str) -> str:
    # As the HTML standard has it for multipart/form-data.
    return filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
