"""From answers of the API to what the pages show. Nothing here makes a call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import Any, NamedTuple

#: The sizes that the pages use: a number is the longest side in pixels.
LABELS = ("240", "500", "800", "1024", "1600")

#: The size that is requested of lists. They return the next smaller size if it does not exist, so
#: the answer shows which sizes there are.
LARGEST = LABELS[-1]

#: Who sees a document that is not public: the values of ``share``, 1 for family plus 2 for friends.
CIRCLES = {0: "Only you", 1: "Family", 2: "Friends", 3: "Friends and family"}

_LICENCES = {
    "1": "by",
    "3": "by-nc",
    "5": "by-nd",
    "7": "by-nc-nd",
    "9": "by-sa",
    "11": "by-nc-sa",
}
_35_MM = "FocalLengthIn35mmFormat"
_EXIF = {
    "CameraModelName": ("Camera", "{}"),
    "LensModel": ("Lens", "{}"),
    "FocalLength": ("Focal length", "{}"),
    _35_MM: ("35 mm equivalent", "{}"),
    "FNumber": ("Aperture", "f/{}"),
    "ExposureTime": ("Exposure", "{} s"),
    "ExposureCompensation": ("Exposure bias", "{} EV"),
    "ISO": ("ISO", "{}"),
    "Flash": ("Flash", "{}"),
    "Rating": ("Rating", "{} of 5"),
    "Creator": ("Creator", "{}"),
    "Copyright": ("Rights", "{}"),
    "Location": ("Location", "{}"),
}


class Size(NamedTuple):
    """A size of a picture, with the label for the media proxy."""

    label: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list."""

    records: list[dict[str, Any]]
    number: int
    pages: int
    total: int


def page_of(listing: Mapping[str, Any], key: str = "doc") -> ListPage:
    """Return a page of any list. An empty one has no key, and some have no ``pages``."""
    total = int(listing["total"])
    pages = ceil(total / max(1, int(listing["per_page"])))
    return ListPage(listing.get(key, []), int(listing["page"]), max(1, pages), total)


def sizes(thumb: Mapping[str, Any] | None) -> list[Size]:
    """Return the sizes of a picture up to *thumb*, smallest first; audio has none."""
    if not thumb:
        return []
    label, width, height = thumb["label"], int(thumb["w"]), int(thumb["h"])
    exact = Size(label, width, height)
    if label.endswith("x"):  # a square, of a picture that is smaller than all others
        return [exact]
    longest = max(width, height, 1)
    smaller = [
        Size(side, ceil(width * int(side) / longest), ceil(height * int(side) / longest))
        for side in LABELS
        if int(side) < int(label)
    ]
    return [*smaller, exact]


def largest_thumb(doc: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the largest size in an answer of ``doc.get``, up to the largest that is used here."""
    thumbs = doc.get("thumbs", {}).get("thumb", [])
    whole = [
        thumb
        for thumb in thumbs
        if not thumb["label"].endswith("x") and int(thumb["label"]) <= int(LARGEST)
    ]
    return max(whole or thumbs, key=lambda thumb: int(thumb["w"]), default=None)


def circle(visibility: Mapping[str, Any]) -> str | None:
    """Return who sees a document, or ``None`` if it is public.

    ``share`` is not used: Ipernity's help pages contradict each other about its value for public
    documents.
    """
    if visibility["ispublic"] == "1":
        return None
    return CIRCLES[int(visibility["isfamily"]) + 2 * int(visibility["isfriend"])]


def licence(code: str) -> tuple[str, str | None]:
    """Return the name of a licence, and the URL of its text."""
    if code == "255":
        return "Free use", None
    if code not in _LICENCES:
        return "All rights reserved", None
    name = _LICENCES[code]
    # The service does not name the version; this is the current one.
    return f"CC {name.upper()}", f"https://creativecommons.org/licenses/{name}/4.0/"


def exif_rows(exif: object) -> list[tuple[str, str]]:
    """Return names and values of the EXIF data to show. An empty answer is a list."""
    if not isinstance(exif, Mapping):
        return []
    rows = [(name, text.format(exif[key])) for key, (name, text) in _EXIF.items() if key in exif]
    if exif.get("Rating", "") in ("-1", "0"):  # rejected, not rated
        rows = [row for row in rows if row[0] != "Rating"]
    if (focal := exif.get("FocalLength", "").replace(".0 ", " ")) == exif.get(_35_MM):
        rows = [row for row in rows if row != ("35 mm equivalent", focal)]
    make, model = exif.get("Make", ""), exif.get("CameraModelName", "")
    if make and model and not model.casefold().startswith(make.casefold()):
        rows[0] = ("Camera", f"{make} {model}")
    return rows


def time_of_day(dates: Mapping[str, Any]) -> str | None:
    """Return when on its day a document was made; ``None`` if only the day is known."""
    found = re.fullmatch(r"[1-9]\d{3}-\d\d-\d\d (\d\d:\d\d):\d\d", dates["created"])
    return found[1] if found and not dates["created"].endswith(" 00:00:00") else None


def day(dates: Mapping[str, Any]) -> str:
    """Return the day on which a document was made or, if unknown, posted."""
    try:
        moment = datetime.fromisoformat(dates["created"])
    except ValueError:  # 0000-00-00: not known
        moment = datetime.fromtimestamp(int(dates["posted_at"]), UTC)
    return f"{moment.day} {moment:%B %Y}"
