"""Access rights: who may see, download and comment on what."""

from __future__ import annotations

from collections.abc import Sequence

from . import lists, parameters
from .accounts import Person
from .documents import PUBLIC, Album, Doc
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


def visible_docs(
    call: MethodCall,
    owner_id: str | None = None,
    media: str = "",
    share: str = "",
    *,
    public: bool = False,
) -> Sequence[Doc]:
    """Return the documents that the caller may see, the newest first.

    The list is kept for further calls, and must not be changed.

    :param owner_id: None for the documents of everybody.
    :param media: a comma-separated list; empty for all media.
    :param share: a circle; empty for all.
    :param public: leave out what not everybody may see.
    """
    state, who = call.state, None if public else reader(call)
    owners = state.people if owner_id is None else {owner_id: state.people[owner_id]}
    circles = tuple(
        (person_id, share_of)
        for person_id, person in owners.items()
        if not person.closed
        for share_of in range(PUBLIC + 1)
        if state.in_circle(person_id, who, share_of)
    )
    seen, wanted = frozenset(circles), frozenset(parameters.comma_list(media))

    def make() -> list[Doc]:
        return lists.newest_first(
            doc
            for doc in state.docs.values()
            if (doc.owner_id, doc.share) in seen
            and (not media or doc.media in wanted)
            and (not share or str(doc.share) == share)
        )

    return state.index.get(state.docs, (circles, media, share), make)


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
