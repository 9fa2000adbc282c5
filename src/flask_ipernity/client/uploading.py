"""The bodies of POSTed calls: forms, and files that are sent as they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import IO, Any
from urllib.parse import urlencode

from .transport import Body

_PIECE = 64 * 1024


def form(params: Mapping[str, str]) -> Body:
    """Return *params* as the body of a form."""
    return Body(urlencode(params).encode(), {"Content-Type": "application/x-www-form-urlencoded"})


def multipart(params: Mapping[str, str], file: Any) -> Body:
    """Return *params* and *file* as a multipart body of known length.

    The file is read while it is sent, never as a whole.

    :param file: a path, or an open binary file that can seek.
    :raises TypeError: neither of the two.
    :raises OSError: the file cannot be opened or read.
    """
    if isinstance(file, str | os.PathLike):
        opened: IO[bytes] = Path(file).open("rb")  # noqa: SIM115 - _pieces closes it
        ours = True
    elif hasattr(file, "read") and hasattr(file, "seek"):
        opened, ours = file, False
    else:
        raise TypeError(f"file={type(file).__name__}: a path or an open binary file is needed")
    start = opened.tell()
    size = opened.seek(0, os.SEEK_END) - start
    opened.seek(start)

    boundary = token_hex(16)
    fields = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in params.items()
    )
    filename = _quoted(Path(str(getattr(opened, "name", "") or "file")).name)
    head = (
        f'{fields}--{boundary}\r\nContent-Disposition: form-data; name="file";'
        f' filename="{filename}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(head) + size + len(tail)),
    }
    return Body(_pieces(head, opened, size, tail, close=ours), headers)


def _quoted(filename: str) -> str:
    # as browsers do it (HTML's multipart rules)
    return filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _pieces(
    head: bytes, file: IO[bytes], size: int, tail: bytes, *, close: bool
) -> Iterator[bytes]:
    try:
        yield head
        while size > 0:
            piece = file.read(min(size, _PIECE))
            if not piece:
                raise OSError("the file became shorter while it was being sent")
            size -= len(piece)
            yield piece
        yield tail
    finally:
        if close:
            file.close()
