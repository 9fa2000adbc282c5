"""EXIF: what a camera wrote, under ExifTool's names.

Tags: EXIF 3.0, and Microsoft's for what Windows writes. The texts of the values are ExifTool's, as
those of ``doc.getExif`` are.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import BinaryIO

from .text import decode, lines, one_line
from .tiff import Directory, Rational, Tiff

DESCRIPTION, MAKE, MODEL, ORIENTATION, SOFTWARE = 0x010E, 0x010F, 0x0110, 0x0112, 0x0131
MODIFIED, ARTIST, COPYRIGHT, RATING = 0x0132, 0x013B, 0x8298, 0x4746
#: Windows' own fields, in UTF-16.
XP_TITLE, XP_COMMENT, XP_AUTHOR, XP_KEYWORDS = 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_MAIN = {
    *(DESCRIPTION, MAKE, MODEL, ORIENTATION, SOFTWARE, MODIFIED, ARTIST, COPYRIGHT, RATING),
    *(XP_TITLE, XP_COMMENT, XP_AUTHOR, XP_KEYWORDS, _EXIF_IFD, _GPS_IFD),
}

TAKEN, DIGITIZED = 0x9003, 0x9004
#: The zones and the fractions of a second that belong to the dates.
TAKEN_OFFSET, DIGITIZED_OFFSET, TAKEN_FRACTION, DIGITIZED_FRACTION = 0x9011, 0x9012, 0x9291, 0x9292
_EXPOSURE_TIME, _F_NUMBER, _ISO, _BIAS, _FLASH = 0x829A, 0x829D, 0x8827, 0x9204, 0x9209
_FOCAL_LENGTH, _FOCAL_LENGTH_35MM, _LENS = 0x920A, 0xA405, 0xA434
_SHOT = {
    *(TAKEN, DIGITIZED, TAKEN_OFFSET, DIGITIZED_OFFSET, TAKEN_FRACTION, DIGITIZED_FRACTION),
    *(_EXPOSURE_TIME, _F_NUMBER, _ISO, _BIAS, _FLASH, _FOCAL_LENGTH, _FOCAL_LENGTH_35MM, _LENS),
}

_LATITUDE, _LONGITUDE = 2, 4
_PLACE = {1, _LATITUDE, 3, _LONGITUDE}

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


@dataclass(frozen=True, slots=True)
class Exif:
    """EXIF's main directory, that of the shot, and that of the place."""

    main: Directory = field(default_factory=dict)
    shot: Directory = field(default_factory=dict)
    place: Directory = field(default_factory=dict)

    def text(self, tag: int) -> str | None:
        """Return a text in one line; None if it is missing or empty."""
        value = self._bytes(tag)
        return None if value is None else one_line(decode(value))

    def lines(self, tag: int) -> str | None:
        """Return a text with its line breaks; None if it is missing or empty."""
        value = self._bytes(tag)
        return None if value is None else lines(decode(value))

    def wide_text(self, tag: int) -> str | None:
        """Return one of Windows' texts; None if it is missing or empty."""
        value = self._bytes(tag)
        return None if value is None else lines(value.decode("utf-16-le", "ignore"))

    def copyright(self) -> str | None:
        """Return the photographer's or, where that is empty, the editor's copyright."""
        both = (self._bytes(COPYRIGHT) or b"").split(b"\0")
        return next(filter(None, (lines(decode(text)) for text in both[:2])), None)

    def number(self, tag: int) -> float | None:
        """Return the first number of a value; None if there is none (cameras write 0/0)."""
        return _number(self._value(tag))

    def signed_number(self, tag: int) -> float | None:
        """Return a number whose fraction some cameras (Leica M8) store as one without a sign."""
        value = self._value(tag)
        if isinstance(value, tuple) and value and isinstance(value[0], Rational):
            parts = (part - (1 << 32) if part >> 31 > 0 else part for part in value[0])
            value = (Rational(*parts),)
        return _number(value)

    def degrees(self, tag: int) -> float | None:
        """Return the latitude (tag 2) or longitude (tag 4); without its letter it is not known."""
        parts = self.place.get(tag)
        letter = self.place.get(tag - 1)
        if isinstance(parts, bytes) or parts is None or not isinstance(letter, bytes):
            return None
        numbers = [_number((part,)) for part in parts[:3]]
        if numbers[0] is None:
            return None
        value = sum((number or 0) / 60**power for power, number in enumerate(numbers))
        sign = {"N": 1, "E": 1, "S": -1, "W": -1}.get(decode(letter).strip()[:1].upper())
        allowed = ("NS", 90) if tag == _LATITUDE else ("EW", 180)
        if sign is None or decode(letter).strip()[0].upper() not in allowed[0]:
            return None
        return sign * value if 0 <= value <= allowed[1] else None

    @property
    def latitude(self) -> float | None:
        """The latitude in degrees, negative in the south."""
        return self.degrees(_LATITUDE)

    @property
    def longitude(self) -> float | None:
        """The longitude in degrees, negative in the west."""
        return self.degrees(_LONGITUDE)

    @property
    def orientation(self) -> int:
        """How the picture is to be turned, 1 to 8."""
        number = self.number(ORIENTATION)
        return int(number) if number in _ORIENTATIONS else 1

    def _value(self, tag: int) -> object:
        """Return a value; some programs write all into the main directory, or into the other."""
        places = (self.shot, self.main) if tag in _SHOT else (self.main, self.shot)
        return places[0].get(tag, places[1].get(tag))

    def _bytes(self, tag: int) -> bytes | None:
        value = self._value(tag)
        return value if isinstance(value, bytes) else None


