"""Documents, albums and people as the dictionaries that the service's answers are made of.

Key names are those of ``client/methods.json``; a key whose value is ``None`` is dropped later on.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from .methods import Call
from .pictures import LABELS, size_of
from .state import (
    FAMILY,
    FRIENDS,
    FRIENDS_AND_FAMILY,
    ICON_NUMBERS,
    PUBLIC,
    Album,
    Doc,
    Person,
)

Shape = dict[str, object]
T = TypeVar("T")

ONLY_ME, CONTACTS, EVERYONE = 0, 4, 5
"""Values of "who may comment, tag …" besides those that ``share`` has too."""


def reader(call: Call) -> Person | None:
    """As whom a call reads documents: without the permission to read, as anybody."""
    return call.viewer if call.level("doc") >= 1 else None


def visible(call: Call, doc: Doc) -> bool:
    """Whether the caller may see a document."""
    return call.state.visible(doc, call.viewer, call.level("doc"))


def newest_first(docs: Iterable[Doc]) -> list[Doc]:
    """Documents by posting date, the newest first."""
    return sorted(docs, key=lambda doc: (doc.posted_at, int(doc.doc_id)), reverse=True)


def most_popular_first(docs: Iterable[Doc]) -> list[Doc]:
    """Documents by faves and visits."""
    return sorted(docs, key=lambda doc: (doc.faves, doc.visits, int(doc.doc_id)), reverse=True)


def may_act(call: Call, owner_id: str, allowed: int) -> bool:
    """Whether the caller is among those whom an owner lets comment, tag and so on."""
    who = reader(call)
    if who is None:
        return False
    if who.user_id == owner_id or allowed >= EVERYONE:
        return True
    if allowed == CONTACTS:
        owner = call.state.people[owner_id]
        return who.user_id in owner.contacts | owner.family | owner.friends
    return call.state.within(owner_id, who, allowed)


def words(text: str | None) -> list[str]:
    """The parts of a comma list."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def thumbsize(call: Call) -> str:
    """The wanted size label; anything unknown counts as the default."""
    label = call.params.get("thumbsize", "")
    return label if label in LABELS else LABELS[0]


