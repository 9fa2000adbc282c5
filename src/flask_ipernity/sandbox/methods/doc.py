"""``doc.get``, ``getList``, ``getMedias``, ``getExif``, ``getContainers``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import access, album_serializers, group_serializers, lists, parameters, serializers
from ..documents import Doc
from ..registry import APIError, MethodCall, api_method
from .user import find_person


def find_doc(call: MethodCall) -> Doc:
    """Return the document with the id ``doc_id``.

    :raises APIError: 1 if there is none or it is not visible to the caller, which looks the same.
    """
    doc = call.state.docs.get(call.params.get("doc_id", ""))
    if doc is None or not access.visible(call, doc):
        raise APIError(1, "Document not found")
    return doc


def docs_page(
    call: MethodCall,
    docs: Sequence[Doc],
    default: int,
    maximum: int,
    extras: tuple[str, ...],
    also: str = "safety",
) -> dict[str, object]:
    """Return one page of documents, as all lists have it.

    :param extras: the values of ``extra`` that the method knows; others are ignored ([U]).
    :param also: see :func:`.serializers.list_item`.
    """
    per_page = parameters.int_param(call.params, "per_page", default, 1, maximum)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    chosen, head = lists.paginate(docs, page, per_page)
    return {**head, "doc": doc_items(call, chosen, extras, also)}


def doc_items(
    call: MethodCall, docs: Iterable[Doc], extras: tuple[str, ...], also: str = "safety"
) -> list[dict[str, object]]:
    """Return documents as lists contain them, with the requested extras that are offered."""
    asked = set(parameters.comma_list(call.params.get("extra"))) & set(extras)
    return [serializers.list_item(call, doc, asked, also) for doc in docs]


def filter_docs(call: MethodCall, docs: list[Doc]) -> list[Doc]:
    """Return documents with the given ``media`` and ``share``; unknown values match none ([U])."""
    media, share = call.params.get("media"), call.params.get("share")
    if media:
        docs = [doc for doc in docs if doc.media in parameters.comma_list(media)]
    if share:
        docs = [doc for doc in docs if str(doc.share) == share]
    return docs


@api_method("doc.get")
def doc_get(call: MethodCall) -> dict[str, object]:
    """Return one document with all keys."""
    doc = find_doc(call)
    extras = parameters.comma_list(call.params.get("extra"))
    files = serializers.medias(call, doc)
    is_owner = access.owns(call, doc.owner_id)
    shape: dict[str, object] = {
        "doc_id": doc.doc_id,
        "media": doc.media,
        "license": doc.license,
        "title": doc.title,
        "rotation": 0,
        "safety": doc.safety,
        "icon": serializers.doc_icon(call, doc),
        "link": serializers.doc_link(call, doc),
        "description": doc.description,
        "owner": serializers.owner(call, doc.owner_id),
        "dates": serializers.dates(doc),
        "visibility": serializers.visibility(doc),
        "permissions": serializers.permissions(doc),
        "count": {
            **serializers.count(doc),
            "tags": len(doc.tags),
            "albums": sum(doc.doc_id in album.doc_ids for album in call.state.albums.values()),
            "groups": sum(doc.doc_id in group.shown for group in call.state.groups.values()),
        },
        "can": {
            **serializers.can(call, doc),
            # Seen by one client only ([C] ksyz); their conditions are not known ([U]).
            "share": serializers.visibility(doc)["ispublic"],
            "extra": is_owner,
            "translate": is_owner,
        },
        "you": serializers.you(call, doc.audience),
        "share": {"url": serializers.doc_link(call, doc)},
        "thumbs": serializers.thumbs(call, doc),
        "medias": {"media": files} if files else None,
        "original": serializers.original(call, doc),
    }
    if "tags" in extras:
        shape["tags"] = serializers.tags(call, doc.tags)
    if "notes" in extras:
        shape["notes"] = _notes(call, doc)
    if "geo" in extras:
        shape["geo"] = serializers.geo(doc)
    if "md5" in extras:
        shape["md5"] = doc.source.md5()
    return {"doc": shape}


def _notes(call: MethodCall, doc: Doc) -> dict[str, object]:
    """Return notes; ``username`` is the author, ``membername`` the tagged person ([C] Photini)."""
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


@api_method("doc.getList")
def doc_get_list(call: MethodCall) -> dict[str, object]:
    """Return a member's documents, the newest first."""
    person = find_person(call)
    params = call.params
    docs = access.visible_docs(
        call, person.user_id, params.get("media", ""), params.get("share", "")
    )
    extras = ("dates", "count", "geo", "medias", "original", "md5")
    page = docs_page(call, docs, 20, 100, extras)
    records = page.pop("doc")
    assert isinstance(records, list)
    # only here among the lists of documents ([C] oneyoung 5461835, ksyz)
    return {"docs": {**page, "count": len(records), "doc": records}}


@api_method("doc.getMedias")
def doc_get_medias(call: MethodCall) -> dict[str, object]:
    """Return a document's files; each of the four keys may be missing ([C] oneyoung)."""
    doc = find_doc(call)
    files = serializers.medias(call, doc)
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
        "thumbs": serializers.thumbs(call, doc),
        "medias": {"media": files} if files else None,
        "players": {"player": players} if players else None,
        "original": serializers.original(call, doc),
    }


@api_method("doc.getExif")
def doc_get_exif(call: MethodCall) -> dict[str, object]:
    """Return the camera's data from the file."""
    return {"exif": dict(find_doc(call).exif)}


@api_method("doc.getContainers")
def doc_get_containers(call: MethodCall) -> dict[str, object]:
    """Return the albums and groups that contain a document and that the caller may see."""
    doc = find_doc(call)
    albums = [
        {
            "album_id": album.album_id,
            "title": album.title,
            "docs": len(access.album_docs(call, album)),
            "cover": (album_serializers.cover(call, album) or {}).get("url"),
            "link": album_serializers.link(call, album),
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
            # an administrator's invitation of a document; no method sends one
            "invited": False,
            "cover": call.media_url + group.icon_path,
            "link": group_serializers.link(call, group),
        }
        for group in call.state.groups.values()
        if doc.doc_id in group.docs and access.group_visible(call, group)
    ]
    pending = sum(bool(group["pending"]) for group in groups)
    return {
        "albums": {"total": len(albums), "album": albums},
        "groups": {
            "total": len(groups),
            "added": len(groups) - pending,
            "pending": pending,
            "invited": 0,
            "group": groups,
        },
    }
