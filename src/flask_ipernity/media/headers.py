"""The headers of a media answer: types that are safe to show, names that are safe to save."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

#: Shown in place. Everything else is offered to be saved: HTML, SVG, XML and
#: PDF would run on the application's own origin.
INLINE = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
}

OCTETS = "application/octet-stream"

#: Sent with every answer of the media proxy, errors included.
SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data:; media-src 'self';"
        " style-src 'unsafe-inline'; sandbox"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}

_LONGEST_NAME = 150
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])$")


def media_type(content_type: str | None) -> str:
    """Return the type of *content_type* if it is shown in place, else octets."""
    plain = (content_type or "").partition(";")[0].strip().lower()
    return plain if plain in INLINE else OCTETS


def content_disposition(kind: str, name: str | None, fallback: str) -> str:
    """Return a ``Content-Disposition`` (RFC 6266) whose name cannot do harm.

    :param kind: the type, from :func:`media_type`; it decides between
        ``inline`` and ``attachment``, and on the extension.
    :param name: the owner's name of the file, which may hold anything.
    :param fallback: a name without extension for when nothing is left of it.
    """
    safe = _safe_name(name or "", fallback, INLINE.get(kind))
    ascii_name = _ascii(safe, fallback)
    disposition = "inline" if kind in INLINE else "attachment"
    value = f'{disposition}; filename="{ascii_name}"'
    if ascii_name != safe:
        value += f"; filename*=UTF-8''{quote(safe, safe='')}"
    return value


def _safe_name(name: str, fallback: str, extension: str | None) -> str:
    name = re.split(r"[/\\]", name)[-1].encode("utf-8", "replace").decode()
    # controls, bidi marks and the like (category C) and line separators go
    name = "".join(
        char for char in name if unicodedata.category(char)[0] != "C" and char not in "\u2028\u2029"
    )
    name = re.sub(r'["<>:|?*;%]', "_", name).strip(" .")
    stem, dot, found = name.rpartition(".")
    if not dot:
        stem, found = name, ""
    stem = stem.strip(" .") or fallback
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    suffix = f".{extension}" if extension else (f".{found}" if found.isalnum() else "")
    suffix = suffix[:12]
    return _cut(stem, _LONGEST_NAME - len(suffix.encode())) + suffix


def _ascii(name: str, fallback: str) -> str:
    if name.isascii():
        return name
    stem, dot, extension = name.rpartition(".")
    plain = unicodedata.normalize("NFKD", stem if dot else name).encode("ascii", "ignore").decode()
    plain = plain.strip(" .") or fallback
    return plain + (f".{extension}" if dot and extension.isascii() else "")


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore")
