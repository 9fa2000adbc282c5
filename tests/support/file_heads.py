"""The first bytes of small files of many formats, and whole small ones."""

from __future__ import annotations

import io

from PIL import Image


def picture(form: str, width: int = 40, height: int = 30) -> bytes:
    """Return a small picture in a format of Pillow's."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, form)
    return out.getvalue()


def boxes(major: bytes, *others: bytes) -> bytes:
    """Return the first box of an ISO file (MP4, HEIC and kin) with these brands."""
    body = b"ftyp" + major + b"\x00\x00\x02\x00" + b"".join(others)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\x00\x00\x00\x08free"


def tagged(data: bytes, size: int = 30) -> bytes:
    """Return data after an ID3 tag of so many bytes."""
    return (
        b"ID3\x04\x00\x00"
        + bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
        + bytes(size)
        + data
    )


def _riff(kind: bytes) -> bytes:
    return b"RIFF\x24\x00\x00\x00" + kind + b"fmt " + bytes(24)


# 128 kbit/s, 44.1 kHz: 417 bytes a frame
MP3_FRAMES = (b"\xff\xfb\x90\x00" + bytes(413)) * 3

#: Contents, and the ending and media of what they are.
CONTENTS = {
    "jpeg": (picture("JPEG"), "jpg", "photo"),
    "png": (picture("PNG"), "png", "photo"),
    "gif": (picture("GIF"), "gif", "photo"),
    "webp": (picture("WEBP"), "webp", "photo"),
    "tiff": (picture("TIFF"), "tif", "photo"),
    "tiff of a Mac": (b"MM\x00*\x00\x00\x00\x08", "tif", "photo"),
    "bmp": (picture("BMP"), "bmp", "photo"),
    "avif": (boxes(b"avif", b"mif1", b"miaf"), "avif", "photo"),
    "avif of the general brand": (boxes(b"mif1", b"avif"), "avif", "photo"),
    "heic": (boxes(b"heic", b"mif1"), "heic", "photo"),
    "heic of the general brand": (boxes(b"mif1", b"heic"), "heic", "photo"),
    "mp4": (boxes(b"isom", b"mp41"), "mp4", "video"),
    "mp4 of a camera": (boxes(b"MSNV", b"mp42"), "mp4", "video"),
    "mov": (boxes(b"qt  "), "mov", "video"),
    "old mov": (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "mov", "video"),
    "3gp": (boxes(b"3gp5"), "3gp", "video"),
    "webm": (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", "webm", "video"),
    "mkv": (b"\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska", "mkv", "video"),
    "avi": (_riff(b"AVI "), "avi", "video"),
    "wmv": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + bytes(8), "wmv", "video"),
    "flv": (b"FLV\x01\x05\x00\x00\x00\x09", "flv", "video"),
    "mpeg": (b"\x00\x00\x01\xba\x44\x00", "mpg", "video"),
    "transport stream": ((b"\x47" + bytes(187)) * 4, "ts", "video"),
    "AVCHD": ((bytes(4) + b"\x47" + bytes(187)) * 4, "ts", "video"),
    "theora": (b"OggS" + bytes(24) + b"\x80theora", "ogv", "video"),
    "vorbis": (b"OggS" + bytes(24) + b"\x01vorbis", "ogg", "audio"),
    "opus": (b"OggS" + bytes(24) + b"OpusHead", "ogg", "audio"),
    "flac": (b"fLaC\x00\x00\x00\x22", "flac", "audio"),
    "flac with tag": (tagged(b"fLaC\x00\x00\x00\x22"), "flac", "audio"),
    "wav": (_riff(b"WAVE"), "wav", "audio"),
    "aiff": (b"FORM\x00\x00\x00\x2eAIFFCOMM", "aiff", "audio"),
    "m4a": (boxes(b"M4A ", b"isom"), "m4a", "audio"),
    "aac": (b"\xff\xf1\x50\x80" + bytes(60), "aac", "audio"),
    "mp3": (MP3_FRAMES, "mp3", "audio"),
    "mp3 with tag": (tagged(MP3_FRAMES), "mp3", "audio"),
    "mp3 with a picture in its tag": (tagged(b"", 3_000_000)[:5000], "mp3", "audio"),
    "pdf": (b"%PDF-1.7\n", "pdf", "other"),
    "zip": (b"PK\x03\x04" + bytes(26), "zip", "other"),
    "photoshop": (b"8BPS\x00\x01", "psd", "other"),
    "canon raw": (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "cr2", "other"),
    "canon raw of today": (boxes(b"crx ", b"isom"), "cr3", "other"),
}
