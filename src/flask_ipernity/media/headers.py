"""The headers of a file: types that are safe to show, names that are safe to save."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote

from urllib3 import HTTPHeaderDict

from ..errors import BadAnswer
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

#: Bytes of a file name.
_MAX_NAME_LENGTH = 150
#: Letters of an extension.
_MAX_EXTENSION_LENGTH = 10
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")
_TYPE = re.compile(r"\s*([a-z]+/[a-z0-9.+-]+)\s*(?:;[^,]*)?", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)


def media_type(headers: HTTPHeaderDict, kind: FileKind) -> str:
    """Return the type in the headers of a source if it is shown in place, else :data:`OCTETS`.

    Parameters are dropped; two lines, or two types in one, are no type.

    :param kind: what the file must be.
    :raises BadAnswer: the type is not one of that kind.
    """
    values = headers.getlist("Content-Type")
    found = _TYPE.fullmatch(values[0]) if len(values) == 1 else None
    name = found[1].lower() if found else ""
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


def stem_and_extension(name: str | None, fallback: str) -> tuple[str, str]:
    """Return *name* in two parts that are safe in a header and in a folder.

    :param name: the owner's name of the file, which may hold anything.
    :param fallback: a stem for when nothing is left of it.
    :returns: the stem; and the extension with its dot, or an empty text.
    """
    base: str = re.split(r"[/\\]", name or "")[-1].encode("utf-8", "replace").decode()
    # Controls, bidi marks and the like (category C) and line separators go.
    name = "".join(
        char for char in base if unicodedata.category(char)[0] != "C" and char not in "\u2028\u2029"
    )
    name = re.sub(r'["<>:|?*;]', "_", name).strip(" .")
    stem, _, extension = name.rpartition(".")
    if not stem or not re.fullmatch(rf"[A-Za-z0-9]{{1,{_MAX_EXTENSION_LENGTH}}}", extension):
        stem, extension = name, ""
    stem = stem.strip(" .") or fallback
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    max_length = _MAX_NAME_LENGTH - _MAX_EXTENSION_LENGTH - 1
    cut = stem.encode()[:max_length].decode("utf-8", "ignore").strip(" .")
    return cut or fallback, f".{extension}" if extension else ""


def ascii_stem(stem: str, fallback: str) -> str:
    """Return *stem* for programs that know ASCII only; never empty."""
    text = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    # Some browsers decode percent signs here, and so would find a line break in "%0a".
    return text.replace("%", "_").strip(" .") or fallback


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
