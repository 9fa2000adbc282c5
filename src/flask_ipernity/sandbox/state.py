"""What the local Ipernity knows: people, documents, albums, tags, applications, frobs, tokens.

Everything lives in memory in one :class:`State`. API methods run under ``state.lock``; the media
host asks :meth:`State.media_file`, which takes the lock for the look-up only.
"""

from __future__ import annotations

import hashlib
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from .pictures import LABELS, Drawer, Picture, draw_avatar, draw_icon, labels_for

ITEMS = ("doc", "blog", "post", "network", "profile")
LEVELS = ("none", "read", "write", "delete")

PRIVATE, FAMILY, FRIENDS, FRIENDS_AND_FAMILY, PUBLIC = range(5)
"""Values of a document's ``share``."""

CONTENT_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
}
ICON_NUMBERS = {"photo": 1, "video": 2, "audio": 3, "other": 8}
_ICON_DATE = 1_228_086_000.0

_FILE_PATH = re.compile(r"/\d+/\d\d/\d\d/(\d+)\.[0-9a-f]{8}\.[0-9a-z.]+")


def _digest(*parts: object) -> str:
    """A stable number for these parts, as 40 hex digits."""
    return hashlib.sha1(":".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Person:
    """A member; ``family``, ``friends`` and ``contacts`` hold the user ids this person calls so."""

    user_id: str
    username: str
    realname: str
    alias: str
    is_pro: bool = False
    lg: str = "en"
    member_since: int = 0
    closed: bool = False
    sex: str | None = None
    town: str = ""
    country: str = ""
    tmo: int = 0
    last_online: int = 0
    posts: int = 0
    family: set[str] = field(default_factory=set)
    friends: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)

    @property
    def avatar_path(self) -> str:
        """Path of the avatar: the low and the second byte of the id in hex, then the id."""
        number = int(self.user_id)
        return f"/p/{number & 255:02X}/{number >> 8 & 255:02X}/{self.user_id}/buddy.jpg"


@dataclass(slots=True)
class App:
    """An application with its key; a callback address lets it use the web flow."""

    key: str
    secret: str
    title: str = "Flask-Ipernity"
    callback_url: str | None = None


@dataclass(slots=True)
class Frob:
    """A started sign-in; ``person_id`` is set as soon as somebody has allowed it."""

    value: str
    app_key: str
    created: float
    flow: str = "web"
    person_id: str | None = None
    permissions: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Token:
    """A person's grant to an application; ``permissions`` names all five items."""

    value: str
    app_key: str
    user_id: str
    permissions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Tag:
    """A keyword, known under one number to all members."""

    tag_id: str
    text: str


@dataclass(frozen=True, slots=True)
class DocTag:
    """A tag on a document: the id of a keyword, or of the member it shows."""

    type: str
    id: str
    user_id: str
    added_at: int


@dataclass(frozen=True, slots=True)
class Note:
    """A rectangle on a picture with some words, or with a member's name."""

    note_id: str
    user_id: str
    x: int
    y: int
    w: int
    h: int
    content: str
    member_id: str | None = None


@dataclass(slots=True)
class Doc:
    """A document.

    ``source`` is the original, ``picture`` what the sizes are drawn from: the original of a photo,
    the poster of a video, nothing for sound. ``largest`` is the largest size its owner offers.
    """

    doc_id: str
    owner_id: str
    source: Picture
    picture: Picture | None
    title: str
    media: str = "photo"
    description: str = ""
    license: int = 0
    share: int = PUBLIC
    safety: int = 1
    posted_at: int = 0
    created: str = "0000-00-00 00:00:00"
    updated_at: int = 0
    comment_at: int = 0
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
    visits: int = 0
    faves: int = 0
    comments: int = 0
    tags: list[DocTag] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    exif: dict[str, str] = field(default_factory=dict)

    @property
    def ext(self) -> str:
        """The original's ending in a URL, without a dot."""
        return self.source.ext

    @property
    def sizes(self) -> tuple[str, ...]:
        """The labels of the sizes that exist, smallest first."""
        if self.picture is None:
            return ()
        return labels_for(self.picture.width, self.picture.height, self.largest)

    @property
    def folder(self) -> str:
        """``/volume/aa/bb/``: aa and bb are the last four digits of the id."""
        digits = self.doc_id[-4:].zfill(4)
        return f"/{self.volume}/{digits[:2]}/{digits[2:]}/"

    def secret(self, label: str) -> str:
        """The secret in a file's address.

        Sizes up to 800 share one; each larger size, the original and each media file have their
        own ([C] feedbactory and an interweb test).
        """
        shared = label in LABELS and int(label.rstrip("x")) <= 800
        return _digest("secret", self.doc_id, "small" if shared else label)[:8]

    def path(self, label: str) -> str:
        """Path of a size, of the media file ``mp4``/``mp3``, or of the ``original``."""
        ending = {"original": self.ext, **{size: f"{size}.jpg" for size in LABELS}}.get(
            label, label
        )
        return f"{self.folder}{self.doc_id}.{self.secret(label)}.{ending}"

    @property
    def media_labels(self) -> tuple[str, ...]:
        """Labels of the playable files of a video or sound."""
        return {"video": ("mp4",), "audio": ("mp3",)}.get(self.media, ())


