"""Access rights: who may see, download and comment on what."""

from __future__ import annotations

from .accounts import Person
from .documents import Album, Doc
from .groups import INVISIBLE, Group
from .registry import MethodCall

CONTACTS, EVERYONE = 4, 5


def reader(call: MethodCall, item: str = "doc") -> Person | None:
    """Return the person who reads in a call; None without a token or the permission to read."""
    return call.viewer if call.level(item) >= 1 else None


def owns(call: MethodCall, owner_id: str, item: str = "doc") -> bool:
    """Return whether the caller is this owner and has the permission to read."""
    who = reader(call, item)
    return who is not None and who.user_id == owner_id


def visible(call: MethodCall, doc: Doc) -> bool:
    """Return whether the caller may see a document."""
    return call.state.visible(doc, call.viewer, call.level("doc"))


def may_act(call: MethodCall, owner_id: str, allowed: int, item: str = "doc") -> bool:
    """Return whether an owner allows the caller to comment, tag and so on.

    :param allowed: the owner's choice, such as ``perm_comment``.
    """
    who = reader(call, item)
    if who is None:
        return False
    if who.user_id == owner_id or allowed >= EVERYONE:
        return True
    if allowed == CONTACTS:
        owner = call.state.people[owner_id]
        return who.user_id in owner.network
    return call.state.in_circle(owner_id, who, allowed)


def may_download(call: MethodCall, doc: Doc) -> bool:
    """Return whether the caller gets the original, which an owner may keep from all others."""
    who = reader(call)
    return doc.allow_original or (who is not None and who.user_id == doc.owner_id)


def album_docs(call: MethodCall, album: Album) -> list[Doc]:
    """Return the documents of an album that the caller may see, in the album's order."""
    found = [call.state.docs[doc_id] for doc_id in album.doc_ids]
    return [doc for doc in found if visible(call, doc)]


def album_visible(call: MethodCall, album: Album) -> bool:
    """Return whether an album exists for the caller: it is theirs or has a document for them."""
    return owns(call, album.owner_id) or bool(album_docs(call, album))


def group_visible(call: MethodCall, group: Group) -> bool:
    """Return whether a group exists for the caller; a private one does only for its members."""
    viewer = call.viewer
    return group.ispublic != INVISIBLE or (viewer is not None and viewer.user_id in group.members)