def paged(
    items: Sequence[T], page: int, per_page: int, *, pages: bool = True
) -> tuple[Sequence[T], Shape]:
    """One page of a list, and the numbers that describe it; ``page`` is 1 also of nothing."""
    head: Shape = {"total": len(items), "per_page": per_page, "page": page}
    if pages:
        head["pages"] = -(-len(items) // per_page)
    return items[(page - 1) * per_page : page * per_page], head


def doc_link(call: Call, doc: Doc) -> str:
    """Address of a document's page."""
    return f"{call.web_url}/doc/{doc.owner_id}/{doc.doc_id}"


def doc_icon(call: Call, doc: Doc) -> str:
    """Address of the generic icon of a document's media type."""
    return f"{call.media_url}/icons/{ICON_NUMBERS[doc.media]}.75x.png"


def avatar(call: Call, person: Person) -> str:
    """Address of a member's picture."""
    return f"{call.media_url}{person.avatar_path}?{person.member_since}"


def owner(call: Call, user_id: str) -> Shape:
    """A document's owner."""
    person = call.state.people[user_id]
    return {
        "user_id": person.user_id,
        "username": person.username,
        "alias": person.alias,
        "is_pro": person.is_pro,
        "icon": avatar(call, person),
    }


def thumb(call: Call, doc: Doc, label: str) -> Shape | None:
    """A size of a document, the next smaller one when it is missing ([R]), or nothing."""
    wanted = LABELS.index(label)
    existing = [size for size in doc.sizes if LABELS.index(size) <= wanted]
    if doc.picture is None or not existing:
        return None
    label = existing[-1]
    width, height = size_of(label, doc.picture.width, doc.picture.height)
    return {
        "label": label,
        "ext": "jpg",
        "w": width,
        "h": height,
        "url": call.media_url + doc.path(label),
        "secret": doc.secret(label),
        "farm": 1,
        "path": doc.folder,
        "icon": doc_icon(call, doc),
    }


def thumbs(call: Call, doc: Doc) -> Shape | None:
    """All sizes of a document; sound has none."""
    return {"thumb": [thumb(call, doc, label) for label in doc.sizes]} if doc.sizes else None


def medias(call: Call, doc: Doc) -> list[Shape]:
    """The playable files of a video or sound."""
    return [
        {
            "label": label,
            "format": label,
            "width": doc.source.width,
            "height": doc.source.height,
            "length": doc.length or 0,
            "url": call.media_url + doc.path(label),
        }
        for label in doc.media_labels
    ]


def may_download(call: Call, doc: Doc) -> bool:
    """Whether the caller gets the original: the owner may keep it from all others."""
    who = reader(call)
    return doc.allow_original or (who is not None and who.user_id == doc.owner_id)


def original(call: Call, doc: Doc) -> Shape | None:
    """The original file, for those who may have it."""
    if not may_download(call, doc):
        return None
    return {
        "ext": doc.ext,
        "w": doc.source.width,
        "h": doc.source.height,
        "length": doc.length,
        "filename": doc.source.filename,
        "bytes": doc.source.size,
        "url": call.media_url + doc.path("original"),
    }


def dates(doc: Doc) -> Shape:
    """A document's dates; ``created`` is local time, the others are unix seconds."""
    return {
        "posted_at": doc.posted_at,
        "created": doc.created,
        "last_comment_at": doc.comment_at,
        "last_update_at": doc.updated_at,
    }


def visibility(doc: Doc) -> Shape:
    """Who sees a document. The page of doc.get says 5 for public, doc.set's says 4 ([U])."""
    return {
        "ispublic": doc.share == PUBLIC,
        "isfriend": bool(doc.share & FRIENDS),
        "isfamily": bool(doc.share & FAMILY),
        "share": doc.share,
    }


def permissions(doc: Doc) -> Shape:
    """Who may comment, tag, and mark people."""
    return {"comment": doc.perm_comment, "tag": doc.perm_tag, "tagme": doc.perm_tagme}


def can(call: Call, doc: Doc) -> Shape:
    """What the caller may do with a document."""
    who = reader(call)
    download = may_download(call, doc)
    return {
        "fave": who is not None and who.user_id != doc.owner_id,
        "comment": may_act(call, doc.owner_id, doc.perm_comment),
        "tag": may_act(call, doc.owner_id, doc.perm_tag),
        "tagme": may_act(call, doc.owner_id, doc.perm_tagme),
        "zoom": any(label in doc.sizes for label in LABELS[LABELS.index("1024") :]),
        "download": download,
        "print": download,
    }


def geo(doc: Doc) -> Shape | None:
    """Where a document was made, if its owner says so."""
    if doc.lat is None or doc.lng is None:
        return None
    return {"lat": f"{doc.lat:.6f}", "lng": f"{doc.lng:.6f}", "location": doc.location}


def list_item(call: Call, doc: Doc, extras: Collection[str], *, with_owner: bool = False) -> Shape:
    """A document as the lists carry it, with the ``extra`` members that the method offers."""
    shape: Shape = {
        "doc_id": doc.doc_id,
        "media": doc.media,
        "license": doc.license,
        "title": doc.title,
        "thumb": thumb(call, doc, thumbsize(call)),
        "rotation": 0,
    }
    if "owner" in extras:
        shape["owner"] = owner(call, doc.owner_id)
    elif with_owner:
        shape["owner"] = {"user_id": doc.owner_id}
    else:
        shape["safety"] = doc.safety
    if "dates" in extras:
        shape["dates"] = dates(doc)
    if "count" in extras:
        shape["count"] = {
            "visits": doc.visits,
            "faves": doc.faves,
            "comments": doc.comments,
            "notes": len(doc.notes),
        }
    if "geo" in extras:
        shape["geo"] = geo(doc)
    if "medias" in extras and (files := medias(call, doc)):
        shape["medias"] = {"total": len(files), "media": files}
    if "original" in extras:
        shape["original"] = original(call, doc)
    if "md5" in extras:
        shape["md5"] = doc.source.md5()
    if "link" in extras:
        shape["link"] = doc_link(call, doc)
    return shape


def album_docs(call: Call, album: Album) -> list[Doc]:
    """An album's documents, as many as the caller may see, in the album's order."""
    docs = [call.state.docs[doc_id] for doc_id in album.doc_ids]
    return [doc for doc in docs if visible(call, doc)]


def owns(call: Call, owner_id: str) -> bool:
    """Whether the caller reads as this owner."""
    who = reader(call)
    return who is not None and who.user_id == owner_id


def album_cover(call: Call, album: Album) -> Shape | None:
    """An album's cover, or the first visible document in its place."""
    docs = album_docs(call, album)
    chosen = [doc for doc in docs if doc.doc_id == album.cover_id] or docs
    for doc in chosen:
        if shape := thumb(call, doc, thumbsize(call)):
            return {"doc_id": doc.doc_id, **shape}
    return None


def album_dates(album: Album) -> Shape:
    """An album's dates as album.get names them."""
    return {"created_at": album.created_at, "comment_at": album.comment_at}


def album_count(call: Call, album: Album) -> Shape:
    """An album's numbers; those of documents count what the caller may see."""
    shares = [doc.share for doc in album_docs(call, album)]
    return {
        "docs": len(shares),
        "visits": album.visits,
        "faves": album.faves,
        "comments": album.comments,
        "family": shares.count(FAMILY),
        "friend": shares.count(FRIENDS),
        "ff": shares.count(FRIENDS_AND_FAMILY),
        "public": shares.count(PUBLIC),
    }


def album_visibility(call: Call, album: Album) -> Shape:
    """Which circles find something in an album."""
    shares = {doc.share for doc in album_docs(call, album)}
    return {
        "family": FAMILY in shares,
        "friend": FRIENDS in shares,
        "ff": FRIENDS_AND_FAMILY in shares,
        "public": PUBLIC in shares,
    }


def album_can(call: Call, album: Album) -> Shape:
    """What the caller may do with an album."""
    return {
        "fave": reader(call) is not None and not owns(call, album.owner_id),
        "comment": may_act(call, album.owner_id, album.perm_comment),
    }


def album_link(call: Call, album: Album) -> str:
    """Address of an album's page."""
    return f"{call.web_url}/doc/{album.owner_id}/album/{album.album_id}"


def album_description(album: Album) -> str:
    """An album's description, escaped: clients have to unescape it ([C] Photini e422c16f)."""
    return html.escape(album.description, quote=False)
