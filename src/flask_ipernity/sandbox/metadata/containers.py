"""Where the file formats keep EXIF, IPTC and XMP.

JPEG: ExifTool's JPEG tags and the XMP specification, part 3. The others: the PNG, GIF89a and TIFF
specifications; WebP, AVIF and HEIC are taken apart by Pillow and its plugins.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image

from .tiff import MAX_VALUE, Tiff

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_PHOTOSHOP = (b"Photoshop 3.0\0", b"Adobe_Photoshop2.5:")
#: Photoshop's image resources: IPTC, and the MD5 of the IPTC that the XMP was made from.
_IPTC_RESOURCE, _DIGEST_RESOURCE, _XMP_RESOURCE = 0x0404, 0x0425, 0x0424

_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG = 700, 33723, 34377

#: Chunks of a PNG, and blocks of a GIF, after which no more are looked at.
MAX_CHUNKS = 100_000


@dataclass(slots=True)
class Packets:
    """What a file holds of each kind of metadata, as bytes; empty where there is none.

    ``exif`` is a file that begins like TIFF, ``digest`` the MD5 of the IPTC data that the XMP
    agrees with, ``extended_xmp`` the parts of XMP that are too long for a JPEG's segment, by their
    GUID.
    """

    exif: BinaryIO | None = None
    iptc: bytes = b""
    digest: bytes = b""
    xmp: bytes = b""
    extended_xmp: dict[str, bytes] | None = None


def find_packets(image: Image.Image, file: BinaryIO) -> Packets:
    """Return the metadata of an image; its pixels are not decoded.

    :param image: the opened image, whose format counts.
    :param file: its file, whose position is the same afterwards.
    """
    position = file.tell()
    try:
        match image.format:
            case "JPEG" | "MPO":
                return _of_jpeg([data for name, data in getattr(image, "applist", ())])
            case "PNG":
                return _of_png(file)
            case "GIF":
                return Packets(xmp=_xmp_of_gif(file))
            case "TIFF":
                return packets_of_tiff(file)
            case _:
                exif, xmp = image.info.get("exif"), image.info.get("xmp")
                return Packets(
                    exif=_exif(exif if isinstance(exif, bytes) else b""),
                    xmp=xmp[:MAX_VALUE] if isinstance(xmp, bytes) else b"",
                )
    finally:
        file.seek(position)


def _exif(data: bytes) -> BinaryIO | None:
    """Return EXIF as a file; some programs write its JPEG header once or twice elsewhere, too."""
    while data.startswith(_EXIF):
        data = data[len(_EXIF) :]
    return io.BytesIO(data) if data else None


def _of_jpeg(segments: list[bytes]) -> Packets:
    packets, exif, photoshop = Packets(), b"", b""
    parts: dict[str, dict[int, bytes]] = {}
    lengths: dict[str, int] = {}
    for data in segments:
        if data.startswith(_EXIF):
            rest = data[len(_EXIF) :]
            # EXIF longer than a segment goes on in the next one, without a header of its own
            if not exif or rest[:2] not in (b"II", b"MM"):
                exif += rest
        elif data.startswith(_XMP) and not packets.xmp:
            packets.xmp = data[len(_XMP) :]
        elif data.startswith(_EXTENDED_XMP):
            head = data[len(_EXTENDED_XMP) :][:40]
            if len(head) == 40:
                guid = head[:32].decode("ascii", "replace").upper()
                length, offset = struct.unpack(">LL", head[32:])
                parts.setdefault(guid, {})[offset] = data[len(_EXTENDED_XMP) + 40 :]
                lengths[guid] = length
        else:
            for head in _PHOTOSHOP:
                photoshop += data[len(head) :] if data.startswith(head) else b""
    packets.exif = _exif(exif)
    packets.extended_xmp = {guid: _joined(parts[guid], lengths[guid]) for guid in parts}
    _add_photoshop(packets, photoshop)
    return packets


def _joined(parts: dict[int, bytes], length: int) -> bytes:
    """Return the parts in the order of their offsets; nothing if they leave a gap."""
    whole = bytearray()
    for offset, part in sorted(parts.items()):
        if offset != len(whole):
            return b""
        whole += part
    return bytes(whole) if len(whole) == length <= MAX_VALUE else b""


def _add_photoshop(packets: Packets, data: bytes) -> None:
    """Take IPTC, which may be in several parts, and its digest from Photoshop's resources."""
    offset, iptc = 0, b""
    while offset + 12 <= len(data) and data[offset : offset + 4] in (b"8BIM", b"PHUT", b"DCSR"):
        (code,) = struct.unpack(">H", data[offset + 4 : offset + 6])
        # the name, its length in front, is padded to an even number of bytes, as the value is
        offset += 6 + (data[offset + 6] + 2 & ~1)
        if offset + 4 > len(data):
            break
        (size,) = struct.unpack(">L", data[offset : offset + 4])
        value = data[offset + 4 : offset + 4 + size]
        offset += 4 + (size + 1 & ~1)
        if code == _IPTC_RESOURCE:
            iptc += value
        elif code == _DIGEST_RESOURCE:
            packets.digest = packets.digest or value[:16]
        elif code == _XMP_RESOURCE:
            packets.xmp = packets.xmp or value
    packets.iptc = packets.iptc or iptc


