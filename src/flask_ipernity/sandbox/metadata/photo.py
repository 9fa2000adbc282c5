"""A photo file: its size, and what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path

from ..file_kinds import HEAD_BYTES, kind_of
from ..image_files import comes_upright, is_turned_by_exif, open_image
from ..thumbnails import OriginalFile, open_regular
from . import exif
from .dates import in_service_form
from .sources import Sources, read_raw_sources, read_sources


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


def read_photo(path: Path, *, exif_only: bool = False) -> PhotoMetadata:
    """Read the header and the metadata of a photo, not its pixels.

    :param exif_only: whether IPTC and XMP are left aside.
    :raises ValueError: the file is no picture that can be read.
    :raises OSError: the file cannot be opened.
    """
    file, about = open_regular(path)
    with file:
        kind = kind_of(file.read(HEAD_BYTES), path.name)
        image = open_image(file)
        try:
            sources = read_sources(image, file)
            if exif_only:
                sources = Sources(sources.exif)
        except OSError as error:
            raise ValueError(f"its header cannot be read: {error}") from error
    width, height = image.size
    turned = sources.exif.orientation
    stored = (height, width) if turned >= 5 and comes_upright(image) else (width, height)
    # Of EXIF alone: no browser turns a picture for its XMP.
    turn = turned if is_turned_by_exif(image) else 1
    if turn >= 5:
        width, height = height, width
    picture = OriginalFile(
        path,
        kind.ext_for(path.name),
        path.name,
        width,
        height,
        about.st_size,
        about.st_mtime,
        orientation=turn,
    )
    return _metadata(picture, sources, "{}x{}".format(*stored))


def read_raw(path: Path, part: tuple[int, int]) -> PhotoMetadata:
    """Read the metadata of a camera's raw file; its picture is the preview in it.

    :param part: where the preview is, see :func:`..raw_previews.find_preview`.
    :raises ValueError: the preview cannot be read.
    :raises OSError: the file cannot be opened.
    """
    file, about = open_regular(path)
    with file:
        file.seek(part[0])
        preview = BytesIO(file.read(part[1]))
        image = open_image(preview)
        own = read_sources(image, preview)
        raw = read_raw_sources(file)
    # The preview lies as the sensor did, and says so itself, or the file does.
    turn = own.exif.orientation
    if turn == 1 and raw is not None:
        turn = raw.exif.orientation
    width, height = image.size if turn < 5 else image.size[::-1]
    kind = kind_of(b"", path.name)
    picture = OriginalFile(
        path,
        kind.ext_for(path.name),
        path.name,
        width,
        height,
        about.st_size,
        about.st_mtime,
        orientation=turn,
        part=part,
    )
    found = _metadata(picture, own if raw is None else raw, "")
    # that of the preview is none of the picture
    return replace(found, exif={name: v for name, v in found.exif.items() if name != "ImageSize"})


def _metadata(picture: OriginalFile, sources: Sources, stored: str) -> PhotoMetadata:
    lat, lng = sources.position()
    return PhotoMetadata(
        picture,
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
