"""The ``album.*`` methods that change an existing album, its documents or the order of albums."""

from __future__ import annotations

import time

from .. import access, lists, parameters
from ..documents import FAMILY, FRIENDS, PUBLIC, Album, Doc
from ..registry import MAX_IDS, APIError, MethodCall, api_method
from . import limits
from .album import album_summary
from .doc_write import PERM_VALUES, one_of


def _find_own_album(call: MethodCall) -> Album:
    """Return the caller's own album; another member's is not found, even if it is visible.

    Albums without documents are found: PyIpernity's test suite deletes one
    ([C] test_zz_delete.py).

    :raises APIError: 1 if there is none.
    """
    album = call.state.albums.get(call.params.get("album_id", ""))
    if album is None or not access.owns(call, album.owner_id):
        raise APIError(1, "Album not found")
    return album


@api_method("album.edit")
def album_edit(call: MethodCall) -> dict[str, object]:
    """Change an album's title, description and cover."""
    album, params = _find_own_album(call), call.params
    if not {"title", "description", "cover_id"} & set(params):
        raise APIError(4, "No parameter given")
    title = params.get("title", album.title).strip()
    if not title:
        raise APIError(3, "Title empty")
    # any own document on the help page, one in the album in practice ([C] oneyoung)
    cover_id = params.get("cover_id") or album.cover_id
    if cover_id is not None and cover_id not in album.doc_ids:
        raise APIError(2, "Document not found")
    album.title, album.cover_id = title, cover_id
    album.description = params.get("description", album.description)
    album.updated_at = int(time.time())
    return {"album": {**album_summary(call, album), "visibility": _visibility(call, album)}}


def _visibility(call: MethodCall, album: Album) -> dict[str, object]:
    """Return which circles can see something, under the keys of ``album.edit`` alone."""
    shares = {doc.share for doc in access.album_docs(call, album)}
    public, family, friends = (
        PUBLIC in shares,
        any(share & FAMILY for share in shares),
        any(share & FRIENDS for share in shares),
    )
    share = PUBLIC if public else family * FAMILY + friends * FRIENDS
    return {"ispublic": public, "isfamily": family, "isfriends": friends, "share": share}


@api_method("album.delete")
def album_delete(call: MethodCall) -> dict[str, object]:
    """Delete an album; its documents stay."""
    call.state.remove_album(_find_own_album(call))
    return {}


@api_method("album.orderList")
def album_order_list(call: MethodCall) -> dict[str, object]:
    """Put the caller's albums in an order."""
    ids = parameters.comma_list(call.params.get("album_ids"))
    own = {
        album.album_id: album
        for album in call.state.albums.values()
        if access.owns(call, album.owner_id)
    }
    if not ids or not set(ids) <= set(own):
        raise APIError(1, "Album not found or not owned")
    lists.reorder(own, ids)
    return {}


@api_method("album.setPerms")
def album_set_perms(call: MethodCall) -> dict[str, object]:
    """Change who may comment on an album."""
    album = _find_own_album(call)
    try:
        album.perm_comment = one_of(PERM_VALUES)(call.params.get("perm_comment", ""))
    except ValueError:
        raise APIError(2, "Invalid arguments") from None
    return {}


def _own_docs(call: MethodCall, owner_id: str) -> dict[str, Doc]:
    docs = call.state.docs.values()
    return {doc.doc_id: doc for doc in docs if doc.owner_id == owner_id}


def _in_too_many(call: MethodCall, doc_id: str) -> bool:
    """Return whether a document is in the maximum number of albums."""
    albums = call.state.albums.values()
    return sum(doc_id in album.doc_ids for album in albums) >= limits.MAX_DOC_ALBUMS


def _wanted_docs(call: MethodCall, own: dict[str, Doc]) -> list[str]:
    """Return the ids in ``doc_id``, of which at least one must be the caller's.

    :raises APIError: 2 if none of them is, or there are too many.
    """
    doc_ids = parameters.comma_list(call.params.get("doc_id"))
    if len(doc_ids) > MAX_IDS or not set(own) & set(doc_ids):
        raise APIError(2, "Document not found")
    return doc_ids


@api_method("album.docs.add")
def album_docs_add(call: MethodCall) -> dict[str, object]:
    """Add documents of the caller to an album of the caller.

    The errors are not documented. Here: 1 if there is no such album, 2 if none of the documents is
    the caller's; a single one that is not has the error 2 in its record ([U]).
    """
    album = _find_own_album(call)
    own = _own_docs(call, album.owner_id)
    records = []
    for doc_id in _wanted_docs(call, own):
        if doc_id not in own:
            error = 2
        else:
            error = int(doc_id not in album.doc_ids and _in_too_many(call, doc_id))
        added = not error and doc_id not in album.doc_ids
        if added:
            album.doc_ids.append(doc_id)
        records.append({"doc_id": doc_id, "added": added, "error": error})
    album.cover_id = album.cover_id or next(iter(album.doc_ids), None)
    album.updated_at = int(time.time())
    count = sum(bool(record["added"]) for record in records)
    return {
        "album": {
            "album_id": album.album_id,
            "total": len(album.doc_ids),
            "added": count,
            "skipped": len(records) - count,
            "doc": records,
        }
    }


@api_method("album.docs.remove")
def album_docs_remove(call: MethodCall) -> dict[str, object]:
    """Remove documents from an album; removing the last one deletes the album ([D])."""
    album = _find_own_album(call)
    records = []
    for doc_id in _wanted_docs(call, _own_docs(call, album.owner_id)):
        removed = doc_id in album.doc_ids
        if removed:
            album.doc_ids.remove(doc_id)
        records.append({"doc_id": doc_id, "removed": removed})
    if album.cover_id not in album.doc_ids:
        album.cover_id = next(iter(album.doc_ids), None)
    album.updated_at = int(time.time())
    if not album.doc_ids:
        call.state.remove_album(album)
    count = sum(bool(record["removed"]) for record in records)
    return {
        "album": {
            "album_id": album.album_id,
            "total": len(album.doc_ids),
            "removed": count,
            "skipped": len(records) - count,
            "doc": records,
        }
    }


@api_method("album.docs.setList")
def album_docs_set_list(call: MethodCall) -> dict[str, object]:
    """Replace an album's documents, their order and the cover.

    The key of the records is ``docs``, not ``doc`` as on the help page ([C] oneyoung).
    """
    album, params = _find_own_album(call), call.params
    doc_ids = list(dict.fromkeys(parameters.comma_list(params.get("doc_ids"))))
    own = _own_docs(call, album.owner_id)
    if not doc_ids or not set(doc_ids) <= set(own):
        raise APIError(2, "Document not found or not owned")
    cover_id = params.get("cover_id")
    if cover_id not in doc_ids:
        raise APIError(3, "Cover missing or not in doc_ids")
    if len(doc_ids) > limits.MAX_ALBUM_DOCS:
        raise APIError(4, "Album is full")
    records = []
    kept = []
    for doc_id in doc_ids:
        there = doc_id in album.doc_ids
        error = int(not there and _in_too_many(call, doc_id))
        if not error:
            kept.append(doc_id)
        records.append({"doc_id": doc_id, "added": not there and not error, "error": error})
    album.doc_ids, album.cover_id = kept, cover_id if cover_id in kept else None
    album.updated_at = int(time.time())
    count = sum(bool(record["added"]) for record in records)
    return {
        "album": {
            "album_id": album.album_id,
            "cover_id": album.cover_id,
            "total": len(album.doc_ids),
            "added": count,
            "skipped": len(records) - count,
            "docs": records,
        }
    }
