"""Folders of photos, and what real ones hold besides photos."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from PIL import Image


def save(path: Path, size: tuple[int, int] = (90, 60), colour: str = "teal") -> Path:
    """Write a picture in the format of its ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def _copy(path: bytes, folder: Path) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write((folder / "fine.jpg").read_bytes())


def _named(name: bytes) -> Callable[[Path], object]:
    return lambda folder: _copy(os.path.join(os.fsencode(folder), name), folder)


def _linked(name: str, target: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).symlink_to(target)


def _socket(folder: Path) -> None:
    # the path of a socket must be short
    before = os.getcwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind("socket.jpg")
    finally:
        os.chdir(before)


def _link_to_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / ".pipe")
    (folder / "to-pipe.png").symlink_to(".pipe")


def _deep(folder: Path) -> None:
    """Make folders below each other until their path is longer than the system takes."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        for _ in range(20):
            os.mkdir("d" * 250)
            os.chdir("d" * 250)
        Path("deep.jpg").write_bytes(b"\xff\xd8\xff")
    finally:
        os.chdir(before)


#: What is shown beside ``fine.jpg``, and what is left out.
SHOWN: dict[str, Callable[[Path], object]] = {
    "a name in Latin-1": _named(b"\xc9t\xe9.jpg"),
    "a folder in Latin-1": _named(b"\xc9t\xe9 1998/one.jpg"),
    "a broken end of UTF-8": _named(b"caf\xc3.jpg"),
    "a name of 255 bytes": _named(b"n" * 251 + b".jpg"),
    "a name of 255 bytes in two-byte letters": _named(("é" * 125 + "x.jpg").encode()),
    "a folder of 255 bytes": _named(b"f" * 255 + b"/one.jpg"),
    "control characters": _named(b"a\nb\tc\x01\x7f.jpg"),
    "mark-up": _named(b"<b>{{7*7}}&amp;%00.jpg"),
    "text from right to left": _named("ab\u202egpj.jpg".encode()),
    "a folder with the ending of a photo": _named(b"x.jpg/one.jpg"),
    "a link inside the folder": _linked("link.jpg", "fine.jpg"),
    "jpe and jfif": lambda folder: [_named(name)(folder) for name in (b"a.jpe", b"b.JFIF")],
    "no ending": _named(b"IMG_0001"),
}
LEFT_OUT: dict[str, Callable[[Path], object]] = {
    "a link to itself": _linked("loop.jpg", "loop.jpg"),
    "a circle of links": lambda folder: [
        _linked(*names)(folder) for names in (("a.jpg", "b.jpg"), ("b.jpg", "a.jpg"))
    ],
    "a link to nothing": _linked("broken.jpg", "nothing.jpg"),
    "a linked folder": _linked("again", "."),
    "a link to a device": _linked("zero.jpg", "/dev/zero"),
    "a pipe": lambda folder: os.mkfifo(folder / "pipe.jpg"),
    "a pipe with the name of a film": lambda folder: os.mkfifo(folder / "pipe.mp4"),
    "a link to a pipe": _link_to_a_pipe,
    "a socket": _socket,
    "an empty file": lambda folder: (folder / "empty.jpg").touch(),
    "a text": lambda folder: (folder / "notes.txt").write_text("no picture") and None,
    "a text with the name of a photo": lambda folder: (folder / "notes.jpg").write_text(
        "no picture"
    ),
    "a text with the name of a sound": lambda folder: (folder / "notes.mp3").write_text("no sound"),
    "half a header": lambda folder: (folder / "half.jpg").write_bytes(
        (folder / "fine.jpg").read_bytes()[:90]
    ),
    "too deep a folder": _deep,
}
TROUBLE = SHOWN | LEFT_OUT


def folder_of_trouble(root: Path) -> dict[str, Path]:
    """Make a sub-folder with ``fine.jpg`` for each trouble; return them."""
    folders = {trouble: root / str(number) for number, trouble in enumerate(TROUBLE)}
    for trouble, folder in folders.items():
        save(folder / "fine.jpg")
        TROUBLE[trouble](folder)
    return folders
