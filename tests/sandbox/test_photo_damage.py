"""Photo files that are damaged, or made to do damage: read as far as they are whole."""

from __future__ import annotations

import random
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import ImageFile

from flask_ipernity.sandbox.metadata import PhotoMetadata, read_photo
from tests.support.photo_files import (
    DESCRIPTION,
    EXIF_IFD,
    GPS_IFD,
    MAKE,
    ORIENTATION,
    TAKEN,
    Value,
    ascii_,
    exif,
    gif,
    guid_of,
    image_resources,
    iptc,
    jpeg,
    listed,
    png,
    rational,
    short,
    tiff,
    webp,
    xmp,
)

EXIF = exif(
    {MAKE: ascii_("Kestrel"), ORIENTATION: short(6), DESCRIPTION: ascii_("The old ferry")},
    {TAKEN: ascii_("2024:05:17 08:30:00"), 0x829A: rational(1, 250)},
    {1: ascii_("N"), 2: rational(31, 1, 2, 1, 3, 1), 3: ascii_("W"), 4: rational(7, 1, 7, 1, 4, 1)},
)
WORDS = xmp(
    listed("dc:title", "Alt", "x-default=Ferry", "de=Fähre")
    + listed("dc:subject", "Bag", "sea", "mule")
    + "<Iptc4xmpExt:LocationShown><rdf:Bag><rdf:li rdf:parseType='Resource'>"
    "<Iptc4xmpExt:City>Hvar</Iptc4xmpExt:City></rdf:li></rdf:Bag></Iptc4xmpExt:LocationShown>"
)
OLD = image_resources(iptc([(5, "Old"), (25, "old"), (55, "19990809")], charset=b"\x1b%G"), b"x")
LONG = xmp(listed("dc:subject", "Bag", *"abcdefgh"))
LINK = f'xmpNote:HasExtendedXMP="{guid_of(LONG)}"'
WHOLE = {
    "a.jpg": jpeg(EXIF, WORDS, OLD),
    "extended.jpg": jpeg(xmp=xmp(attributes=LINK), extended_xmp=LONG),
    "a.png": png(EXIF, WORDS, packed=True),
    "a.webp": webp(EXIF, WORDS),
    "a.gif": gif(WORDS),
    "a.tif": tiff({MAKE: ascii_("Kestrel"), 700: Value(1, WORDS)}, {TAKEN: ascii_("2024:05:17")}),
}


def read(folder: Path, name: str, data: bytes) -> PhotoMetadata:
    """Read a file with these bytes."""
    (folder / name).write_bytes(data)
    return read_photo(folder / name)


@pytest.mark.parametrize("name", WHOLE)
def test_a_damaged_file_is_read_or_refused_with_a_value_error(tmp_path: Path, name: str) -> None:
    dice = random.Random(name)
    whole = WHOLE[name]
    refused = 0
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 1, 4, 20))):
            data[dice.randrange(len(data))] = dice.choice((0, 1, 0x7F, 0xFF, dice.randrange(256)))
        if dice.random() < 0.2:
            del data[dice.randrange(len(data)) :]
        try:
            metadata = read(tmp_path, name, bytes(data))
        except ValueError:
            refused += 1
            continue
        for text in (metadata.title, metadata.description, *metadata.keywords):
            assert text is None or ((text.encode() and text.isprintable()) or "\n" in text)
    assert refused < 100


@pytest.mark.parametrize(
    "damaged",
    [
        exif({DESCRIPTION: ascii_("Ferry")})[:-3],
        struct.pack("<2sHLHHHLL", b"II", 42, 8, 1, MAKE, 2, 1 << 31, 8),
        struct.pack("<2sHLHHHLL", b"II", 42, 8, 1, MAKE, 2, 100, 0xFFFFFFF0),
        struct.pack("<2sHLHHHLL", b"II", 42, 8, 1, EXIF_IFD, 4, 1, 8),
        struct.pack("<2sHLHHHLL", b"II", 42, 8, 1, GPS_IFD, 4, 1, 0xFFFFFFFF),
        struct.pack("<2sHLH", b"II", 42, 8, 0xFFFF) + b"\xff" * 40,
        struct.pack("<2sHL", b"II", 42, 0xFFFFFFFF),
        b"II",
        b"no TIFF at all",
        exif({MAKE: Value(99, b"what"), ORIENTATION: Value(7, b"")}),
    ],
)
def test_damaged_exif_costs_its_own_values_only(tmp_path: Path, damaged: bytes) -> None:
    title = xmp(listed("dc:title", "Alt", "Ferry at dawn"))
    for name, data in (("a.jpg", jpeg(damaged, title)), ("a.png", png(damaged, title))):
        metadata = read(tmp_path, name, data)
        assert metadata.title == "Ferry at dawn"
        assert set(metadata.exif) <= {"ImageSize"}


