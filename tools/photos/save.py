"""JPEG files of a wanted weight, with EXIF as a camera writes it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from .noise import Array

Base, Gps = ExifTags.Base, ExifTags.GPS


@dataclass(frozen=True)
class Shot:
    """The camera's settings for one picture."""

    #: YYYY-MM-DD HH:MM:SS
    created: str
    #: Seconds, as numerator and denominator.
    exposure: tuple[int, int]
    aperture: float
    iso: int
    focal: int
    lens: str = "Kestrel 24-70mm F2.8"
    #: Latitude, longitude, metres above the sea.
    gps: tuple[float, float, int] | None = field(default=None)


def _sixty(value: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    value = abs(value)
    degrees = int(value)
    minutes = int((value - degrees) * 60)
    seconds = round(((value - degrees) * 60 - minutes) * 6000)
    return IFDRational(degrees, 1), IFDRational(minutes, 1), IFDRational(seconds, 100)


def exif(shot: Shot, caption: str, size: tuple[int, int]) -> Image.Exif:
    """Return the EXIF block of one picture."""
    data = Image.Exif()
    stamp = shot.created.replace("-", ":")
    data[Base.ImageDescription] = caption
    data[Base.Make] = "Kestrel"
    data[Base.Model] = "K7"
    data[Base.Orientation] = 1
    data[Base.Software] = "Flask-Ipernity sandbox"
    data[Base.DateTime] = stamp
    details = data.get_ifd(ExifTags.IFD.Exif)
    details[Base.ExposureTime] = IFDRational(*shot.exposure)
    details[Base.FNumber] = IFDRational(round(shot.aperture * 10), 10)
    details[Base.ISOSpeedRatings] = shot.iso
    details[Base.DateTimeOriginal] = stamp
    details[Base.DateTimeDigitized] = stamp
    details[Base.FocalLength] = IFDRational(shot.focal, 1)
    details[Base.LensModel] = shot.lens
    details[Base.ExifImageWidth], details[Base.ExifImageHeight] = size
    if shot.gps is not None:
        latitude, longitude, metres = shot.gps
        place = data.get_ifd(ExifTags.IFD.GPSInfo)
        place[Gps.GPSVersionID] = b"\x02\x03\x00\x00"
        place[Gps.GPSLatitudeRef] = "N" if latitude >= 0 else "S"
        place[Gps.GPSLatitude] = _sixty(latitude)
        place[Gps.GPSLongitudeRef] = "E" if longitude >= 0 else "W"
        place[Gps.GPSLongitude] = _sixty(longitude)
        place[Gps.GPSAltitudeRef] = b"\x00"
        place[Gps.GPSAltitude] = IFDRational(metres, 1)
    return data


def save(shown: Array, path: Path, shot: Shot, caption: str, weight: int) -> int:
    """Write the picture as the best JPEG of at most *weight* bytes; return its size."""
    picture = Image.fromarray((shown * 255 + 0.5).astype(np.uint8), "RGB")
    block = exif(shot, caption, picture.size)
    best = b""
    low, high = 40, 93
    while low <= high:
        quality = (low + high) // 2
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True, exif=block)
        if buffer.tell() <= weight or not best:
            best = buffer.getvalue()
        if buffer.tell() <= weight:
            low = quality + 1
        else:
            high = quality - 1
    path.write_bytes(best)
    return len(best)
