"""Documents and people as the dictionaries that the service's answers are made of.

Key names are those of ``client/methods.json``; a key whose value is ``None`` is dropped later on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from .accounts import Person
from .audience import Audience, Visits
from .documents import FAMILY, FRIENDS, PUBLIC, Doc, DocTag
from .files import ICON_NUMBERS
from .methods import Call
from .pictures import LABELS, size_of
from .posts import Post

Shape = dict[str, object]
T = TypeVar("T")

ONLY_ME, CONTACTS, EVERYONE = 0, 4, 5
"""Values of "who may comment, tag …" besides those that ``share`` has too."""


def reader(call: Call, item: str = "doc") -> Person | None:
    """As whom a call reads: without the permission to read, as anybody."""
    return call.viewer if call.level(item) >= 1 else None


def owns(call: Call, owner_id: str, item: str = "doc") -> bool:
    """Whether the caller reads as this owner."""
    who = reader(call, item)
    return who is not None and who.user_id == owner_id


def visible(call: Call, doc: Doc) -> bool:
    """Whether the caller may see a document."""
    return call.state.visible(doc, call.viewer, call.level("doc"))


def newest_first(docs: Iterable[Doc]) -> list[Doc]:
    """Documents by posting date, the newest first."""
    return sorted(docs, key=lambda doc: (doc.posted_at, int(doc.doc_id)), reverse=True)


def most_popular_first(docs: Iterable[Doc]) -> list[Doc]:
    """Documents by faves and visits."""
    return sorted(
        docs,
        key=lambda doc: (len(doc.audience.faves), doc.audience.visit_count, int(doc.doc_id)),
        reverse=True,
    )


def may_act(call: Call, owner_id: str, allowed: int, item: str = "doc") -> bool:
    """Whether the caller is among those whom an owner lets comment, tag and so on."""
    who = reader(call, item)
    if who is None:
        return False
    if who.user_id == owner_id or allowed >= EVERYONE:
        return True
    if allowed == CONTACTS:
        owner = call.state.people[owner_id]
        return who.user_id in owner.network
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


def post_link(call: Call, post: Post) -> str:
    """Address of an article's page."""
    return f"{call.web_url}/post/{post.owner_id}/{post.post_id}"


def doc_icon(call: Call, doc: Doc) -> str:
    """Address of the generic icon of a document's media type."""
    return f"{call.media_url}/icons/{ICON_NUMBERS[doc.media]}.75x.png"


def avatar(call: Call, person: Person) -> str:
    """Address of a member's picture."""
    return f"{call.media_url}{person.avatar_path}?{person.member_since}"


def owner(call: Call, user_id: str) -> Shape:
    """The owner of an item, in full."""
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
        "last_comment_at": doc.audience.comment_at,
        "last_update_at": doc.updated_at,
    }


def visibility(doc: Doc | Post) -> Shape:
    """Who sees an item. The page of doc.get says 5 for public, doc.set's says 4 ([U])."""
    return {
        "ispublic": doc.share == PUBLIC,
        "isfriend": bool(doc.share & FRIENDS),
        "isfamily": bool(doc.share & FAMILY),
        "share": doc.share,
    }


def permissions(doc: Doc | Post) -> Shape:
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


def count(doc: Doc) -> Shape:
    """A document's numbers."""
    return {
        "visits": doc.audience.visit_count,
        "faves": len(doc.audience.faves),
        "comments": len(doc.audience.comments),
        "notes": len(doc.notes),
    }


def you(call: Call, audience: Audience, item: str = "doc") -> Shape | None:
    """What the caller has to do with an item; nothing for those who are not signed in."""
    who = reader(call, item)
    if who is None:
        return None
    visits = audience.visits.get(who.user_id, Visits())
    return {
        "isfave": who.user_id in audience.faves,
        "visits": visits.count,
        "last_visit_at": visits.last_at,
    }


def list_item(call: Call, doc: Doc, extras: Collection[str], also: str = "safety") -> Shape:
    """A document as the lists carry it, with the ``extra`` members that the method offers.

    :param also: what the method's records have beyond the common keys: ``safety``, the id of the
        ``owner``, or nothing.
    """
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
    elif also == "owner":
        shape["owner"] = {"user_id": doc.owner_id}
    elif also == "safety":
        shape["safety"] = doc.safety
    if "dates" in extras:
        shape["dates"] = dates(doc)
    if "count" in extras:
        shape["count"] = count(doc)
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


def tags(call: Call, found: Sequence[DocTag]) -> Shape:
    """The tags of a document or article."""
    return {
        "total": len(found),
        "tag": [{**tag(call, one), "added_at": one.added_at} for one in found],
    }


def tag(call: Call, found: DocTag) -> Shape:
    """A tag: the id is that of the word, or of the member."""
    return {
        "type": found.type,
        "id": found.id,
        "user_id": found.user_id,
        "tag": call.state.tag_text(found.type, found.id),
    }
