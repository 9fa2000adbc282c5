"""A photo file: its size, and what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from PIL import Image

from ..thumbnails import OriginalFile
from . import exif
from .dates import in_service_form
from .sources import read_sources

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

#: For Pillow, which knows MPO as JPEG until it has opened the file.
_READABLE = tuple(name for name in FORMATS if name != "MPO")


@dataclass(frozen=True, slots=True)
class PhotoMetadata:
    """A photo file that could be read.

    ``taken_at`` is on the clock of the place, with its zone and fractions of a second where the
    file tells them. ``location`` are the names of the place, the nearest first, ``rating`` is -1
    (rejected) to 5, ``license`` a number of the service. ``exif`` has ExifTool's names and texts.
    """

    picture: OriginalFile
    title: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    rating: int | None = None
    creator: str | None = None
    copyright: str | None = None
    license: int | None = None
    location: str | None = None
    lat: float | None = None
    lng: float | None = None
    taken_at: datetime | None = None
    exif: dict[str, str] = field(default_factory=dict)

    @property
    def created(self) -> str | None:
        """When it was taken, ``YYYY-MM-DD HH:MM:SS`` on the clock of the place."""
        return None if self.taken_at is None else in_service_form(self.taken_at)


def read_photo(path: Path) -> PhotoMetadata:
    """Read the header and the metadata of a photo, not its pixels.

    :raises ValueError: the file is not a JPEG or PNG that can be read.
    """
    try:
        with path.open("rb") as file, Image.open(file, formats=_READABLE) as image:
            ext = FORMATS[image.format or ""]
            width, height = image.size
            sources = read_sources(image, file)
            about = path.stat()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is not a readable JPEG or PNG: {error}") from error
    stored = f"{width}x{height}"
    # Of EXIF alone: no browser turns a picture for its XMP.
    if sources.exif.orientation >= 5:
        width, height = height, width
    lat, lng = sources.position()
    return PhotoMetadata(
        OriginalFile(path, ext, path.name, width, height, about.st_size, about.st_mtime),
        title=sources.title(),
        description=sources.description(),
        keywords=sources.keywords(),
        rating=sources.rating(),
        creator=sources.creator(),
        copyright=sources.copyright(),
        license=sources.license(),
        location=sources.location(),
        lat=lat,
        lng=lng,
        taken_at=sources.taken_at(),
        exif=exif.facts(sources.exif, stored),
    )
