"""The data of the local Ipernity: people, documents, albums, groups, articles, tokens, tickets.

Everything is held in memory by one :class:`SandboxState`, except the files of documents. API
methods run under ``state.lock``; the media host takes it only to look up a file.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from .accounts import App, Frob, Person, Token
from .doc_index import DocIndex
from .documents import FAMILY, FRIENDS, PUBLIC, Album, Doc, Folder, Tag
from .folding import folded
from .groups import Group
from .posts import Post
from .thumbnail_cache import ThumbnailCache
from .unknowns import Unknowns
from .uploads import UploadTicket

FIRST_IDS = {
    "doc": 41_730_000,
    "album": 512_300,
    "folder": 31_700,
    "group": 70_400,
    "post": 4_600_100,
    "comment": 9_120_000,
    "note": 90_200,
    "tag": 218_800,
    "ticket": 712_200,
}


@dataclass(slots=True)
class SandboxState:
    """All data of the service; dictionaries are in the order of creation."""

    people: dict[str, Person] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    frobs: dict[str, Frob] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    #: What people have granted on the consent page, by application key and user id.
    grants: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    docs: dict[str, Doc] = field(default_factory=dict)
    albums: dict[str, Album] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)
    #: The owners of folders that are gone because their last album was removed, by folder id.
    emptied_folders: dict[str, str] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    tickets: dict[str, UploadTicket] = field(default_factory=dict)
    #: Seconds between the end of an upload and its document.
    processing: float = 1.0
    unknowns: Unknowns = field(default_factory=Unknowns)
    lock: threading.RLock = field(default_factory=threading.RLock)
    #: The condition on which methods wait; notified when the sandbox stops.
    stopping: threading.Condition = field(init=False)
    thumbnails: ThumbnailCache = field(default_factory=ThumbnailCache)
    #: Is called with a document whose file on disk was changed.
    refresh: Callable[[Doc], None] = lambda doc: None
    #: Whether uploaded photos take their title, description, keywords and licence from the file.
    reads_metadata: bool = False
    index: DocIndex = field(default_factory=DocIndex)
    _keywords: dict[str, Tag] = field(default_factory=dict)
    _steps: random.Random = field(default_factory=lambda: random.Random(10175))
    _last_ids: dict[str, int] = field(default_factory=lambda: dict(FIRST_IDS))

    def __post_init__(self) -> None:
        self.stopping = threading.Condition(self.lock)

    def new_id(self, kind: str) -> str:
        """Return the next free id of a ``doc``, ``album``, …; the same ones in every run."""
        self._last_ids[kind] += self._steps.randint(1, 97)
        return str(self._last_ids[kind])

    def person(self, name: str) -> Person | None:
        """Return the account with this user id or alias."""
        for person in self.people.values():
            if name in (person.user_id, person.alias):
                return person
        return None

    def group(self, name: str) -> Group | None:
        """Return the group with this id or alias."""
        for group in self.groups.values():
            if name in (group.group_id, group.alias):
                return group
        return None

    def keyword(self, text: str) -> Tag:
        """Return the keyword with this text in any case; make it if there is none."""
        tag = self._keywords.get(folded(text))
        if tag is None:
            tag = Tag(self.new_id("tag"), text)
            self.tags[tag.tag_id] = self._keywords[folded(text)] = tag
        return tag

    def tag_text(self, kind: str, tag_id: str) -> str:
        """Return the text of a keyword, or the name of a tagged member."""
        return self.people[tag_id].username if kind == "member" else self.tags[tag_id].text

    def in_circle(self, owner_id: str, viewer: Person | None, share: int) -> bool:
        """Return whether a viewer belongs to the circle of the owner that ``share`` names."""
        owner = self.people[owner_id]
        if share >= PUBLIC or viewer is None:
            return share >= PUBLIC
        return (
            viewer.user_id == owner_id
            or (bool(share & FAMILY) and viewer.user_id in owner.family)
            or (bool(share & FRIENDS) and viewer.user_id in owner.friends)
        )

    def visible(self, item: Doc | Post, viewer: Person | None, level: int) -> bool:
        """Return whether a caller may see an item.

        :param level: the caller's level for it; without the level "read" the caller is anonymous.
        """
        if self.people[item.owner_id].closed:
            return False
        reader = viewer if level >= 1 else None
        if isinstance(item, Post) and not item.posted_at:
            return reader is not None and reader.user_id == item.owner_id
        return self.in_circle(item.owner_id, reader, item.share)

    def remove_doc(self, doc: Doc) -> None:
        """Remove a document.

        An album that loses its last document this way is kept: PyIpernity's test suite still
        deletes it afterwards ([C] 2024). Removing the last document from an album does delete the
        album ([D]).
        """
        del self.docs[doc.doc_id]
        self.index.touch()
        for album in self.albums.values():
            if doc.doc_id in album.doc_ids:
                album.doc_ids.remove(doc.doc_id)
            if album.cover_id == doc.doc_id:
                album.cover_id = album.doc_ids[0] if album.doc_ids else None
        for group in self.groups.values():
            group.docs.pop(doc.doc_id, None)

    def remove_album(self, album: Album) -> None:
        """Remove an album; its documents stay."""
        del self.albums[album.album_id]
        for folder in self.folders.values():
            if album.album_id in folder.album_ids:
                folder.album_ids.remove(album.album_id)

    def finish_uploads(self) -> None:
        """Publish the uploaded documents whose processing time has passed."""
        now = monotonic()
        for ticket in self.tickets.values():
            if not ticket.settled and ticket.ready_at <= now:
                ticket.settled = True
                if ticket.doc is not None:
                    self.index.touch()
                    self.docs[ticket.doc.doc_id] = ticket.doc
                    album = self.albums.get(ticket.album_id or "")
                    if album is not None:
                        album.doc_ids.append(ticket.doc.doc_id)
                        album.cover_id = album.cover_id or ticket.doc.doc_id