def packets_of_tiff(file: BinaryIO) -> Packets:
    """Return the metadata of a file that is built like TIFF; empty if it is not."""
    packets = Packets(exif=file)
    try:
        tiff = Tiff(file)
    except ValueError:
        return Packets()
    # many programs call IPTC numbers of 32 bits
    main = tiff.directory(tiff.first, {_XMP_TAG, _IPTC_TAG, _PHOTOSHOP_TAG}, as_bytes=True)
    found = {tag: value for tag, value in main.items() if isinstance(value, bytes)}
    packets.xmp = found.get(_XMP_TAG, b"")
    packets.iptc = found.get(_IPTC_TAG, b"")
    _add_photoshop(packets, found.get(_PHOTOSHOP_TAG, b""))
    return packets


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield names and contents of a PNG's chunks, of the small ones that may hold metadata."""
    file.seek(8)
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        size, name = struct.unpack(">L4s", head)
        if name in (b"eXIf", b"iTXt", b"tEXt", b"zTXt") and size <= MAX_VALUE:
            yield name, file.read(size)
            file.seek(4, io.SEEK_CUR)
        elif name == b"IEND":
            return
        else:
            file.seek(size + 4, io.SEEK_CUR)


def _of_png(file: BinaryIO) -> Packets:
    packets = Packets()
    exif = b""
    for name, data in _png_chunks(file):
        if name == b"eXIf":
            exif = data
            continue
        key, _, value = data.partition(b"\0")
        if name == b"iTXt" and key == b"XML:com.adobe.xmp":
            compressed, (_, _, text) = (
                value[:1] == b"\1",
                (value[2:].split(b"\0", 2) + [b""] * 3)[:3],
            )
            packets.xmp = _inflated(text) if compressed else text
        elif name in (b"tEXt", b"zTXt") and key.startswith(b"Raw profile type "):
            # ImageMagick's form: the bytes in hex, behind a name and their number
            text = _inflated(value[1:]) if name == b"zTXt" else value
            profile = _unhexed(text)
            kind = key.removeprefix(b"Raw profile type ").lower()
            if kind in (b"exif", b"app1"):
                if profile.startswith(_XMP):
                    packets.xmp = packets.xmp or profile[len(_XMP) :]
                else:
                    exif = exif or profile
            elif kind == b"xmp":
                packets.xmp = packets.xmp or profile
            elif kind in (b"iptc", b"8bim"):
                _add_photoshop(packets, profile)
                if not packets.iptc and profile.startswith(b"\x1c"):
                    packets.iptc = profile
    packets.exif = _exif(exif)
    return packets


def _inflated(data: bytes) -> bytes:
    """Return compressed bytes, the first megabytes of them."""
    try:
        return zlib.decompressobj().decompress(data, MAX_VALUE)
    except zlib.error:
        return b""


def _unhexed(text: bytes) -> bytes:
    lines = text.strip().split(b"\n", 2)
    try:
        return bytes.fromhex(lines[2].decode("ascii")) if len(lines) == 3 else b""
    except ValueError:
        return b""


def _xmp_of_gif(file: BinaryIO) -> bytes:
    """Return the XMP of a GIF: the text itself, with a trailer that looks like blocks."""
    file.seek(0)
    head = file.read(13)
    if len(head) < 13:
        return b""
    _skip_colours(file, head[10])
    for _ in range(MAX_CHUNKS):
        match file.read(1):
            case b"!":
                kind = file.read(1)
                size = file.read(1)
                name = file.read(size[0]) if size else b""
                if kind == b"\xff" and name == b"XMP DataXMP":
                    # the trailer: 0x01, then 0xff down to 0x00
                    return file.read(MAX_VALUE).split(b"\x01\xff\xfe\xfd", 1)[0]
                if size != b"\0":
                    _skip_blocks(file)
            case b",":
                image = file.read(9)
                if len(image) < 9:
                    return b""
                _skip_colours(file, image[8])
                file.seek(1, io.SEEK_CUR)
                _skip_blocks(file)
            case _:
                return b""
    return b""


def _skip_colours(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        file.seek(3 << (flags & 7) + 1, io.SEEK_CUR)


def _skip_blocks(file: BinaryIO) -> None:
    for _ in range(MAX_CHUNKS * 10):
        size = file.read(1)
        if size in (b"", b"\0"):
            return
        file.seek(size[0], io.SEEK_CUR)
