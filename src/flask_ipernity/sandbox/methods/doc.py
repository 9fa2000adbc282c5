"""``doc.get``, ``getList``, ``getMedias``, ``getExif`` and ``getContext``: reading documents."""

from __future__ import annotations

from collections.abc import Iterable

from .. import shapes
from ..state import Doc
from . import Call, Refusal, method, number
from .user import wanted_person


def found_doc(call: Call) -> Doc:
    """The document that ``doc_id`` names.

    :raises Refusal: error 1, not there or not for the caller, which looks the same.
    """
    doc = call.state.docs.get(call.params.get("doc_id", ""))
    if doc is None or not shapes.visible(call, doc):
        raise Refusal(1, "Document not found")
    return doc


def docs_page(
    call: Call,
    docs: list[Doc],
    default: int,
    maximum: int,
    extras: tuple[str, ...],
    *,
    with_owner: bool = False,
) -> dict[str, object]:
    """One page of documents, as all lists have it.

    :param extras: the values of ``extra`` that the method knows; others are ignored ([U]).
    """
    per_page = number(call.params, "per_page", default, 1, maximum)
    page = number(call.params, "page", 1, 1, 10**9)
    chosen, head = shapes.paged(docs, page, per_page)
    return {**head, "doc": doc_items(call, chosen, extras, with_owner=with_owner)}


def doc_items(
    call: Call, docs: Iterable[Doc], extras: tuple[str, ...], *, with_owner: bool = False
) -> list[dict[str, object]]:
    """Documents as the lists carry them, with those extras that are asked for and offered."""
    asked = set(shapes.words(call.params.get("extra"))) & set(extras)
    return [shapes.list_item(call, doc, asked, with_owner=with_owner) for doc in docs]


def filtered(call: Call, docs: list[Doc]) -> list[Doc]:
    """Documents of the wanted ``media`` and ``share``; an unknown value fits none ([U])."""
    media, share = call.params.get("media"), call.params.get("share")
    if media:
        docs = [doc for doc in docs if doc.media in shapes.words(media)]
    if share:
        docs = [doc for doc in docs if str(doc.share) == share]
    return docs


@method("doc.get")
def doc_get(call: Call) -> dict[str, object]:
    """One document with everything."""
    doc = found_doc(call)
    extras = shapes.words(call.params.get("extra"))
    files = shapes.medias(call, doc)
    who = shapes.reader(call)
    is_owner = shapes.owns(call, doc.owner_id)
    shape: dict[str, object] = {
        "doc_id": doc.doc_id,
        "media": doc.media,
        "license": doc.license,
        "title": doc.title,
        "rotation": 0,
        "safety": doc.safety,
        "icon": shapes.doc_icon(call, doc),
        "link": shapes.doc_link(call, doc),
        "description": doc.description,
        "owner": shapes.owner(call, doc.owner_id),
        "dates": shapes.dates(doc),
        "visibility": shapes.visibility(doc),
        "permissions": shapes.permissions(doc),
        "count": {
            "visits": doc.visits,
            "faves": doc.faves,
            "comments": doc.comments,
            "notes": len(doc.notes),
            "tags": len(doc.tags),
            "albums": sum(doc.doc_id in album.doc_ids for album in call.state.albums.values()),
            "groups": 0,
        },
        "can": {
            **shapes.can(call, doc),
            # Seen by one client only ([C] ksyz); what they depend on is not known.
            "share": shapes.visibility(doc)["ispublic"],
            "extra": is_owner,
            "translate": is_owner,
        },
        "you": {"isfave": False, "visits": 0, "last_visit_at": 0} if who else None,
        "share": {"url": shapes.doc_link(call, doc)},
        "thumbs": shapes.thumbs(call, doc),
        "medias": {"media": files} if files else None,
        "original": shapes.original(call, doc),
    }
    if "tags" in extras:
        shape["tags"] = _tags(call, doc)
    if "notes" in extras:
        shape["notes"] = _notes(call, doc)
    if "geo" in extras:
        shape["geo"] = shapes.geo(doc)
    if "md5" in extras:
        shape["md5"] = {"md5": doc.source.md5()}
    return {"doc": shape}


