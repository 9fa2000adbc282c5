"""``faves.*``: a member's favourite documents and albums."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TypeVar

from .. import access, album_serializers, lists, parameters, serializers
from ..accounts import Person
from ..documents import Album, Doc
from ..registry import APIError, MethodCall, api_method, caller, require_not_blocked
from .album import find_album, list_dates
from .doc import doc_items, find_doc
from .user import find_person, relation

T = TypeVar("T", Doc, Album)


def _add(call: MethodCall, item: Doc | Album) -> dict[str, object]:
    """Fave an item, once; own ones can be faved too ([D] pages of the lists)."""
    require_not_blocked(call, item.owner_id)
    item.audience.faves.setdefault(caller(call).user_id, int(time.time()))
    return {}


def _remove(call: MethodCall, item: Doc | Album) -> dict[str, object]:
    """Remove the caller's fave of an item."""
    item.audience.faves.pop(caller(call).user_id, None)
    return {}


@api_method("faves.docs.add")
def faves_docs_add(call: MethodCall) -> dict[str, object]:
    """Fave a document."""
    return _add(call, find_doc(call))


@api_method("faves.docs.remove")
def faves_docs_remove(call: MethodCall) -> dict[str, object]:
    """Remove the fave of a document."""
    return _remove(call, find_doc(call))


@api_method("faves.albums.add")
def faves_albums_add(call: MethodCall) -> dict[str, object]:
    """Fave an album."""
    return _add(call, find_album(call))


@api_method("faves.albums.remove")
def faves_albums_remove(call: MethodCall) -> dict[str, object]:
    """Remove the fave of an album."""
    return _remove(call, find_album(call))


def _faved_by(call: MethodCall, person: Person, items: Iterable[T]) -> list[T]:
    """Return what a member has faved, the latest first; own items only with ``owner_id``.

    :raises APIError: error 2, there is no such owner.
    """
    owner_id = call.params.get("owner_id")
    if owner_id and owner_id not in call.state.people:
        raise APIError(2, "Owner not found")
    found = [
        item
        for item in items
        if person.user_id in item.audience.faves
        and (item.owner_id == owner_id if owner_id else item.owner_id != person.user_id)
    ]
    return sorted(found, key=lambda item: -item.audience.faves[person.user_id])


@api_method("faves.docs.getList")
def faves_docs_get_list(call: MethodCall) -> dict[str, object]:
    """Return a member's favourite documents, and the caller's relation to their owners."""
    person = find_person(call)
    docs = _faved_by(call, person, access.visible_docs(call))
    per_page = parameters.int_param(call.params, "per_page", 20, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    chosen, head = lists.paginate(docs, page, per_page)
    extras = ("owner", "dates", "count", "geo", "medias", "original")
    records = doc_items(call, chosen, extras, "")
    for record, doc in zip(records, chosen, strict=True):
        record.update(_relation_to(call, call.state.people[doc.owner_id]))
    return {"docs": {**head, "doc": records}}


def _relation_to(call: MethodCall, owner: Person) -> dict[str, object]:
    """Return the caller's relation to an owner; anonymous callers have none."""
    names = ("isfamily", "isfriend", "iscontact")
    if call.viewer is None:
        return dict.fromkeys(names, False)
    found = relation(call.viewer, owner)
    return {name: found[name] for name in names}


@api_method("faves.albums.getList")
def faves_albums_get_list(call: MethodCall) -> dict[str, object]:
    """Return a member's favourite albums."""
    person = find_person(call)
    albums = [album for album in call.state.albums.values() if access.album_docs(call, album)]
    albums = _faved_by(call, person, albums)
    per_page = parameters.int_param(call.params, "per_page", 20, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    chosen, head = lists.paginate(albums, page, per_page, pages=False)
    with_owner = "owner" in parameters.comma_list(call.params.get("extra"))
    records = []
    for album in chosen:
        counts = album_serializers.count(call, album)
        records.append(
            {
                "album_id": album.album_id,
                "link": album_serializers.link(call, album),
                "title": album.title,
                "user_id": album.owner_id,
                "dates": list_dates(album),
                "count": {key: counts[key] for key in ("docs", "visits", "faves", "comments")},
                "cover": album_serializers.cover(call, album),
                "can": album_serializers.can(call, album),
                "owner": serializers.owner(call, album.owner_id) if with_owner else None,
            }
        )
    return {"albums": {**head, "count": len(chosen), "album": records}}
