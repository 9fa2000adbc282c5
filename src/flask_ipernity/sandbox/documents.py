"""Documents with their tags and notes, and what contains them: albums and folders."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from .audience import Audience
from .thumbnails import SIZE_LABELS, OriginalFile, labels_for

#: The values of a document's ``share``.
PRIVATE, FAMILY, FRIENDS, FRIENDS_AND_FAMILY, PUBLIC = range(5)


def digest(*parts: object) -> str:
    """Return a number for these parts, the same in every run, as 40 hex digits."""
    return hashlib.sha1(":".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Tag:
    """A keyword; it has one id for all members."""

    tag_id: str
    text: str


@dataclass(frozen=True, slots=True)
class DocTag:
    """A tag on a document: the id of a keyword, or of the member whom the document shows."""

    type: str
    id: str
    user_id: str
    added_at: int


@dataclass(frozen=True, slots=True)
class Note:
    """A rectangle on a picture with a text or a member's name."""

    note_id: str
    user_id: str
    x: int
    y: int
    w: int
    h: int
    content: str
    posted_at: int
    member_id: str | None = None


@dataclass(slots=True)
class Doc:
    """A document.

    ``source`` is the original, ``picture`` what the sizes are drawn from: the original of a photo,
    the poster of a video, nothing for sound. ``largest`` is the largest size its owner offers.
    """

    doc_id: str
    owner_id: str
    source: OriginalFile
    picture: OriginalFile | None
    title: str
    media: str = "photo"
    description: str = ""
    license: int = 0
    share: int = PUBLIC
    safety: int = 1
    posted_at: int = 0
    created: str = "0000-00-00 00:00:00"
    updated_at: int = 0
    volume: int = 1
    length: int | None = None
    largest: int = 2048
    allow_original: bool = True
    perm_comment: int = 5
    perm_tag: int = 3
    perm_tagme: int = 3
    lat: float | None = None
    lng: float | None = None
    location: str | None = None
    tags: list[DocTag] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    exif: dict[str, str] = field(default_factory=dict)
    audience: Audience = field(default_factory=Audience)

    @property
    def ext(self) -> str:
        """The original's file extension, without a dot."""
        return self.source.ext

    @property
    def sizes(self) -> tuple[str, ...]:
        """The labels of the existing sizes, smallest first."""
        if self.picture is None:
            return ()
        return labels_for(self.picture.width, self.picture.height, self.largest)

    @property
    def folder(self) -> str:
        """``/volume/aa/bb/``, where aa and bb are the last four digits of the id."""
        digits = self.doc_id[-4:].zfill(4)
        return f"/{self.volume}/{digits[:2]}/{digits[2:]}/"

    def secret(self, label: str) -> str:
        """Return the secret in a file's URL.

        Sizes up to 800 share one; each larger size, the original and each media file have their
        own ([C] feedbactory and a test of interweb).
        """
        shared = label in SIZE_LABELS and int(label.rstrip("x")) <= 800
        return digest("secret", self.doc_id, "small" if shared else label)[:8]

    def path(self, label: str) -> str:
        """Return the path of a size, of the media file ``mp4`` or ``mp3``, or of ``original``."""
        ending = {"original": self.ext, **{size: f"{size}.jpg" for size in SIZE_LABELS}}.get(
            label, label
        )
        return f"{self.folder}{self.doc_id}.{self.secret(label)}.{ending}"

    @property
    def media_labels(self) -> tuple[str, ...]:
        """The labels of the playable files of a video or sound."""
        playable = (self.media, self.ext) in (("video", "mp4"), ("audio", "mp3"))
        return (self.ext,) if playable else ()


#: The attributes of documents on which lists depend.
WATCHED = ("owner_id", "share", "media", "posted_at", "created", "source")

_changes = 0


def changes() -> int:
    """Return a number that is another one after each change of a watched attribute."""
    return _changes


def _watch(name: str) -> None:
    """Count the changes of an attribute, also by tests, which change documents directly."""
    slot = getattr(Doc, name)

    def change(doc: Doc, value: object) -> None:
        global _changes
        _changes += 1
        slot.__set__(doc, value)

    setattr(Doc, name, property(slot.__get__, change))


for _name in WATCHED:
    _watch(_name)


@dataclass(slots=True)
class Album:
    """Documents of one owner in a chosen order; ``place`` is its position among the albums."""

    album_id: str
    owner_id: str
    title: str
    description: str = ""
    doc_ids: list[str] = field(default_factory=list)
    cover_id: str | None = None
    created_at: int = 0
    updated_at: int = 0
    perm_comment: int = 5
    place: int | None = None
    audience: Audience = field(default_factory=Audience)


@dataclass(slots=True)
class Folder:
    """Albums of one owner; ``place`` is its position among the folders."""

    folder_id: str
    owner_id: str
    title: str
    description: str = ""
    album_ids: list[str] = field(default_factory=list)
    cover_id: str | None = None
    created_at: int = 0
    updated_at: int = 0
    place: int | None = None