def _tags(call: Call, doc: Doc) -> dict[str, object]:
    return {
        "total": len(doc.tags),
        "tag": [
            {
                "id": tag.id,
                "type": tag.type,
                "user_id": tag.user_id,
                "tag": call.state.tag_text(tag.type, tag.id),
                "added_at": tag.added_at,
            }
            for tag in doc.tags
        ],
    }


def _notes(call: Call, doc: Doc) -> dict[str, object]:
    """Notes; ``username`` is the author, a person note has ``membername`` too ([C] Photini)."""
    people = call.state.people
    return {
        "total": len(doc.notes),
        "note": [
            {
                "note_id": note.note_id,
                "user_id": note.user_id,
                "username": people[note.user_id].username,
                "x": note.x,
                "y": note.y,
                "w": note.w,
                "h": note.h,
                "content": note.content,
                "member_id": note.member_id,
                "membername": people[note.member_id].username if note.member_id else None,
            }
            for note in doc.notes
        ],
    }


@method("doc.getList")
def doc_get_list(call: Call) -> dict[str, object]:
    """A member's documents, the newest first."""
    person = wanted_person(call)
    docs = [
        doc
        for doc in call.state.docs.values()
        if doc.owner_id == person.user_id and shapes.visible(call, doc)
    ]
    docs = shapes.newest_first(filtered(call, docs))
    extras = ("dates", "count", "geo", "medias", "original", "md5")
    return {"docs": docs_page(call, docs, 20, 100, extras)}


@method("doc.getMedias")
def doc_get_medias(call: Call) -> dict[str, object]:
    """A document's files; each of the four keys may be missing ([C] oneyoung)."""
    doc = found_doc(call)
    files = shapes.medias(call, doc)
    players = [
        {
            "label": file["label"],
            "type": doc.media,
            "w": file["width"],
            "h": file["height"],
            "url": file["url"],
        }
        for file in files
    ]
    return {
        "thumbs": shapes.thumbs(call, doc),
        "medias": {"media": files} if files else None,
        "players": {"player": players} if players else None,
        "original": shapes.original(call, doc),
    }


@method("doc.getExif")
def doc_get_exif(call: Call) -> dict[str, object]:
    """What the camera wrote into the file."""
    return {"exif": dict(found_doc(call).exif)}


@method("doc.getContext")
def doc_get_context(call: Call) -> dict[str, object]:
    """The documents before and after one among its owner's, the newest first.

    Whether ``prev`` means newer, and where ``index`` starts, is not known ([U]).
    """
    doc = found_doc(call)
    docs = [
        other
        for other in call.state.docs.values()
        if other.owner_id == doc.owner_id and shapes.visible(call, other)
    ]
    if media := call.params.get("media"):
        docs = [other for other in docs if other is doc or other.media == media]
    docs = shapes.newest_first(docs)
    here = docs.index(doc)
    before = number(call.params, "prev", 10, 1, 50)
    after = number(call.params, "next", 10, 1, 50)

    def neighbours(first: int, last: int) -> dict[str, object]:
        chosen = range(max(0, first), min(last, len(docs)))
        return {
            "count": len(chosen),
            "doc": [_neighbour(call, docs[index], index) for index in chosen],
        }

    return {
        "prev": neighbours(here - before, here),
        "doc": _neighbour(call, doc, here),
        "next": neighbours(here + 1, here + 1 + after),
    }


def _neighbour(call: Call, doc: Doc, index: int) -> dict[str, object]:
    """A document in a context: its size stands on the document itself."""
    size = shapes.thumb(call, doc, shapes.thumbsize(call)) or {}
    return {
        "index": index + 1,
        "doc_id": doc.doc_id,
        "media": doc.media,
        "title": doc.title,
        "safety": doc.safety,
        "w": size.get("w"),
        "h": size.get("h"),
        "url": size.get("url"),
        "link": shapes.doc_link(call, doc),
        "user_id": doc.owner_id,
    }
