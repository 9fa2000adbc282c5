"""What a file is: a photo, a video, a sound or something else, and in which format.

The contents decide. Clients send names that say nothing: Photini calls every file ``dummy_name``
and gives a content type, the Lightroom plug-in sends ``application/octet-stream``, and the service
knows their pictures and films all the same ([C] Photini c677e79d, ipernity-for-lightroom).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

#: How many of a file's first bytes :func:`kind_of` looks at.
HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class FileKind:
    """A format.

    :param media: ``photo``, ``video``, ``audio`` or ``other``.
    :param content_type: as the media host sends it.
    :param suffixes: the endings of its names in lower case and without a dot, the usual one first.
    """

    media: str
    content_type: str
    suffixes: tuple[str, ...]

    @property
    def ext(self) -> str:
        """The usual ending, without a dot."""
        return self.suffixes[0]

    def ext_for(self, filename: str) -> str:
        """Return the ending of a name if it is one of this kind; otherwise the usual one."""
        suffix = suffix_of(filename)
        return suffix if suffix in self.suffixes else self.ext


KINDS = (
    FileKind("photo", "image/jpeg", ("jpg", "jpeg", "jpe", "jfif", "mpo")),
    FileKind("photo", "image/png", ("png", "apng")),
    FileKind("photo", "image/gif", ("gif",)),
    FileKind("photo", "image/webp", ("webp",)),
    FileKind("photo", "image/tiff", ("tif", "tiff")),
    FileKind("photo", "image/heic", ("heic", "heif", "hif")),
    FileKind("photo", "image/avif", ("avif",)),
    FileKind("photo", "image/bmp", ("bmp", "dib")),
    FileKind("video", "video/mp4", ("mp4", "m4v")),
    FileKind("video", "video/quicktime", ("mov", "qt")),
    FileKind("video", "video/3gpp", ("3gp", "3g2")),
    FileKind("video", "video/webm", ("webm",)),
    FileKind("video", "video/x-matroska", ("mkv",)),
    FileKind("video", "video/ogg", ("ogv",)),
    FileKind("video", "video/x-msvideo", ("avi",)),
    FileKind("video", "video/x-ms-wmv", ("wmv", "asf")),
    FileKind("video", "video/x-flv", ("flv",)),
    FileKind("video", "video/mpeg", ("mpg", "mpeg", "vob")),
    FileKind("video", "video/mp2t", ("ts", "mts", "m2ts")),
    FileKind("audio", "audio/mpeg", ("mp3",)),
    FileKind("audio", "audio/ogg", ("ogg", "oga", "opus", "spx")),
    FileKind("audio", "audio/flac", ("flac",)),
    FileKind("audio", "audio/wav", ("wav", "wave")),
    FileKind("audio", "audio/aiff", ("aiff", "aif", "aifc")),
    FileKind("audio", "audio/mp4", ("m4a", "m4b")),
    FileKind("audio", "audio/aac", ("aac",)),
    FileKind("audio", "audio/webm", ("weba",)),
    FileKind("audio", "audio/x-matroska", ("mka",)),
    FileKind("audio", "audio/x-ms-wma", ("wma",)),
    # Raw pictures of cameras; most are a TIFF with contents of their own.
    FileKind("other", "image/x-adobe-dng", ("dng",)),
    FileKind("other", "image/x-canon-cr2", ("cr2",)),
    FileKind("other", "image/x-canon-cr3", ("cr3",)),
    FileKind("other", "image/x-nikon-nef", ("nef", "nrw")),
    FileKind("other", "image/x-sony-arw", ("arw", "sr2", "srf")),
    FileKind("other", "image/x-olympus-orf", ("orf",)),
    FileKind("other", "image/x-panasonic-rw2", ("rw2",)),
    FileKind("other", "image/x-fuji-raf", ("raf",)),
    FileKind("other", "image/x-pentax-pef", ("pef",)),
    FileKind("other", "image/x-samsung-srw", ("srw",)),
    FileKind("other", "image/vnd.adobe.photoshop", ("psd",)),
    FileKind("other", "image/jp2", ("jp2", "j2k", "jpx")),
    FileKind("other", "image/jxl", ("jxl",)),
    FileKind("other", "application/pdf", ("pdf",)),
    FileKind("other", "application/zip", ("zip",)),
)

#: Each kind by the endings of its names.
BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
_BY_CONTENT_TYPE = {kind.content_type: kind for kind in KINDS} | {
    alias: BY_SUFFIX[suffix]
    for alias, suffix in {
        "image/jpg": "jpg",
        "image/pjpeg": "jpg",
        "image/x-png": "png",
        "image/heif": "heic",
        "image/x-ms-bmp": "bmp",
        "video/x-m4v": "mp4",
        "video/avi": "avi",
        "video/x-ms-asf": "wmv",
        "audio/mp3": "mp3",
        "audio/x-mp3": "mp3",
        "audio/opus": "ogg",
        "audio/x-flac": "flac",
        "audio/wave": "wav",
        "audio/x-wav": "wav",
        "audio/vnd.wave": "wav",
        "audio/x-aiff": "aiff",
        "audio/x-m4a": "m4a",
        "audio/m4a": "m4a",
    }.items()
}

# What the same first bytes can also be: here the name or the content type is asked.
_RAW_TIFF = ("dng", "nef", "nrw", "arw", "sr2", "srf", "pef", "srw")
_ALSO = {
    "tif": _RAW_TIFF,
    "mp4": ("m4a", "m4b"),
    "webm": ("weba",),
    "mkv": ("mka",),
    "wmv": ("wma",),
}

#: Beginnings that say it all.
_MAGIC = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"IIU\x00", "rw2"),
    (b"IIRO", "orf"),
    (b"IIRS", "orf"),
    (b"MMOR", "orf"),
    (b"FUJIFILMCCD-RAW", "raf"),
    (b"8BPS", "psd"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
    (b"\xff\x0a", "jxl"),
    (b"fLaC", "flac"),
    (b"FLV\x01", "flv"),
    (b"\x00\x00\x01\xba", "mpg"),
    (b"\x00\x00\x01\xb3", "mpg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "wmv"),
    (b"PK\x03\x04", "zip"),
)

#: Brands of files that consist of ISO boxes, by what they mean; all others are MP4.
_BRANDS = {
    "heic": (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"),
    "avif": (b"avif", b"avis"),
    "mov": (b"qt  ",),
    "m4a": (b"M4A ", b"M4B ", b"M4P "),
    "3gp": (b"3gp4", b"3gp5", b"3gp6", b"3gp7", b"3ge6", b"3gg6", b"3gs7", b"3g2a", b"3g2b"),
    "cr3": (b"crx ",),
}
_BY_BRAND = {brand: suffix for suffix, brands in _BRANDS.items() for brand in brands}

#: The boxes with which a QuickTime film from before brands begins.
_QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"pnot", b"skip")


def suffix_of(filename: str) -> str:
    """Return the ending of a name in lower case and without a dot; empty if it has none."""
    suffix = PurePosixPath(filename.replace("\\", "/")).suffix[1:].lower()
    return suffix if re.fullmatch(r"[a-z0-9]{1,5}", suffix) else ""


def kind_of(head: bytes, filename: str = "", content_type: str = "") -> FileKind:
    """Return what a file is.

    :param head: its first bytes, :data:`HEAD_BYTES` of them or all.
    :param filename: its name; counts where the contents do not tell.
    :param content_type: as its sender gives it; counts where neither contents nor name tell.
    """
    told = BY_SUFFIX.get(suffix_of(filename)) or _BY_CONTENT_TYPE.get(
        content_type.partition(";")[0].strip().lower()
    )
    seen = _suffix_by_contents(head)
    if seen is not None:
        also = told is not None and told.ext in _ALSO.get(seen, ())
        return told if told is not None and also else BY_SUFFIX[seen]
    if told is not None:
        return told
    return FileKind("other", "application/octet-stream", (suffix_of(filename) or "bin",))


def _suffix_by_contents(head: bytes) -> str | None:
    """Return the usual ending of the kind that the contents tell; None if they tell nothing."""
    for beginning, suffix in _MAGIC:
        if head.startswith(beginning):
            return suffix
    for look in (_tiff, _riff, _iso_boxes, _ogg, _matroska, _mpeg_stream, _mpeg_audio):
        if (found := look(head)) is not None:
            return found
    if b"%PDF-" in head[:1024]:
        return "pdf"
    # "BM" alone begins many texts; the size of the header after it is one of a few numbers.
    if head[:2] == b"BM" and head[14:18] in _BMP_HEADERS:
        return "bmp"
    return None


_BMP_HEADERS = {bytes((size, 0, 0, 0)) for size in (12, 40, 52, 56, 64, 108, 124)}


def _tiff(head: bytes) -> str | None:
    if head[:4] not in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return None
    return "cr2" if head[8:10] == b"CR" else "tif"


def _riff(head: bytes) -> str | None:
    if head[:4] in (b"RIFF", b"RF64", b"BW64"):
        return {b"WEBP": "webp", b"WAVE": "wav", b"AVI ": "avi"}.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    return None


def _iso_boxes(head: bytes) -> str | None:
    """Tell MP4, QuickTime, HEIC and their kin by the brands in their first box."""
    if head[4:8] in _QUICKTIME_BOXES:
        return "mov"
    if head[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    others = [head[at : at + 4] for at in range(16, end - 3, 4)]
    # A picture of the general brand says by its other brands how it is coded.
    if major in (b"mif1", b"msf1") and any(_BY_BRAND.get(brand) == "avif" for brand in others):
        return "avif"
    return _BY_BRAND.get(major, "mp4")


def _ogg(head: bytes) -> str | None:
    """Tell sound and video apart: the first pages name the codec of each stream."""
    if head[:4] != b"OggS":
        return None
    return "ogv" if b"\x80theora" in head or b"BBCD\x00" in head else "ogg"


def _matroska(head: bytes) -> str | None:
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    return "webm" if b"webm" in head[:64] else "mkv"


def _mpeg_stream(head: bytes) -> str | None:
    """Tell an MPEG transport stream: packets of 188 bytes, on Blu-ray and AVCHD of 192."""
    for first, length in ((0, 188), (4, 192)):
        if len(head) > first + 2 * length and all(
            head[first + number * length] == 0x47 for number in range(3)
        ):
            return "ts"
    return None


#: Kilobits a second of MPEG audio's layer III, version 1, and versions 2 and 2.5.
_BITRATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_SAMPLE_RATES = (44_100, 48_000, 32_000)


def _mpeg_audio(head: bytes) -> str | None:
    """Tell MP3 and AAC, which may begin with a tag of title and artist (ID3)."""
    frame = head
    if head[:3] == b"ID3" and len(head) >= 10:
        # seven bits of each byte count
        size = 0
        for byte in head[6:10]:
            size = size << 7 | byte & 0x7F
        frame = head[10 + size :].lstrip(b"\x00")
        if frame[:4] == b"fLaC":
            return "flac"
        if not frame:
            return "mp3"
    if frame[:2] in (b"\xff\xf1", b"\xff\xf9"):
        return "aac"
    length = _frame_length(frame)
    # One beginning of a frame can be chance, a second one right after it is not.
    if length and (len(frame) <= length + 3 or _frame_length(frame[length:])):
        return "mp3"
    return "mp3" if head[:3] == b"ID3" else None


def _frame_length(data: bytes) -> int:
    """Return the length of the frame of layer III that begins here, in bytes; 0 if none does."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2:
        return 0
    version, rate, pace = data[1] >> 3 & 3, data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or pace == 3:
        return 0
    first = version == 3
    kilobits = _BITRATES[not first][rate]
    hertz = _SAMPLE_RATES[pace] // {3: 1, 2: 2, 0: 4}[version]
    return (144 if first else 72) * kilobits * 1000 // hertz + (data[2] >> 1 & 1)
