"""The headers of a file: types that are safe to show, lengths that are certain, the name."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import quote

from urllib3 import HTTPHeaderDict

from ..errors import BadAnswer
from .filenames import ascii_stem, stem_and_extension
from .labels import TYPES, FileKind

#: Types that are shown in place, with the extension of their file names. Everything
#: else is offered to be saved: HTML, SVG, XML and PDF would run on the application's
#: own origin.
INLINE = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/x-flv": "flv",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/wav": "wav",
}

#: The type of everything else.
OCTETS = "application/octet-stream"

#: Other names of types, as some programs write them.
_ALIASES = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}

#: What hosts say that do not know the type of a file.
_UNKNOWN = (OCTETS, "binary/octet-stream")

#: How a file of a type begins, and how many bytes that are.
_BEGINNINGS = (
    ("image/jpeg", re.compile(rb"\xff\xd8\xff", re.DOTALL)),
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n", re.DOTALL)),
    ("image/gif", re.compile(rb"GIF8[79]a", re.DOTALL)),
    ("image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL)),
)
BEGINNING_LENGTH = 12

_POLICY = (
    "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox"
)

#: Sent with every response of the media proxy, errors included.
SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
}

#: For audio and video: the page that a browser makes around one fetches it
#: again as the page's origin, which in a plain sandbox is none. Scripts stay forbidden.
PLAYABLE_POLICY = f"{_POLICY} allow-same-origin"

_TYPE = re.compile(r"\s*([a-z]+/[a-z0-9.+-]+)\s*(?:;[^,]*)?", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


def media_type(headers: HTTPHeaderDict, kind: FileKind, begin: Callable[[], bytes]) -> str:
    """Return the type in the headers of a source if it is shown in place, else :data:`OCTETS`.

    Parameters are dropped; two lines, or two types in one, are no type. Where the source says that
    it does not know the type, the first bytes of the file decide, but only for common pictures.

    :param kind: what the file must be.
    :param begin: returns the first :data:`BEGINNING_LENGTH` bytes of the file.
    :raises BadAnswer: the type is not one of that kind.
    """
    values = headers.getlist("Content-Type")
    found = _TYPE.fullmatch(values[0]) if len(values) == 1 else None
    name = found[1].lower() if found else ""
    if name in _UNKNOWN and kind is not FileKind.PLAYABLE:
        first = begin()
        name = next((kind_of for kind_of, start in _BEGINNINGS if start.match(first)), name)
    name = _ALIASES.get(name, name)
    shown = name if name in INLINE else OCTETS
    if not shown.startswith(TYPES[kind]):
        raise BadAnswer("the media host sent something else than the media asked for")
    return shown


def declared_length(headers: HTTPHeaderDict) -> int | None:
    """Return the length of the body that the headers of a source declare, or ``None``.

    :raises BadAnswer: it is not a number, is declared twice, or there is another
        framing as well; programs disagree about where such a body ends.
    """
    lengths = headers.getlist("Content-Length")
    codings = headers.getlist("Transfer-Encoding")
    if not lengths and (not codings or [coding.lower() for coding in codings] == ["chunked"]):
        return None
    if len(lengths) != 1 or codings or not _NUMBER.fullmatch(lengths[0]):
        raise BadAnswer("the media host does not say where its response ends")
    return int(lengths[0])


@lru_cache(maxsize=1024)
def content_disposition(media_type: str, name: str | None, fallback: str) -> str:
    """Return a ``Content-Disposition`` (RFC 6266) whose name cannot do harm.

    :param media_type: from :func:`media_type`; it decides between ``inline``
        and ``attachment``, and on the extension.
    :param name: the owner's name of the file, which may hold anything.
    :param fallback: a name without extension for when nothing is left of it.
    """
    stem, extension = stem_and_extension(name, fallback)
    if media_type in INLINE:
        extension = f".{INLINE[media_type]}"
    in_ascii = ascii_stem(stem, fallback)
    kind = "inline" if media_type in INLINE else "attachment"
    value = f'{kind}; filename="{in_ascii}{extension}"'
    if in_ascii != stem:
        value += f"; filename*=UTF-8''{quote(stem, safe='')}{extension}"
    return value
