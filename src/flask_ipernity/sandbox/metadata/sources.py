"""One answer from EXIF, IPTC and XMP, which may all have one.

The order is that of the Metadata Working Group ("Guidelines for handling image metadata" 2.0,
chapter 5), as ExifTool's MWG tags carry it out: EXIF first; then XMP, unless the IPTC was changed
by a program that does not know XMP, which its digest tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import BinaryIO

from PIL import Image

from . import dates, exif, iptc, xmp
from .boilerplate import is_boilerplate
from .containers import Packets, find_packets, packets_of_tiff
from .licences import find_license
from .text import lines, one_line

#: Characters of a caption that may be a title, and of a title that is one.
MAX_SHORT, MAX_TITLE = 80, 200
#: Keywords, and the characters of one; a longer one is a text at the wrong place.
MAX_KEYWORDS, MAX_KEYWORD = 500, 200

#: Bytes after which IPTC cuts a text: one that is as long may be the beginning of XMP's.
_IPTC_LIMITS = {
    iptc.TITLE: 64,
    iptc.KEYWORDS: 64,
    iptc.CREATOR: 32,
    iptc.HEADLINE: 256,
    iptc.COPYRIGHT: 128,
    iptc.CAPTION: 2000,
    **dict(zip(iptc.PLACE, (32, 32, 32, 64), strict=True)),
}
_LOCATION = ("Iptc4xmpCore:Location", "photoshop:City", "photoshop:State", "photoshop:Country")
_PLACE_PARTS = ("Sublocation", "City", "ProvinceState", "CountryName")
#: What ``MicrosoftPhoto:Rating`` has for one to five stars.
_PERCENT = {1: 1, 25: 2, 50: 3, 75: 4, 99: 5}
_COORDINATE = re.compile(r"(\d+),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))? *([NSEW])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sources:
    """The three kinds of metadata of a file."""

    exif: exif.Exif
    iptc: Mapping[int, list[str]] = field(default_factory=dict)
    xmp: xmp.Properties = field(default_factory=dict)
    #: whether the IPTC is newer than the XMP
    iptc_first: bool = False

    def _both(self, number: int, name: str) -> list[str]:
        """Return the values of IPTC or XMP."""
        old, new = self.iptc.get(number, []), self.xmp.get(name, [])
        if not old or not new:
            return old or new
        limit = _IPTC_LIMITS.get(number, 1 << 16)
        cut = len(old) == len(new) and all(
            longer.startswith(text) and (longer == text or len(text.encode()) >= limit - 4)
            for text, longer in zip(old, new, strict=False)
        )
        return old if self.iptc_first and not cut else new

    def _either(self, number: int, name: str) -> list[str]:
        """Return the one value of IPTC or XMP, and the other one, in case that it is no text."""
        both = (self._both(number, name), self.xmp.get(name, []), self.iptc.get(number, []))
        return [text for texts in both for text in texts[:1]]

    def _meant(self, texts: Iterable[str | None]) -> Iterator[str]:
        """Yield the texts that are no camera's."""
        make, model = self.exif.text(exif.MAKE), self.exif.text(exif.MODEL)
        for text in texts:
            if text and not is_boilerplate(text, make, model):
                yield text

    def _caption(self) -> str | None:
        captions = (
            self.exif.lines(exif.DESCRIPTION),
            *map(lines, self._either(iptc.CAPTION, "dc:description")),
            *map(lines, self.xmp.get("tiff:ImageDescription", [])[:1]),
        )
        return next(self._meant(captions), None)

    def _titles(self) -> Iterator[str]:
        titles = (
            *map(lines, self._either(iptc.TITLE, "dc:title")),
            self.exif.wide_text(exif.XP_TITLE),
            *map(lines, self._either(iptc.HEADLINE, "photoshop:Headline")),
        )
        return self._meant(titles)

    def title(self) -> str | None:
        """Return the title in one line; a short caption of one line is one, too."""
        titles = (text for text in self._titles() if len(one_line(text) or "") <= MAX_TITLE)
        if found := next(titles, None):
            return one_line(found)
        caption = self._caption() or ""
        return one_line(caption) if len(caption) <= MAX_SHORT and "\n" not in caption else None

    def description(self) -> str | None:
        """Return the caption with its line breaks; None if it says no more than the title."""
        title = self.title()
        # what Windows calls the title is in ImageDescription as well, and the words are here
        captions = self._meant((self._caption(), self.exif.wide_text(exif.XP_COMMENT)))
        # and some programs write the words where the title belongs
        long = (text for text in self._titles() if len(text) > MAX_TITLE)
        return next((text for text in (*captions, *long) if one_line(text) != title), None)

    def keywords(self) -> tuple[str, ...]:
        """Return the keywords in their order, each once."""
        found = self._both(iptc.KEYWORDS, "dc:subject")
        found = found or (self.exif.wide_text(exif.XP_KEYWORDS) or "").split(";")
        words: dict[str, str] = {}
        for word in map(one_line, found):
            if word and len(word) <= MAX_KEYWORD:
                words.setdefault(word.casefold(), word)
        return tuple(words.values())[:MAX_KEYWORDS]

    def rating(self) -> int | None:
        """Return 0 to 5 stars, -1 for a rejected picture."""
        for name, stars in (("xmp:Rating", None), ("MicrosoftPhoto:Rating", _PERCENT)):
            for text in self.xmp.get(name, [])[:1]:
                try:
                    number = int(float(text))
                except (ValueError, OverflowError):
                    continue
                rating = number if stars is None else stars.get(number)
                if rating is not None and -1 <= rating <= 5:
                    return rating
        stored = self.exif.number(exif.RATING)
        return int(stored) if stored is not None and 0 <= stored <= 5 else None

    def creator(self) -> str | None:
        """Return the photographer, several with semicolons."""
        both = "; ".join(self._both(iptc.CREATOR, "dc:creator"))
        return self.exif.text(exif.ARTIST) or one_line(both) or self.exif.wide_text(exif.XP_AUTHOR)

    def copyright(self) -> str | None:
        """Return the words about the rights."""
        rights = self._both(iptc.COPYRIGHT, "dc:rights")
        return self.exif.copyright() or next(filter(None, map(lines, rights)), None)

    def license(self) -> int | None:
        """Return the service's number of the licence that XMP names."""
        names = ("cc:license", "xmpRights:WebStatement", "xmpRights:UsageTerms", "dc:rights")
        return find_license(text for name in names for text in self.xmp.get(name, []))

    def location(self) -> str | None:
        """Return the names of the place, the nearest first."""
        parts = [self._both(*pair)[:1] for pair in zip(iptc.PLACE, _LOCATION, strict=True)]
        for place in ("LocationShown", "LocationCreated"):
            if not any(parts):
                parts = [
                    self.xmp.get(f"Iptc4xmpExt:{place}{part}", [])[:1] for part in _PLACE_PARTS
                ]
        told = [name for part in parts for text in part if (name := one_line(text))]
        return ", ".join(dict.fromkeys(told)) or None

    def position(self) -> tuple[float | None, float | None]:
        """Return latitude and longitude; cameras without reception write zeros."""
        lat, lng = self.exif.latitude, self.exif.longitude
        if lat is None or lng is None:
            lat = self._coordinate("Latitude", "NS", 90)
            lng = self._coordinate("Longitude", "EW", 180)
        if lat is None or lng is None or lat == lng == 0:
            return None, None
        return lat, lng

    def _coordinate(self, name: str, letters: str, most: int) -> float | None:
        text = next(iter(self.xmp.get(f"exif:GPS{name}", [])), "")
        found = _COORDINATE.fullmatch(text)
        if found is None or found[4].upper() not in letters:
            return None
        value = float(found[1]) + float(found[2]) / 60 + float(found[3] or 0) / 3600
        return None if value > most else -value if found[4].upper() == letters[1] else value

    def taken_at(self) -> datetime | None:
        """Return when the picture was taken, in the zone that the file names, if it does."""
        moments = (
            self._exif_date(exif.TAKEN, exif.TAKEN_FRACTION, exif.TAKEN_OFFSET),
            self._exif_date(exif.DIGITIZED, exif.DIGITIZED_FRACTION, exif.DIGITIZED_OFFSET),
            *self._other_dates(),
        )
        known = [moment for moment in moments if moment is not None]
        if not known or known[0].tzinfo:
            return known[0] if known else None
        # a zone that stands only where the same clock is told again
        clock = known[0].replace(microsecond=0)
        zones = [
            other.tzinfo
            for other in known
            if other.tzinfo and other.replace(microsecond=0, tzinfo=None) == clock
        ]
        return known[0].replace(tzinfo=next(iter(zones), None))

    def _exif_date(self, tag: int, fraction: int, zone: int) -> datetime | None:
        return dates.parse(self.exif.text(tag), self.exif.text(fraction), self.exif.text(zone))

    def _other_dates(self) -> Iterator[datetime | None]:
        of_iptc = None
        if day := next(iter(self.iptc.get(iptc.DATE_CREATED, [])), ""):
            time = next(iter(self.iptc.get(iptc.TIME_CREATED, [])), "")
            of_iptc = dates.parse(f"{day} {time}") or dates.parse(day)
        if self.iptc_first:
            yield of_iptc
        for name in (
            "exif:DateTimeOriginal",
            "photoshop:DateCreated",
            "xmp:CreateDate",
            "exif:DateTimeDigitized",
        ):
            yield dates.parse(next(iter(self.xmp.get(name, [])), None))
        yield of_iptc


def read_sources(image: Image.Image, file: BinaryIO) -> Sources:
    """Read the metadata of an opened image; what is damaged is left out."""
    sources = _sources(find_packets(image, file))
    # pillow-heif turns the pixels and writes 1 into EXIF
    if turned := image.info.get("original_orientation"):
        camera = sources.exif
        camera = replace(camera, main={**camera.main, exif.ORIENTATION: (turned,)})
        sources = replace(sources, exif=camera)
    return sources


def read_raw_sources(file: BinaryIO) -> Sources | None:
    """Read the metadata of a raw file that is built like TIFF; None if it is not."""
    packets = packets_of_tiff(file)
    return None if packets.exif is None else _sources(packets)


def _sources(packets: Packets) -> Sources:
    return Sources(
        exif.Exif() if packets.exif is None else exif.read(packets.exif),
        iptc.read(packets.iptc),
        _xmp(packets),
        bool(packets.digest) and packets.digest != iptc.digest(packets.iptc),
    )


def _xmp(packets: Packets) -> xmp.Properties:
    main = xmp.read(packets.xmp)
    for guid in main.get("xmpNote:HasExtendedXMP", []):
        return {**xmp.read((packets.extended_xmp or {}).get(guid.upper(), b"")), **main}
    return main
