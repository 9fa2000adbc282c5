"""Albums as the dictionaries that the service's answers are made of.

As in :mod:`.shapes`, a key whose value is ``None`` is dropped later on.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from . import shapes
from .documents import FAMILY, FRIENDS, FRIENDS_AND_FAMILY, PUBLIC, Album, Doc, Folder
from .methods import Call


def docs(call: Call, album: Album) -> list[Doc]:
    """An album's documents, as many as the caller may see, in the album's order."""
    found = [call.state.docs[doc_id] for doc_id in album.doc_ids]
    return [doc for doc in found if shapes.visible(call, doc)]


def shown(call: Call, album: Album) -> bool:
    """Whether an album exists for the caller: others do not see one that has nothing for them."""
    return shapes.owns(call, album.owner_id) or bool(docs(call, album))


def placed(item: Album | Folder) -> tuple[int, int]:
    """Sorts albums or folders as their owner ordered them; those made since then come first."""
    return (-1, -item.created_at) if item.place is None else (item.place, 0)


def reorder(items: Mapping[str, Album | Folder], ids: Sequence[str]) -> None:
    """Puts an owner's albums or folders in an order; those not named follow by their ids."""
    rest = sorted(set(items) - set(ids), key=int)
    for place, item_id in enumerate((*dict.fromkeys(ids), *rest)):
        items[item_id].place = place


def cover(call: Call, album: Album) -> shapes.Shape | None:
    """An album's cover, or the first visible document in its place."""
    seen = docs(call, album)
    for doc in [doc for doc in seen if doc.doc_id == album.cover_id] or seen:
        if shape := shapes.thumb(call, doc, shapes.thumbsize(call)):
            return {"doc_id": doc.doc_id, **shape}
    return None


def dates(album: Album) -> shapes.Shape:
    """An album's dates as album.get names them."""
    return {"created_at": album.created_at, "comment_at": album.audience.comment_at}


def count(call: Call, album: Album) -> shapes.Shape:
    """An album's numbers; those of documents count what the caller may see."""
    shares = [doc.share for doc in docs(call, album)]
    return {
        "docs": len(shares),
        "visits": album.audience.visit_count,
        "faves": len(album.audience.faves),
        "comments": len(album.audience.comments),
        "family": shares.count(FAMILY),
        "friend": shares.count(FRIENDS),
        "ff": shares.count(FRIENDS_AND_FAMILY),
        "public": shares.count(PUBLIC),
    }


def visibility(call: Call, album: Album) -> shapes.Shape:
    """Which circles find something in an album."""
    shares = {doc.share for doc in docs(call, album)}
    return {
        "family": FAMILY in shares,
        "friend": FRIENDS in shares,
        "ff": FRIENDS_AND_FAMILY in shares,
        "public": PUBLIC in shares,
    }


def can(call: Call, album: Album) -> shapes.Shape:
    """What the caller may do with an album."""
    return {
        "fave": shapes.reader(call) is not None and not shapes.owns(call, album.owner_id),
        "comment": shapes.may_act(call, album.owner_id, album.perm_comment),
    }


def link(call: Call, album: Album) -> str:
    """Address of an album's page."""
    return f"{call.web_url}/doc/{album.owner_id}/album/{album.album_id}"


def description(album: Album) -> str:
    """An album's description, escaped: clients have to unescape it ([C] Photini e422c16f)."""
    return html.escape(album.description, quote=False)