def read(file: BinaryIO) -> Exif:
    """Read EXIF, which begins like a TIFF file; what is damaged is left out."""
    try:
        tiff = Tiff(file)
    except ValueError:
        return Exif()

    def below(tag: int, wanted: Collection[int]) -> Directory:
        pointer = _number(main.get(tag))
        return tiff.directory(int(pointer), wanted) if pointer else {}

    main = tiff.directory(tiff.first, _MAIN | _SHOT)
    return Exif(main, below(_EXIF_IFD, _MAIN | _SHOT), below(_GPS_IFD, _PLACE))


def facts(exif: Exif, stored: str) -> dict[str, str]:
    """Return the values that are present, under ExifTool's names without spaces.

    :param stored: width and height of the picture as it is stored, ``4000x3000``.
    """
    exposure, aperture = exif.number(_EXPOSURE_TIME), exif.number(_F_NUMBER)
    focal, focal_35mm = exif.number(_FOCAL_LENGTH), exif.number(_FOCAL_LENGTH_35MM)
    iso, bias, flash = exif.number(_ISO), exif.signed_number(_BIAS), exif.number(_FLASH)
    orientation = exif.number(ORIENTATION)
    lat, lng = exif.latitude, exif.longitude
    values = {
        "Make": exif.text(MAKE),
        "CameraModelName": exif.text(MODEL),
        "LensModel": exif.text(_LENS),
        "ExposureTime": None if exposure is None else _exposure(exposure),
        "FNumber": None if aperture is None else _f_number(aperture),
        "ISO": None if iso is None else f"{iso:.0f}",
        "ExposureCompensation": None if bias is None else _steps(bias),
        "FocalLength": None if focal is None else f"{focal:.1f} mm",
        # 0 is "unknown" (EXIF 3.0, FocalLengthIn35mmFilm)
        "FocalLengthIn35mmFormat": f"{focal_35mm:.0f} mm" if focal_35mm else None,
        "DateTimeOriginal": exif.text(TAKEN),
        "SubSecTimeOriginal": exif.text(TAKEN_FRACTION),
        "OffsetTimeOriginal": exif.text(TAKEN_OFFSET),
        "CreateDate": exif.text(DIGITIZED),
        "ModifyDate": exif.text(MODIFIED),
        "ImageSize": stored,
        "Orientation": None if orientation is None else _ORIENTATIONS.get(int(orientation)),
        "Flash": None if flash is None else _flash(int(flash)),
        "Software": exif.text(SOFTWARE),
        "Artist": exif.text(ARTIST),
        "Copyright": exif.copyright(),
        "GPSLatitude": None if lat is None else _sexagesimal(lat, "NS"),
        "GPSLongitude": None if lng is None else _sexagesimal(lng, "EW"),
    }
    return {name: value for name, value in values.items() if value is not None}


def _number(value: object) -> float | None:
    if isinstance(value, bytes):
        return value[0] if len(value) == 1 else None
    if not isinstance(value, tuple) or not value:
        return None
    first = value[0]
    if isinstance(first, Rational):
        return first.numerator / first.denominator if first.denominator else None
    return float(first) if math.isfinite(first) else None


def _exposure(seconds: float) -> str:
    """Return ``1/250``; for a quarter of a second and longer ``0.5`` or ``8``."""
    if 0 < seconds < 0.25001:
        return f"1/{math.floor(0.5 + 1 / seconds)}"
    return f"{seconds:.1f}".removesuffix(".0")


def _f_number(aperture: float) -> str:
    """Return ``5.6``, and below 1 two decimals: ``0.95``."""
    if aperture <= 0:
        return f"{aperture:g}"
    return f"{aperture:.2f}" if aperture < 1 else f"{aperture:.1f}"


def _steps(value: float) -> str:
    """Return a number of exposure steps with its sign, ``+1/3`` or ``-2``."""
    value *= 1.00001  # 0.33333 is a third as well
    if not value:
        return "0"
    for part in (1, 2, 3):
        if int(value * part) / (value * part) > 0.999:
            return f"{int(value * part):+d}" + (f"/{part}" if part > 1 else "")
    return f"{value:+.3g}"


def _flash(value: int) -> str:
    """Return what the bits of EXIF's Flash say, in the words and the order of ExifTool."""
    fired, returned, mode = value & 1, value >> 1 & 3, value >> 3 & 3
    no_function, red_eye = value & 0x20, value & 0x40
    if value == 0:
        return "No Flash"
    words = ["", "On", "Off", "Auto"][mode : mode + 1]
    if no_function:
        words.append("No flash function")
    elif fired:
        # ExifTool leaves out what a word before it says already
        if mode != 1 or not (returned or red_eye):
            words.append("Fired")
    elif mode != 2 or not red_eye:
        words.append("Did not fire")
    if red_eye:
        words.append("Red-eye reduction")
    words.append({2: "Return not detected", 3: "Return detected"}.get(returned, ""))
    return ", ".join(filter(None, words))


def _sexagesimal(value: float, letters: str) -> str:
    """Return a coordinate as ExifTool prints it, with carried minutes: never 60 seconds."""
    hundredths = round(abs(value) * 360_000)
    minutes, rest = divmod(hundredths, 6_000)
    degrees, minutes = divmod(minutes, 60)
    return f"{degrees} deg {minutes}' {rest / 100:.2f}\" {letters[value < 0]}"
