"""Makes small photo files with EXIF, IPTC and XMP, right and wrong ones, byte by byte.

A value of EXIF is a :class:`Value`; other programs refuse to write most of the odd ones.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import md5
from typing import NamedTuple

from PIL import Image

EXIF_IFD, GPS_IFD = 0x8769, 0x8825
DESCRIPTION, MAKE, MODEL, ORIENTATION, TAKEN, DIGITIZED = (
    *(0x010E, 0x010F, 0x0110, 0x0112, 0x9003, 0x9004),
)
WIDTH, HEIGHT = 24, 16


class Value(NamedTuple):
    """A value of EXIF: its type, the number of items, and how they are packed (or the bytes)."""

    kind: int
    items: tuple[int, ...] | bytes


def ascii_(text: str | bytes) -> Value:
    """Return a text with the NUL at its end; a ``str`` is written in UTF-8."""
    return Value(2, (text.encode() if isinstance(text, str) else text) + b"\0")


def short(*numbers: int) -> Value:
    """Return numbers of 16 bits."""
    return Value(3, numbers)


def rational(*numbers: int) -> Value:
    """Return fractions: numerator, denominator, numerator, …"""
    return Value(5, numbers)


def signed_rational(*numbers: int) -> Value:
    """Return fractions that may be negative."""
    return Value(10, numbers)


def wide(text: str) -> Value:
    """Return a text as Windows writes it."""
    return Value(1, text.encode("utf-16-le") + b"\0\0")


Directory = Mapping[int, Value]
_LETTERS = {3: "H", 4: "L", 5: "L", 9: "l", 10: "l"}


def exif(
    main: Directory | None = None,
    shot: Directory | None = None,
    place: Directory | None = None,
    order: str = "<",
) -> bytes:
    """Return a TIFF file without a picture: EXIF.

    :param order: ``<`` or ``>``.
    """
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "L", 8)
    entries = dict(main or {})
    below = {EXIF_IFD: shot, GPS_IFD: place}
    entries |= {tag: Value(4, (0,)) for tag, directory in below.items() if directory}
    data = _directory(entries, 8, order)
    for tag, directory in below.items():
        if directory:
            entries[tag] = Value(4, (8 + len(data),))
            data += _directory(directory, 8 + len(data), order)
    # once more, now that the places of the other directories are known
    first = _directory(entries, 8, order)
    return head + first + data[len(first) :]


def _directory(entries: Directory, offset: int, order: str) -> bytes:
    """Return a directory that begins at an offset, and behind it the longer values."""
    fields, behind = b"", b""
    start = offset + 2 + 12 * len(entries) + 4
    for tag, (kind, items) in sorted(entries.items()):
        if isinstance(items, bytes):
            data, count = items, len(items)
        else:
            data = struct.pack(f"{order}{len(items)}{_LETTERS[kind]}", *items)
            count = len(items) // (2 if kind in (5, 10) else 1)
        if len(data) > 4:
            place = struct.pack(order + "L", start + len(behind))
            behind += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        fields += struct.pack(order + "HHL", tag, kind, count) + place
    return struct.pack(order + "H", len(entries)) + fields + b"\0" * 4 + behind


def iptc(
    datasets: Iterable[tuple[int, str | bytes]], *, charset: bytes = b"", encoding: str = "utf-8"
) -> bytes:
    """Return IPTC data.

    :param charset: what dataset 1:90 says; none without it.
    """
    data = _dataset(1, 90, charset) if charset else b""
    for number, text in datasets:
        data += _dataset(2, number, text if isinstance(text, bytes) else text.encode(encoding))
    return data


def _dataset(record: int, number: int, value: bytes) -> bytes:
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


def image_resources(iptc: bytes, digest_of: bytes | None = None) -> bytes:
    """Return Photoshop's resources with IPTC and, if wanted, the digest of other IPTC data."""
    data = _resource(0x03ED, b"\0" * 16) + _resource(0x0404, iptc)
    return data if digest_of is None else data + _resource(0x0425, md5(digest_of).digest())


def _resource(code: int, value: bytes) -> bytes:
    pad = b"\0" * (len(value) % 2)
    return b"8BIM" + struct.pack(">HH", code, 0) + struct.pack(">L", len(value)) + value + pad


NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "cc": "http://creativecommons.org/ns#",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
}


def xmp(elements: str = "", attributes: str = "") -> bytes:
    """Return a packet with the properties that are given as XML, as elements or attributes."""
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in NAMESPACES.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces} {attributes}>{elements}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>\n" + " " * 80 + '\n<?xpacket end="w"?>'
    ).encode()