def test_one_damaged_value_does_not_hide_the_others(tmp_path: Path) -> None:
    data = EXIF.replace(
        struct.pack("<HHL", DESCRIPTION, 2, len("The old ferry") + 1),
        struct.pack("<HHL", DESCRIPTION, 2, 0x7FFFFFFF),
    )
    assert data != EXIF
    metadata = read(tmp_path, "a.jpg", jpeg(data))
    assert (metadata.title, metadata.created) == (None, "2024-05-17 08:30:00")
    assert metadata.exif["Make"] == "Kestrel"


@pytest.mark.parametrize(
    ("packet", "title"),
    [
        # what stands before the damage is read
        (xmp(listed("dc:title", "Alt", "Ferry") + "<dc:creator><rdf:Seq>")[:-150], "Ferry"),
        (xmp(listed("dc:title", "Alt", "Ferry") + "<dc:rights>&nothing;</dc:rights>"), "Ferry"),
        (xmp(listed("dc:title", "Alt", "Ferry") + "</unopened>"), "Ferry"),
        (xmp(listed("dc:title", "Alt", "Fer\x02ry\x00")), "Ferry"),
        (xmp(listed("dc:title", "Alt", "F�rry")).replace("�".encode(), b"\xe9"), "F�rry"),
        (b"", None),
        (b"\0" * 50, None),
        (b"<?xpacket?>", None),
        (b"no XML", None),
        (b"<x/>", None),
    ],
)
def test_damaged_xmp_is_read_up_to_the_damage(
    tmp_path: Path, packet: bytes, title: str | None
) -> None:
    assert read(tmp_path, "a.jpg", jpeg(xmp=packet)).title == title


def bomb() -> bytes:
    """Return a document type by which one word becomes ten thousand million."""
    levels = (f'<!ENTITY {two} "{f"&{one};" * 10}">' for one, two in pairwise("abcdefghijk"))
    return f'<!DOCTYPE x [<!ENTITY a "ha">{"".join(levels)}]>'.encode()


TITLE = listed("dc:title", "Alt", "{}")
FILE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
EMPTY_CHUNK = struct.pack(">L4sL", 0, b"tEXt", zlib.crc32(b"tEXt"))
#: Files that are small and would become large, or take long.
HEAVY: dict[str, Callable[[], bytes]] = {
    "entities.jpg": lambda: jpeg(xmp=bomb() + xmp(TITLE.format("&k;"))),
    "files.jpg": lambda: jpeg(xmp=FILE + xmp(TITLE.format("&a;"))),
    "deep.png": lambda: png(xmp=xmp("<a>" * 200_000), packed=True),
    "zeros.png": lambda: png(xmp=b" " * 60_000_000, packed=True),
    "many.png": lambda: png(
        xmp=xmp(listed("dc:subject", "Bag", *map(str, range(9_000)))), packed=True
    ),
    "chunks.png": lambda: png()[:-12] + EMPTY_CHUNK * 200_000 + png()[-12:],
    "blocks.gif": lambda: gif(b"")[:13] + b"!\xfe\0" * 300_000 + gif(b"")[13:],
}


@pytest.mark.parametrize("name", HEAVY)
def test_a_file_made_to_be_heavy_is_read_quickly_and_in_little_memory(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(HEAVY[name]())
    tracemalloc.start()
    began = time.process_time()
    try:
        metadata = read_photo(tmp_path / name)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert metadata.title is None
    assert len(metadata.keywords) <= 500
    assert time.process_time() - began < 4
    assert peak < 60 << 20


@pytest.mark.parametrize("name", WHOLE)
def test_pixels_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def decode(self: ImageFile.ImageFile) -> None:
        raise AssertionError("decodes pixels")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    for data in (WHOLE[name], png(), jpeg(), png(EXIF, behind=True)):
        assert read(tmp_path, name, data).picture.width in (24, 16)
