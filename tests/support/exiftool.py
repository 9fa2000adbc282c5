"""What ExifTool says of photo files, in the form of :class:`PhotoMetadata`."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from flask_ipernity.sandbox.metadata import PhotoMetadata
from flask_ipernity.sandbox.metadata.boilerplate import is_boilerplate

#: The facts that have the same text in both; ExifTool's names with their groups.
FACTS = {
    "Make": "IFD0:Make",
    "CameraModelName": "IFD0:Model",
    "Software": "IFD0:Software",
    "ModifyDate": "IFD0:ModifyDate",
    "Orientation": "IFD0:Orientation",
    "LensModel": "ExifIFD:LensModel",
    "ExposureTime": "ExifIFD:ExposureTime",
    "FNumber": "ExifIFD:FNumber",
    "ISO": "ExifIFD:ISO",
    "ExposureCompensation": "ExifIFD:ExposureCompensation",
    "FocalLength": "ExifIFD:FocalLength",
    "FocalLengthIn35mmFormat": "ExifIFD:FocalLengthIn35mmFormat",
    "DateTimeOriginal": "ExifIFD:DateTimeOriginal",
    "SubSecTimeOriginal": "ExifIFD:SubSecTimeOriginal",
    "OffsetTimeOriginal": "ExifIFD:OffsetTimeOriginal",
    "CreateDate": "ExifIFD:CreateDate",
    "Flash": "ExifIFD:Flash",
    "ImageSize": "Composite:ImageSize",
    "GPSLatitude": "Composite:GPSLatitude",
    "GPSLongitude": "Composite:GPSLongitude",
}
#: What ExifTool says of values that have no meaning; 0 mm is "unknown" by the EXIF specification.
_UNKNOWN = re.compile(r"Unknown \(.*\)|0 mm|undef|inf|-?nan")
_TITLES = (
    "XMP-dc:Title",
    "IPTC:ObjectName",
    "IFD0:XPTitle",
    "XMP-photoshop:Headline",
    "IPTC:Headline",
)
_CAPTIONS = ("MWG:Description", "IFD0:XPComment")
_CREATORS = ("MWG:Creator", "IFD0:XPAuthor")
_RATINGS = ("MWG:Rating", "IFD0:Rating", "ExifIFD:Rating")
_RAW = (".arw", ".cr2", ".dng", ".iiq", ".nef", ".orf", ".pef", ".srw")
_DATES = (
    "ExifIFD:DateTimeOriginal",
    "ExifIFD:CreateDate",
    "XMP-exif:DateTimeOriginal",
    "MWG:DateTimeOriginal",
    "XMP-photoshop:DateCreated",
    "XMP-xmp:CreateDate",
    "XMP-exif:DateTimeDigitized",
)
_DIGESTS = ("File:CurrentIPTCDigest", "Photoshop:IPTCDigest")
#: The Group knows no IPTC in other files than JPEG and TIFF, and no XMP of what a changed IPTC does
#: not tell at all.
_OUTSIDE = {
    "XMP-dc:Description": "MWG:Description",
    "XMP-dc:Subject": "MWG:Keywords",
    "XMP-dc:Creator": "MWG:Creator",
    "XMP-dc:Rights": "MWG:Copyright",
    "IPTC:Caption-Abstract": "MWG:Description",
    "IPTC:Keywords": "MWG:Keywords",
    "IPTC:By-line": "MWG:Creator",
    "IPTC:CopyrightNotice": "MWG:Copyright",
}
_OTHERS = ("MWG:Keywords", "IFD0:XPKeywords", "MWG:Copyright")
#: Characters of a caption that may be a title.
_LONGEST_TITLE = 80


def read(program: str, files: Sequence[Path]) -> dict[Path, dict[str, object]]:
    """Return ExifTool's values of files by group and name."""
    names = {*FACTS.values(), *_TITLES, *_CAPTIONS, *_CREATORS, *_RATINGS, *_DATES}
    names |= {*_OUTSIDE, *_DIGESTS, *_OTHERS}
    # what belongs into another directory may be in the main one
    names |= {name.replace("ExifIFD:", "IFD0:") for name in names}
    answer = subprocess.run(
        [program, "-use", "MWG", "-j", "-G1", *(f"-{name}" for name in sorted(names)), "-@", "-"],
        input="\n".join(map(str, files)).encode(errors="surrogateescape"),
        capture_output=True,
        check=False,
    )
    records = json.loads(answer.stdout or b"[]", parse_float=str, parse_int=str)
    return {Path(record.pop("SourceFile")): _with_main(record) for record in records}


