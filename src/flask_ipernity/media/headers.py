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
#: Characters that some system refuses in a name, or that end a name in a header; and controls.
_FORBIDDEN = re.compile(r'["<>:|?*;/\\\x00-\x1f\x7f]')
#: What Windows takes for a device, with any extension, and also in wide or raised forms.
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])\s*(\.|$)")
_EXTENSION = re.compile(rf"[A-Za-z0-9]{{1,{_MAX_EXTENSION_LENGTH}}}", re.ASCII)
#: Extensions of files without a name; any other word after a dot is the name of a hidden file.
_FILE_TYPES = {*INLINE.values(), "jpeg", "jpe", "tif", "tiff", "heic", "bmp", "pdf", "mpg", "mpeg"}
#: What no name begins or ends with: Windows removes it, and a dot hides the file elsewhere.
_EDGES = " .\u2024\ufe52\uff0e\u200c\u200d"
#: Zero width non-joiner and joiner.
_JOINERS = "\u200c\u200d"
#: Letters and signs that show nothing.
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
#: Categories of characters that are not shown: controls, formats, surrogates, separators.
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
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
    visible = _without_marks(base)
    # Programs that know other alphabets only make quotes and slashes of their wide forms.
    safe = "".join("_" if _FORBIDDEN.search(_compatible(char)) else char for char in visible)
    stem, dot, extension = safe.strip().rpartition(".")
    if not dot or not _EXTENSION.fullmatch(extension):
        stem, extension = safe, ""
    elif not stem.strip(_EDGES) and extension.lower() not in _FILE_TYPES:
        # ".htaccess" is a name, ".jpg" is the end of an empty one.
        stem, extension = extension, ""
    stem = _finished(stem, fallback)
    return stem, f".{extension}" if extension else ""


def ascii_stem(stem: str, fallback: str) -> str:
    """Return *stem* for programs that know ASCII only; never empty.

    What comes out is checked once more: "＂" becomes a quote, and "CÖN" a reserved name.
    """
    text = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    # Some browsers decode percent signs here, and so would find a line break in "%0a".
    return _finished(_FORBIDDEN.sub("_", text).replace("%", "_"), fallback)


def _without_marks(name: str) -> str:
    """Return *name* without characters that nobody sees, and with plain spaces.

    Bidi marks make "exe.jpg" out of "gpj.exe". The two joiners stay where they
    make one emoji of several, or separate letters of a word.
    """
    kept: list[str] = []
    for place, char in enumerate(name):
        if char in _JOINERS:
            if kept and _joins(kept[-1]) and _joins(name[place + 1 : place + 2]):
                kept.append(char)
        elif char in _BLANKS or unicodedata.category(char) == "Zs":
            kept.append(" ")
        # Characters newer than this Python's table have the category Cn, and stay.
        elif unicodedata.category(char) not in _INVISIBLE and not _is_no_character(char):
            kept.append(char)
    return "".join(kept)


def _joins(char: str) -> bool:
    """Return whether a joiner may stand beside *char*: a letter, an emoji, or a mark on one.

    :param char: a character; an empty text at the end of a name.
    """
    if not char or char.isascii() or char in _BLANKS or _is_no_character(char):
        return False
    return unicodedata.category(char)[0] in "LM" or unicodedata.category(char) in ("So", "Sk", "Cn")


def _is_no_character(char: str) -> bool:
    """Return whether *char* is a code point that Unicode keeps free of any character."""
    return ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF


def _compatible(char: str) -> str:
    return char if char.isascii() else unicodedata.normalize("NFKD", char)


def _finished(stem: str, fallback: str) -> str:
    """Return *stem* as a name that every system takes, cut to its length; never empty."""
    stem = stem.strip(_EDGES)
    if _RESERVED.match(unicodedata.normalize("NFKD", stem)):
        stem = f"_{stem}"
    max_length = _MAX_NAME_LENGTH - _MAX_EXTENSION_LENGTH - 1
    cut = stem.encode()[:max_length].decode("utf-8", "ignore").strip(_EDGES)
    return cut if cut.strip(f"{_EDGES}_") else fallback


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
