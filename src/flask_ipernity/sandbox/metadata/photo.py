"""What a photo file says about itself, and its size."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from ..thumbnails import OriginalFile
from . import exif

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


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """A photo file that could be read.

    ``created`` is ``YYYY-MM-DD HH:MM:SS`` in the local time of the place, ``location`` the names
    of the place, the nearest first. ``rating`` is -1 (rejected) to 5, ``license`` a number of the
    service, ``exif`` has ExifTool's names and texts.
    """

    picture: OriginalFile
    created: str | None = None
    title: str | None = None
    lat: float | None = None
    lng: float | None = None
    exif: dict[str, str] = field(default_factory=dict)
    description: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None
    creator: str | None = None
    copyright: str | None = None
    license: int | None = None
    location: str | None = None


def read_photo(path: Path) -> PhotoMetadata:
    """Read a photo's header and EXIF, not its pixels.

    :raises ValueError: the file is not a JPEG or PNG that can be read.
    """
    try:
        with Image.open(path, formats=tuple(name for name in FORMATS if name != "MPO")) as image:
            ext = FORMATS[image.format or ""]
            width, height = image.size
            main, shot, place = exif.exif_directories(image)
    except (OSError, ValueError, SyntaxError, struct.error, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is not a readable JPEG or PNG: {error}") from error
    stored = f"{width}x{height}"
    if main.get(0x0112) in (5, 6, 7, 8):
        width, height = height, width
    about = path.stat()
    lat, lng = exif.degrees(place, 2, "S"), exif.degrees(place, 4, "W")
    return PhotoMetadata(
        OriginalFile(path, ext, path.name, width, height, about.st_size, about.st_mtime),
        exif.created(shot),
        exif.title(main),
        lat,
        lng,
        exif.exiftool_values(main, shot, stored, lat, lng),
    )
