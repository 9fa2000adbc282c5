"""The names under which files are saved, which their owners choose, and which may hold anything.

A name is checked after the last transformation, in the form in which a program uses it.
"""

from __future__ import annotations

import re
import unicodedata

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
_FILE_TYPES = re.compile(
    r"(?i)jpe?g?|png|gif|webp|avif|hei[cf]|tiff?|bmp|pdf"
    r"|mp[34g]|mpeg|m4a|webm|og[gv]|mov|flv|avi|mkv|flac|wav"
)
#: What no name begins or ends with: Windows removes it, and a dot hides the file elsewhere.
_EDGES = " .\u2024\ufe52\uff0e\u200c\u200d"
#: Zero width non-joiner and joiner.
_JOINERS = "\u200c\u200d"
#: Letters and signs that show nothing.
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
#: Categories of characters that are not shown: controls, formats, surrogates, separators.
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")


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
    elif not stem.strip(_EDGES) and not _FILE_TYPES.fullmatch(extension):
        # ".htaccess" is a name, ".jpg" is the end of an empty one.
        stem, extension = extension, ""
    elif stem[:1] in _EDGES and _FILE_TYPES.fullmatch(stem.strip(_EDGES)):
        # An extension was put behind the end of an empty name: ".jpg.jpg".
        stem = ""
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
