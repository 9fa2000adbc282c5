"""``doc.get``, ``getList``, ``getMedias``, ``getExif``, ``getContainers``: reading documents."""

from __future__ import annotations

from collections.abc import Iterable

from .. import album_shapes, group_shapes, shapes
from ..documents import Doc
from . import EMPTY, Call, Refusal, method, number
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
    also: str = "safety",
) -> dict[str, object]:
    """One page of documents, as all lists have it.

    :param extras: the values of ``extra`` that the method knows; others are ignored ([U]).
    :param also: as of :func:`.shapes.list_item`.
    """
    per_page = number(call.params, "per_page", default, 1, maximum)
    page = number(call.params, "page", 1, 1, 10**9)
    chosen, head = shapes.paged(docs, page, per_page)
    return {**head, "doc": doc_items(call, chosen, extras, also)}


def doc_items(
    call: Call, docs: Iterable[Doc], extras: tuple[str, ...], also: str = "safety"
) -> list[dict[str, object]]:
    """Documents as the lists carry them, with those extras that are asked for and offered."""
    asked = set(shapes.words(call.params.get("extra"))) & set(extras)
    return [shapes.list_item(call, doc, asked, also) for doc in docs]


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
            **shapes.count(doc),
            "tags": len(doc.tags),
            "albums": sum(doc.doc_id in album.doc_ids for album in call.state.albums.values()),
            "groups": sum(doc.doc_id in group.shown for group in call.state.groups.values()),
        },
        "can": {
            **shapes.can(call, doc),
            # Seen by one client only ([C] ksyz); what they depend on is not known.
            "share": shapes.visibility(doc)["ispublic"],
            "extra": is_owner,
            "translate": is_owner,
        },
        "you": shapes.you(call, doc.audience),
        "share": {"url": shapes.doc_link(call, doc)},
        "thumbs": shapes.thumbs(call, doc),
        "medias": {"media": files} if files else None,
        "original": shapes.original(call, doc),
    }
    if "tags" in extras:
        shape["tags"] = shapes.tags(call, doc.tags)
    if "notes" in extras:
        shape["notes"] = _notes(call, doc)
    if "geo" in extras:
        shape["geo"] = shapes.geo(doc)
    if "md5" in extras:
        shape["md5"] = doc.source.md5()
    return {"doc": shape}


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


@method("doc.getContainers")
def doc_get_containers(call: Call) -> dict[str, object]:
    """The albums and groups that hold a document, as far as the caller may see them.

    An empty list stays here: PyIpernity's test-suite goes through the groups after it has taken
    the document out of the last one ([C] tests/test_group.py).
    """
    doc = found_doc(call)
    albums = [
        {
            "album_id": album.album_id,
            "title": album.title,
            "docs": len(album_shapes.docs(call, album)),
            "cover": (album_shapes.cover(call, album) or {}).get("url"),
            "link": album_shapes.link(call, album),
        }
        for album in call.state.albums.values()
        if doc.doc_id in album.doc_ids
    ]
    groups = [
        {
            "group_id": group.group_id,
            "title": group.title,
            "docs": len(group.shown),
            "pending": group.docs[doc.doc_id].pending,
            # an administrator's invitation to a document; no method makes one
            "invited": False,
            "cover": call.media_url + group.icon_path,
            "link": group_shapes.link(call, group),
        }
        for group in call.state.groups.values()
        if doc.doc_id in group.docs and group_shapes.shown(call, group)
    ]
    pending = sum(bool(group["pending"]) for group in groups)
    return {
        "albums": {"total": len(albums), "album": albums or EMPTY},
        "groups": {
            "total": len(groups),
            "added": len(groups) - pending,
            "pending": pending,
            "invited": 0,
            "group": groups or EMPTY,
        },
    }
