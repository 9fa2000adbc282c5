"""Documents and people as the dictionaries that the service's answers are made of.

Key names are those of ``client/methods.json``; a key whose value is ``None`` is dropped later on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from . import parameters
from .access import may_act, may_download, reader
from .accounts import Person
from .audience import Audience, Visits
from .documents import FAMILY, FRIENDS, PUBLIC, Doc, DocTag
from .media_files import ICON_NUMBERS
from .posts import Post
from .registry import MethodCall
from .thumbnails import LABELS, size_of

JSONObject = dict[str, object]


def doc_link(call: MethodCall, doc: Doc) -> str:
    """Address of a document's page."""
    return f"{call.web_url}/doc/{doc.owner_id}/{doc.doc_id}"


def post_link(call: MethodCall, post: Post) -> str:
    """Address of an article's page."""
    return f"{call.web_url}/post/{post.owner_id}/{post.post_id}"


def doc_icon(call: MethodCall, doc: Doc) -> str:
    """Address of the generic icon of a document's media type."""
    return f"{call.media_url}/icons/{ICON_NUMBERS[doc.media]}.75x.png"


def avatar(call: MethodCall, person: Person) -> str:
    """Address of a member's picture."""
    return f"{call.media_url}{person.avatar_path}?{person.member_since}"


def owner(call: MethodCall, user_id: str) -> JSONObject:
    """The owner of an item, in full."""
    person = call.state.people[user_id]
    return {
        "user_id": person.user_id,
        "username": person.username,
        "alias": person.alias,
        "is_pro": person.is_pro,
        "icon": avatar(call, person),
    }


def thumb(call: MethodCall, doc: Doc, label: str) -> JSONObject | None:
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


def thumbs(call: MethodCall, doc: Doc) -> JSONObject | None:
    """All sizes of a document; sound has none."""
    return {"thumb": [thumb(call, doc, label) for label in doc.sizes]} if doc.sizes else None


def medias(call: MethodCall, doc: Doc) -> list[JSONObject]:
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


def original(call: MethodCall, doc: Doc) -> JSONObject | None:
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


def dates(doc: Doc) -> JSONObject:
    """A document's dates; ``created`` is local time, the others are unix seconds."""
    return {
        "posted_at": doc.posted_at,
        "created": doc.created,
        "last_comment_at": doc.audience.comment_at,
        "last_update_at": doc.updated_at,
    }


def visibility(doc: Doc | Post) -> JSONObject:
    """Who sees an item. The page of doc.get says 5 for public, doc.set's says 4 ([U])."""
    return {
        "ispublic": doc.share == PUBLIC,
        "isfriend": bool(doc.share & FRIENDS),
        "isfamily": bool(doc.share & FAMILY),
        "share": doc.share,
    }


def permissions(doc: Doc | Post) -> JSONObject:
    """Who may comment, tag, and mark people."""
    return {"comment": doc.perm_comment, "tag": doc.perm_tag, "tagme": doc.perm_tagme}


def can(call: MethodCall, doc: Doc) -> JSONObject:
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


def geo(doc: Doc) -> JSONObject | None:
    """Where a document was made, if its owner says so."""
    if doc.lat is None or doc.lng is None:
        return None
    return {"lat": f"{doc.lat:.6f}", "lng": f"{doc.lng:.6f}", "location": doc.location}


def count(doc: Doc) -> JSONObject:
    """A document's numbers."""
    return {
        "visits": doc.audience.visit_count,
        "faves": len(doc.audience.faves),
        "comments": len(doc.audience.comments),
        "notes": len(doc.notes),
    }


def you(call: MethodCall, audience: Audience, item: str = "doc") -> JSONObject | None:
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


def list_item(
    call: MethodCall, doc: Doc, extras: Collection[str], also: str = "safety"
) -> JSONObject:
    """A document as the lists carry it, with the ``extra`` members that the method offers.

    :param also: what the method's records have beyond the common keys: ``safety``, the id of the
        ``owner``, or nothing.
    """
    shape: JSONObject = {
        "doc_id": doc.doc_id,
        "media": doc.media,
        "license": doc.license,
        "title": doc.title,
        "thumb": thumb(call, doc, parameters.thumbsize(call)),
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


def tags(call: MethodCall, found: Sequence[DocTag]) -> JSONObject:
    """The tags of a document or article."""
    return {
        "total": len(found),
        "tag": [{**tag(call, one), "added_at": one.added_at} for one in found],
    }


def tag(call: MethodCall, found: DocTag) -> JSONObject:
    """A tag: the id is that of the word, or of the member."""
    return {
        "type": found.type,
        "id": found.id,
        "user_id": found.user_id,
        "tag": call.state.tag_text(found.type, found.id),
    }
