"""The names of files: ids of documents, and the labels of what each document has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from reprlib import repr as shortened
from types import MappingProxyType

#: The sizes of a picture: ``75x`` and ``250x`` are cut square, a plain number
#: is the longest side in pixels.
SIZES = ("75x", "100", "240", "250x", "500", "560", "640", "800", "1024", "1600", "2048")

#: Labels of audio and video that were seen in the service's answers.
MEDIA = ("mp4", "hd", "ipod", "flv", "mp3")

ORIGINAL = "original"


class FileKind(StrEnum):
    """What the file of a label must be."""

    THUMBNAIL = "image"
    PLAYABLE = "media"
    #: An original may be anything.
    ANY = "any"


#: How the media types of each kind may begin.
TYPES: Mapping[FileKind, tuple[str, ...]] = MappingProxyType(
    {FileKind.THUMBNAIL: ("image/",), FileKind.PLAYABLE: ("audio/", "video/"), FileKind.ANY: ("",)}
)

#: All labels, each with the kind of its file.
LABELS: Mapping[str, FileKind] = MappingProxyType(
    {
        **dict.fromkeys(SIZES, FileKind.THUMBNAIL),
        **dict.fromkeys(MEDIA, FileKind.PLAYABLE),
        ORIGINAL: FileKind.ANY,
    }
)

_DOC_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_PIXELS = re.compile(r"[0-9]{1,5}", re.ASCII)


def can_exist(doc_id: str, label: str) -> bool:
    """Return whether a document may have the id *doc_id*, and a file the label *label*."""
    return label in LABELS and is_doc_id(doc_id)


def is_doc_id(text: str) -> bool:
    """Return whether *text* may be the id of a document."""
    return _DOC_ID.fullmatch(text) is not None


def check(doc_id: str | int, label: str | int) -> tuple[str, str]:
    """Return *doc_id* and *label* as text.

    :raises ValueError: no document can have this id, or no file this label; the
        text says what is allowed.
    """
    doc_id, label = str(doc_id), str(label)
    if can_exist(doc_id, label):
        return doc_id, label
    if label in LABELS:
        raise ValueError(
            f"{shortened(doc_id)} is not the id of a document:"
            " an id has 1 to 19 digits, and does not start with 0."
        )
    nearest = _nearest(label)
    hint = "" if nearest is None else f" Did you mean {nearest!r}?"
    raise ValueError(
        f"{shortened(label)} is not a label.{hint} The labels are {', '.join(LABELS)}."
    )


def _nearest(label: str) -> str | None:
    if _PIXELS.fullmatch(label):
        whole = [size for size in SIZES if not size.endswith("x")]
        return min(whole, key=lambda size: abs(int(size) - int(label)))
    return next(iter(get_close_matches(label.lower(), LABELS, n=1)), None)


def with_smaller_sizes(label: str) -> tuple[str, ...]:
    """Return *label* and, if it is a size, the smaller sizes of the same shape, largest first."""
    if label not in SIZES:
        return (label,)
    # Square pictures are cut, and so no smaller versions of the others.
    alike = [size for size in SIZES if size.endswith("x") == label.endswith("x")]
    return tuple(alike[alike.index(label) :: -1])