def _with_main(record: dict[str, object]) -> dict[str, object]:
    moved = {name.replace("IFD0:", "ExifIFD:"): value for name, value in record.items()}
    outside = {tag: record[name] for name, tag in _OUTSIDE.items() if name in record}
    return {**outside, **moved, **record}


def expected(record: Mapping[str, object]) -> dict[str, str]:
    """Return what ExifTool says, with the names of :class:`PhotoMetadata` and by its rules.

    Those rules are: a text that only names a camera or a file is none, a short caption of one line
    is a title, and a caption that is the title is not said again.
    """
    found = {name: _plain(record[theirs]) for name, theirs in FACTS.items() if theirs in record}
    found["ISO"] = found.get("ISO", "").partition(",")[0]
    found = {name: text for name, text in found.items() if not _UNKNOWN.fullmatch(text)}
    make, model = found.get("Make"), found.get("CameraModelName")
    now, then = (record.get(name) for name in _DIGESTS)
    order = _TITLES if then in (None, now) else (*_TITLES[1::-1], *_TITLES[2:3], *_TITLES[:2:-1])
    titles = [_plain(record.get(name, "")) for name in order]
    captions = [str(record.get(name, "")).strip() for name in _CAPTIONS]
    titles, captions = (
        [text for text in texts if text and not is_boilerplate(text, make, model)]
        for texts in (titles, captions)
    )
    short = [text for text in captions[:1] if len(text) <= _LONGEST_TITLE and "\n" not in text]
    found["title"] = next(iter([*titles, *map(_plain, short)]), "")
    said = [text for text in map(_plain, captions) if text != found["title"]]
    found["description"] = next(iter(said), "")
    words = _listed(record.get("MWG:Keywords")) or str(record.get("IFD0:XPKeywords", "")).split(";")
    found["keywords"] = "; ".join(dict.fromkeys(filter(None, map(_plain, words))))
    found["creator"] = _first(record, _CREATORS)
    found["rating"] = _first(record, _RATINGS)
    found["copyright"] = _first(record, ("MWG:Copyright",))
    found["created"] = next(filter(None, (_date(_first(record, [name])) for name in _DATES)), "")
    return {name: text for name, text in found.items() if text}


def ours(metadata: PhotoMetadata) -> dict[str, str]:
    """Return what we say, in one form with :func:`expected`."""
    texts = {
        "title": metadata.title,
        "description": metadata.description,
        "keywords": "; ".join(metadata.keywords),
        "creator": metadata.creator,
        "copyright": metadata.copyright,
        "rating": None if metadata.rating is None else str(metadata.rating),
        "created": metadata.created,
    }
    facts = {name: metadata.exif.get(name) for name in FACTS}
    return {name: _folded(text) for name, text in {**facts, **texts}.items() if text}


def differences(
    metadata: PhotoMetadata, record: Mapping[str, object]
) -> Iterator[tuple[str, str, str]]:
    """Yield name, our value and ExifTool's of the values that are not equal."""
    mine, theirs = ours(metadata), expected(record)
    for name in compared(metadata, record):
        if not same(mine.get(name, ""), theirs.get(name, "")):
            yield name, mine.get(name, ""), theirs.get(name, "")


def compared(metadata: PhotoMetadata, record: Mapping[str, object]) -> list[str]:
    """Return the names of the values that one of the two has."""
    names = {*ours(metadata), *expected(record)}
    if metadata.picture.ext == "avif":
        # the container's, which Pillow tells as EXIF and ExifTool does not
        names.discard("Orientation")
    if metadata.picture.filename.lower().endswith(_RAW):
        # ours is that of the preview in it, which is what is shown
        names.discard("ImageSize")
    return sorted(names)


def same(mine: str, theirs: str) -> bool:
    """Return whether two texts are equal; ExifTool has ``?`` for bytes that are no UTF-8."""
    return mine == theirs or (
        "?" in theirs and re.fullmatch(re.escape(theirs).replace(r"\?", ".?"), mine) is not None
    )


def _plain(value: object, joint: str = ", ") -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _folded(joint.join(map(str, _listed(value))))


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(record: Mapping[str, object], names: Iterable[str]) -> str:
    return next(filter(None, (_plain(record.get(name), "; ") for name in names)), "")


def _folded(text: str) -> str:
    return " ".join("".join(one for one in text if one >= " " or one in "\n\t\r").split())


def _date(text: str) -> str:
    """Return a date and time in the service's form; nothing if it is none."""
    found = re.match(r"([1-9]\d{3})(?:\W(\d\d))?(?:\W(\d\d))?(?:\W(\d\d:\d\d)(:\d\d)?)?", text)
    if found is None:
        return ""
    day = f"{found[1]}-{found[2] or '01'}-{found[3] or '01'}"
    return f"{day} {found[4] or '00:00'}{found[5] or ':00'}"
