"""The body of an API call: its fields, and a file that is written to disk while it arrives.

Werkzeug's parser would make a file of every part, and of one as large as the disk, before anybody
knows who calls. A page of any website can send such bodies to this machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO, Any, cast

from flask import Request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser, MultiPartParser
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from .uploads import IncomingFile

#: The most parts of a body; ``upload.file`` has 20 parameters.
MAX_PARTS = 50

#: The most bytes of a file that comes before the ``api_key``; it is kept in memory until then.
HELD_BYTES = 4 << 20

_PIECE_BYTES = 64 * 1024


class _Held(BytesIO):
    """The beginning of a file, until it is known whose it is."""

    def __init__(self, most: int = HELD_BYTES) -> None:
        super().__init__()
        self._most = most
        self.complete = most > 0

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > self._most:
            self.complete = False
            return len(data)
        return super().write(data)


class CallBodyParser(FormDataParser):
    """Reads a body as Werkzeug's parser does, but at most one file, and none of an unknown caller.

    A body ends for it where the file of an unknown caller begins.

    :param receive: returns the file on disk to write to.
    :param is_known: whether there is an application with this key.
    :param key: the ``api_key`` of the query.
    """

    def __init__(
        self,
        receive: Callable[[], IncomingFile],
        is_known: Callable[[str], bool],
        key: str | None,
        max_form_memory_size: int | None,
    ) -> None:
        super().__init__(max_form_memory_size=max_form_memory_size, max_form_parts=MAX_PARTS)
        self._receive, self._is_known, self._key = receive, is_known, key

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Return the stream, the fields and the files of a body."""
        boundary = (options or {}).get("boundary", "").encode("ascii", "replace")
        if mimetype != "multipart/form-data" or not boundary:
            return super().parse(stream, mimetype, content_length, options)
        try:
            return stream, *self._parse_parts(stream, boundary)
        except ValueError:
            # As Werkzeug has it: a body that cannot be read is an empty one.
            return stream, MultiDict(), MultiDict()

    def _parse_parts(
        self, stream: IO[bytes], boundary: bytes
    ) -> tuple[MultiDict[str, str], MultiDict[str, FileStorage]]:
        decoder = MultipartDecoder(boundary, self.max_form_memory_size, max_parts=MAX_PARTS)
        fields: MultiDict[str, str] = MultiDict()
        files: MultiDict[str, FileStorage] = MultiDict()
        part: Field | File | None = None
        content: BytesIO | IncomingFile = BytesIO()
        for data in chain(iter(partial(stream.read, _PIECE_BYTES), b""), [None]):
            decoder.receive_data(data)
            while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                if isinstance(event, Field):
                    part, content = event, BytesIO()
                elif isinstance(event, File):
                    if self._key is not None and not self._is_known(self._key):
                        return fields, files
                    part, content = event, self._container(event, files)
                elif isinstance(event, Data) and part is not None:
                    content.write(event.data)
                    if isinstance(part, Field):
                        self._check_size(content)
                    if not event.more_data:
                        self._finish(part, content, fields, files)
        return fields, files

    def _container(self, part: File, files: MultiDict[str, FileStorage]) -> BytesIO | IncomingFile:
        """Return what a file is written to; only the first one named ``file`` is read."""
        if part.name != "file" or files:
            return _Held(most=0)
        return _Held() if self._key is None else self._receive()

    def _check_size(self, content: BytesIO | IncomingFile) -> None:
        """Check the size of a field.

        :raises RequestEntityTooLarge: it is too large.
        """
        most = self.max_form_memory_size
        if most is not None and isinstance(content, BytesIO) and content.tell() > most:
            raise RequestEntityTooLarge

    def _finish(
        self,
        part: Field | File,
        content: BytesIO | IncomingFile,
        fields: MultiDict[str, str],
        files: MultiDict[str, FileStorage],
    ) -> None:
        """Add a part that has arrived; a file waits in ``files`` until its caller is known."""
        content.seek(0)
        if isinstance(part, File):
            if not isinstance(content, _Held) or content.complete:
                file = FileStorage(
                    cast(IO[bytes], content), part.filename, part.name, headers=part.headers
                )
                files.add(part.name, file)
            return
        assert isinstance(content, BytesIO)
        charset = MultiPartParser().get_part_charset(part.headers)
        text = content.read().decode(charset, "replace")
        fields.add(part.name, text)
        if part.name == "api_key":
            self._key = text
            self._write_held(files)

    def _write_held(self, files: MultiDict[str, FileStorage]) -> None:
        """Write a file that came before the key, if the key is known now."""
        for held in list(files.values()):
            if isinstance(held.stream, _Held):
                if self._key is None or not self._is_known(self._key):
                    files.clear()
                    return
                file = self._receive()
                file.write(held.stream.getvalue())
                file.seek(0)
                held.stream = cast(IO[bytes], file)


def call_request_class(folder: Path, is_known: Callable[[str], bool]) -> type[Request]:
    """Return a request class that writes an uploaded file into a folder, whatever its size.

    :param is_known: whether there is an application with this key.
    """

    class CallRequest(Request):
        received: tuple[IncomingFile, ...] = ()

        def _receive(self) -> IncomingFile:
            file = IncomingFile(folder)
            self.received = (*self.received, file)
            return file

        def make_form_data_parser(self) -> FormDataParser:
            return CallBodyParser(
                self._receive, is_known, self.args.get("api_key"), self.max_form_memory_size
            )

        def close(self) -> None:
            for file in self.received:
                file.close()

    return CallRequest
