"""Documents and people as the dictionaries that API answers consist of.

The keys are those of ``client/methods.json``; a key whose value is None is dropped later.
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
from .thumbnails import SIZE_LABELS, size_of

JSONObject = dict[str, object]


def doc_link(call: MethodCall, doc: Doc) -> str:
    """Return the URL of a document's page."""
    return f"{call.web_url}/doc/{doc.owner_id}/{doc.doc_id}"


def post_link(call: MethodCall, post: Post) -> str:
    """Return the URL of an article's page."""
    return f"{call.web_url}/post/{post.owner_id}/{post.post_id}"


def doc_icon(call: MethodCall, doc: Doc) -> str:
    """Return the URL of the generic icon of a document's media type."""
    return f"{call.media_url}/icons/{ICON_NUMBERS[doc.media]}.75x.png"


def avatar(call: MethodCall, person: Person) -> str:
    """Return the URL of a member's picture."""
    return f"{call.media_url}{person.avatar_path}?{person.member_since}"


def owner(call: MethodCall, user_id: str) -> JSONObject:
    """Return the owner of an item with all keys."""
    person = call.state.people[user_id]
    return {
        "user_id": person.user_id,
        "username": person.username,
        "alias": person.alias,
        "is_pro": person.is_pro,
        "icon": avatar(call, person),
    }


def thumb(call: MethodCall, doc: Doc, label: str) -> JSONObject | None:
    """Return a size of a document; the next smaller one if it is missing ([R]), None if all are."""
    wanted = SIZE_LABELS.index(label)
    existing = [size for size in doc.sizes if SIZE_LABELS.index(size) <= wanted]
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
    """Return all sizes of a document; None for a sound."""
    return {"thumb": [thumb(call, doc, label) for label in doc.sizes]} if doc.sizes else None


def medias(call: MethodCall, doc: Doc) -> list[JSONObject]:
    """Return the playable files of a video or sound."""
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
    """Return the original file; None if the caller may not download it."""
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
    """Return a document's dates; ``created`` is local time, the others are Unix seconds."""
    return {
        "posted_at": doc.posted_at,
        "created": doc.created,
        "last_comment_at": doc.audience.comment_at,
        "last_update_at": doc.updated_at,
    }


def visibility(doc: Doc | Post) -> JSONObject:
    """Return who may see an item.

    Public is 5 on the help page of ``doc.get`` and 4 on that of ``doc.set`` ([U]); here it is 4.
    """
    return {
        "ispublic": doc.share == PUBLIC,
        "isfriend": bool(doc.share & FRIENDS),
        "isfamily": bool(doc.share & FAMILY),
        "share": doc.share,
    }


def permissions(doc: Doc | Post) -> JSONObject:
    """Return who may comment, add keywords, and tag people."""
    return {"comment": doc.perm_comment, "tag": doc.perm_tag, "tagme": doc.perm_tagme}


def can(call: MethodCall, doc: Doc) -> JSONObject:
    """Return what the caller may do with a document."""
    who = reader(call)
    download = may_download(call, doc)
    return {
        "fave": who is not None and who.user_id != doc.owner_id,
        "comment": may_act(call, doc.owner_id, doc.perm_comment),
        "tag": may_act(call, doc.owner_id, doc.perm_tag),
        "tagme": may_act(call, doc.owner_id, doc.perm_tagme),
        "zoom": any(label in doc.sizes for label in SIZE_LABELS[SIZE_LABELS.index("1024") :]),
        "download": download,
        "print": download,
    }


def geo(doc: Doc) -> JSONObject | None:
    """Return the place of a document; None if it has no place."""
    if doc.lat is None or doc.lng is None:
        return None
    return {"lat": f"{doc.lat:.6f}", "lng": f"{doc.lng:.6f}", "location": doc.location}


def count(doc: Doc) -> JSONObject:
    """Return a document's counts."""
    return {
        "visits": doc.audience.visit_count,
        "faves": len(doc.audience.faves),
        "comments": len(doc.audience.comments),
        "notes": len(doc.notes),
    }


def you(call: MethodCall, audience: Audience, item: str = "doc") -> JSONObject | None:
    """Return the caller's own fave and visits of an item; None for anonymous callers."""
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
    """Return a document as lists contain it, with the ``extra`` keys that the method offers.

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
    """Return the tags of a document or article."""
    return {
        "total": len(found),
        "tag": [{**tag(call, one), "added_at": one.added_at} for one in found],
    }


def tag(call: MethodCall, found: DocTag) -> JSONObject:
    """Return a tag; its id is that of the keyword or of the member."""
    return {
        "type": found.type,
        "id": found.id,
        "user_id": found.user_id,
        "tag": call.state.tag_text(found.type, found.id),
    }