@dataclass(slots=True)
class Album:
    """Documents of one owner in an order of their own."""

    album_id: str
    owner_id: str
    title: str
    description: str = ""
    doc_ids: list[str] = field(default_factory=list)
    cover_id: str | None = None
    created_at: int = 0
    updated_at: int = 0
    comment_at: int = 0
    perm_comment: int = 5
    visits: int = 0
    faves: int = 0
    comments: int = 0


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of the media host: the tag comes without quotes, the bytes only on ``read()``."""

    content_type: str
    etag: str
    modified: float
    read: Callable[[], bytes]


@dataclass(slots=True)
class State:
    """The whole service; dictionaries are in the order in which things were made."""

    people: dict[str, Person] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    frobs: dict[str, Frob] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    docs: dict[str, Doc] = field(default_factory=dict)
    albums: dict[str, Album] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    drawer: Drawer = field(default_factory=Drawer)
    _steps: random.Random = field(default_factory=lambda: random.Random(10175))
    _last_ids: dict[str, int] = field(
        default_factory=lambda: {"doc": 41_730_000, "album": 512_300, "tag": 218_800}
    )

    def new_id(self, kind: str) -> str:
        """The next free id of a ``doc``, ``album`` or ``tag``; the same row in every run."""
        self._last_ids[kind] += self._steps.randint(1, 97)
        return str(self._last_ids[kind])

    def person(self, name: str) -> Person | None:
        """The account with this user id or alias."""
        for person in self.people.values():
            if name in (person.user_id, person.alias):
                return person
        return None

    def keyword(self, text: str) -> Tag:
        """The keyword with this text in any case; made when it is new."""
        for tag in self.tags.values():
            if tag.text.casefold() == text.casefold():
                return tag
        tag = Tag(self.new_id("tag"), text)
        self.tags[tag.tag_id] = tag
        return tag

    def tag_text(self, kind: str, tag_id: str) -> str:
        """The words of a keyword, or the name of the member that a tag marks."""
        return self.people[tag_id].username if kind == "member" else self.tags[tag_id].text

    def within(self, owner_id: str, viewer: Person | None, share: int) -> bool:
        """Whether a viewer belongs to the circle that ``share`` names, as seen by the owner."""
        owner = self.people[owner_id]
        if share >= PUBLIC or viewer is None:
            return share >= PUBLIC
        return (
            viewer.user_id == owner_id
            or (bool(share & FAMILY) and viewer.user_id in owner.family)
            or (bool(share & FRIENDS) and viewer.user_id in owner.friends)
        )

    def visible(self, doc: Doc, viewer: Person | None, level: int) -> bool:
        """Whether a caller may see a document; without the right to read as anybody does."""
        if self.people[doc.owner_id].closed:
            return False
        return self.within(doc.owner_id, viewer if level >= 1 else None, doc.share)

    def remove_doc(self, doc: Doc) -> None:
        """Forget a document; an album that loses its last one goes with it ([C] oneyoung)."""
        del self.docs[doc.doc_id]
        for album in list(self.albums.values()):
            if doc.doc_id not in album.doc_ids:
                continue
            album.doc_ids.remove(doc.doc_id)
            if album.cover_id == doc.doc_id:
                album.cover_id = album.doc_ids[0] if album.doc_ids else None
            if not album.doc_ids:
                del self.albums[album.album_id]

    def media_file(self, path: str) -> MediaFile | None:
        """The file at a path of the media host (without a query), or ``None``."""
        found = _FILE_PATH.fullmatch(path)
        with self.lock:
            doc = self.docs.get(found[1]) if found else None
            if doc is None:
                return self._site_file(path)
        for label in (*doc.sizes, *doc.media_labels, "original"):
            if doc.path(label) == path:
                return self._document_file(doc, label)
        return None

    def _document_file(self, doc: Doc, label: str) -> MediaFile:
        picture = doc.picture
        if label in LABELS and picture is not None:
            return MediaFile(
                "image/jpeg",
                _digest(picture.identity, label),
                picture.modified,
                partial(self.drawer.draw, picture, label),
            )
        source = doc.source
        content_type = CONTENT_TYPES.get(doc.ext, "application/octet-stream")
        return MediaFile(content_type, _digest(source.identity), source.modified, source.read)

    def _site_file(self, path: str) -> MediaFile | None:
        """An avatar or an icon."""
        for person in self.people.values():
            if path == person.avatar_path:
                name, since = person.username, float(person.member_since)
                tag = _digest("avatar", name)
                return MediaFile("image/jpeg", tag, since, partial(draw_avatar, name))
        for media, number in ICON_NUMBERS.items():
            if path == f"/icons/{number}.75x.png":
                tag = _digest("icon", media)
                return MediaFile("image/png", tag, _ICON_DATE, partial(draw_icon, media))
        return None
