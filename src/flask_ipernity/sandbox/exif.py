"""Reads size, date, title, place and EXIF of a photo file; EXIF under ExifTool's names."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from .thumbnails import OriginalFile

#: Formats and file extensions; MPO is Pillow's name of a JPEG with several pictures.
FORMATS = {
    "JPEG": "jpg",
    "MPO": "jpg",
    "PNG": "png",
    "GIF": "gif",
    "WEBP": "webp",
    "TIFF": "tif",
    "AVIF": "avif",
    "BMP": "bmp",
}

_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_ORIENTATIONS = {
    1: "Horizontal (normal)",
    2: "Mirror horizontal",
    3: "Rotate 180",
    4: "Mirror vertical",
    5: "Mirror horizontal and rotate 270 CW",
    6: "Rotate 90 CW",
    7: "Mirror horizontal and rotate 90 CW",
    8: "Rotate 270 CW",
}
_FLASH = {
    0x00: "No Flash",
    0x01: "Fired",
    0x09: "On, Fired",
    0x10: "Off, Did not fire",
    0x18: "Auto, Did not fire",
    0x19: "Auto, Fired",
}
_CAMERA_NOISE = {"OLYMPUS DIGITAL CAMERA", "SONY DSC", "KONICA MINOLTA DIGITAL CAMERA"}
_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """A photo file that could be read; ``created`` is ``YYYY-MM-DD HH:MM:SS``."""

    picture: OriginalFile
    created: str | None
    title: str | None
    lat: float | None
    lng: float | None
    exif: dict[str, str] = field(default_factory=dict)


def to_unix(created: str) -> int:
    """Return the Unix seconds of a date and time, read as UTC; at least 0."""
    moment = datetime.strptime(created, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return max(0, int(moment.timestamp()))


def from_unix(seconds: float) -> str:
    """Return the date and time of Unix seconds, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def read_photo(path: Path) -> PhotoMetadata:
    """Read a photo's header and EXIF, not its pixels.

    :raises ValueError: the file is not a JPEG or PNG that can be read.
    """
    try:
        with Image.open(path, formats=tuple(name for name in FORMATS if name != "MPO")) as image:
            ext = FORMATS[image.format or ""]
            width, height = image.size
            main, shot, place = _exif_directories(image)
    except (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is not a readable JPEG or PNG: {error}") from error
    stored = f"{width}x{height}"
    if main.get(0x0112) in (5, 6, 7, 8):
        width, height = height, width
    about = path.stat()
    lat, lng = _degrees(place, 2, "S"), _degrees(place, 4, "W")
    return PhotoMetadata(
        OriginalFile(path, ext, path.name, width, height, about.st_size, about.st_mtime),
        _created(shot),
        _title(main),
        lat,
        lng,
        _exiftool_values(main, shot, stored, lat, lng),
    )


def _exif_directories(image: Image.Image) -> tuple[dict[int, Any], dict[int, Any], dict[int, Any]]:
    """Return EXIF's main, photo and GPS directories; damaged ones are empty."""
    try:
        exif = image.getexif()
        return dict(exif), dict(exif.get_ifd(_EXIF_IFD)), dict(exif.get_ifd(_GPS_IFD))
    except (OSError, ValueError, SyntaxError, struct.error, KeyError, TypeError):
        return {}, {}, {}


def _text(value: object) -> str | None:
    """Return a text value without padding; None if it is empty or not text."""
    if isinstance(value, str):
        # Pillow reads EXIF's ASCII values as Latin-1, but programs write UTF-8 into them.
        value = value.encode("latin-1", "replace")
    if not isinstance(value, bytes):
        return None
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.replace("\0", "").strip() or None


def _number(value: Any) -> float | None:
    """Return a finite number, or None: cameras write values such as 0/0."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None


def _title(main: dict[int, Any]) -> str | None:
    """Return XPTitle (UTF-16), otherwise ImageDescription unless it only names the camera."""
    title = main.get(0x9C9B)
    if isinstance(title, bytes):
        text = title.decode("utf-16-le", "replace").replace("\0", "").strip()
        if text:
            return text
    description = _text(main.get(0x010E))
    return None if description in _CAMERA_NOISE else description


def _created(shot: dict[int, Any]) -> str | None:
    found = _DATE.fullmatch(_text(shot.get(0x9003)) or "")
    if not found:
        return None
    created = f"{found[1]}-{found[2]}-{found[3]} {found[4]}"
    try:
        to_unix(created)
    except ValueError:
        return None
    return created


def _degrees(place: dict[int, Any], tag: int, negative: str) -> float | None:
    """Return a latitude (tag 2) or longitude (tag 4) from degrees, minutes and seconds."""
    parts = place.get(tag)
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    numbers = [_number(part) for part in parts]
    degrees, minutes, seconds = (0.0 if part is None else part for part in numbers)
    value = degrees + minutes / 60 + seconds / 3600
    if numbers[0] is None or value > 180:
        return None
    return -value if _text(place.get(tag - 1)) == negative else value


def _sexagesimal(value: float, letters: str) -> str:
    """Return a coordinate as ExifTool prints it."""
    degrees, rest = divmod(abs(value) * 3600, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{degrees:.0f} deg {minutes:.0f}' {seconds:.2f}\" {letters[value < 0]}"


def _exposure(seconds: float) -> str:
    """Return ``1/250``; for a quarter of a second and longer ``0.5`` or ``8``."""
    if 0 < seconds < 0.25001:
        return f"1/{round(1 / seconds)}"
    return f"{seconds:.1f}".removesuffix(".0")


def _exiftool_values(
    main: dict[int, Any], shot: dict[int, Any], stored: str, lat: float | None, lng: float | None
) -> dict[str, str]:
    """Return the values that are present, under ExifTool's names without spaces."""
    exposure, aperture = _number(shot.get(0x829A)), _number(shot.get(0x829D))
    focal, iso = _number(shot.get(0x920A)), shot.get(0x8827)
    if isinstance(iso, tuple):
        iso = iso[0] if iso else None
    flash, orientation = shot.get(0x9209), main.get(0x0112)
    values = {
        "Make": _text(main.get(0x010F)),
        "CameraModelName": _text(main.get(0x0110)),
        "LensModel": _text(shot.get(0xA434)),
        "ExposureTime": None if exposure is None else _exposure(exposure),
        "FNumber": None if aperture is None else f"{aperture:.1f}",
        "ISO": None if iso is None else str(iso),
        "FocalLength": None if focal is None else f"{focal:.1f} mm",
        "DateTimeOriginal": _text(shot.get(0x9003)),
        "CreateDate": _text(shot.get(0x9004)),
        "ModifyDate": _text(main.get(0x0132)),
        "ImageSize": stored,
        "Orientation": None if orientation is None else _ORIENTATIONS.get(orientation),
        "Flash": None if flash is None else _FLASH.get(flash),
        "Software": _text(main.get(0x0131)),
        "GPSLatitude": None if lat is None else _sexagesimal(lat, "NS"),
        "GPSLongitude": None if lng is None else _sexagesimal(lng, "EW"),
    }
    return {name: value for name, value in values.items() if value is not None}