def listed(name: str, kind: str, *items: str) -> str:
    """Return a property with an ``Alt``, ``Bag`` or ``Seq``; an item may be ``language=text``."""
    texts = ""
    for item in items:
        language, _, text = item.rpartition("=") if kind == "Alt" else ("", "", item)
        mark = f' xml:lang="{language or "x-default"}"' if kind == "Alt" else ""
        texts += f"<rdf:li{mark}>{text}</rdf:li>"
    return f"<{name}><rdf:{kind}>{texts}</rdf:{kind}></{name}>"


@lru_cache
def _plain(form: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), "teal").save(out, form)
    return out.getvalue()


def jpeg(
    exif: bytes = b"",
    xmp: bytes = b"",
    resources: bytes = b"",
    extended_xmp: bytes = b"",
) -> bytes:
    """Return a JPEG; ``extended_xmp`` is spread over two segments, the second one first."""
    segments = []
    if exif:
        segments.append((0xE1, b"Exif\0\0" + exif))
    if xmp:
        segments.append((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp))
    if extended_xmp:
        half = len(extended_xmp) // 2
        for offset, part in ((half, extended_xmp[half:]), (0, extended_xmp[:half])):
            head = guid_of(extended_xmp).encode() + struct.pack(">LL", len(extended_xmp), offset)
            segments.append((0xE1, b"http://ns.adobe.com/xmp/extension/\0" + head + part))
    if resources:
        segments.append((0xED, b"Photoshop 3.0\0" + resources))
    picture = _plain("JPEG")
    data = b"".join(struct.pack(">BBH", 0xFF, kind, len(one) + 2) + one for kind, one in segments)
    return picture[:2] + data + picture[2:]


def guid_of(extended_xmp: bytes) -> str:
    """Return what ``xmpNote:HasExtendedXMP`` says of extended XMP."""
    return md5(extended_xmp).hexdigest().upper()


def png(
    exif: bytes = b"", xmp: bytes = b"", *, behind: bool = False, packed: bool = False
) -> bytes:
    """Return a PNG.

    :param behind: whether the chunks stand behind the pixels.
    :param packed: whether the XMP is compressed.
    """
    text = zlib.compress(xmp) if packed else xmp
    chunks = _chunk(b"eXIf", exif) if exif else b""
    if xmp:
        flags = b"\1\0" if packed else b"\0\0"
        chunks += _chunk(b"iTXt", b"XML:com.adobe.xmp\0" + flags + b"\0\0" + text)
    picture = _plain("PNG")
    place = picture.index(b"IEND" if behind else b"IDAT") - 4
    return picture[:place] + chunks + picture[place:]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))


def profiled_png(**profiles: bytes) -> bytes:
    """Return a PNG with profiles in hex, by their kind: the form of ImageMagick."""
    chunks = b""
    for kind, data in profiles.items():
        text = f"\n{kind}\n{len(data):8}\n{data.hex()}\n".encode()
        value = b"Raw profile type " + kind.encode() + b"\0\0" + zlib.compress(text)
        chunks += _chunk(b"zTXt", value)
    picture = _plain("PNG")
    return picture[:33] + chunks + picture[33:]


def webp(exif: bytes = b"", xmp: bytes = b"") -> bytes:
    """Return a WebP."""
    return saved("WEBP", exif, xmp)


def saved(form: str, exif: bytes = b"", xmp: bytes = b"") -> bytes:
    """Return a file in one of Pillow's formats that knows both."""
    out = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), "teal").save(out, form, exif=exif, xmp=xmp)
    return out.getvalue()


def gif(xmp: bytes) -> bytes:
    """Return a GIF whose XMP stands behind a comment and before the picture."""
    picture = _plain("GIF")
    start = 13 + (3 << (picture[10] & 7) + 1)
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    blocks = b"!\xfe\x05hello\0" + b"!\xff\x0bXMP DataXMP" + xmp + trailer
    return b"GIF89a" + picture[6:start] + blocks + picture[start:]


def tiff(main: Directory, shot: Directory | None = None, order: str = "<") -> bytes:
    """Return a TIFF whose only strip has one grey for all pixels."""
    size = WIDTH * HEIGHT
    picture = {
        0x0100: short(WIDTH),
        0x0101: short(HEIGHT),
        0x0102: short(8),
        0x0103: short(1),
        0x0106: short(1),
        0x0111: Value(4, (0,)),
        0x0115: short(1),
        0x0117: Value(4, (size,)),
    }
    head = exif({**picture, **main}, shot, order=order)
    return (
        exif({**picture, 0x0111: Value(4, (len(head),)), **main}, shot, order=order)
        + b"\x80" * size
    )
