"""``album.get``, ``getList``, ``docs.getList``, ``create`` and ``docs.add``."""

from __future__ import annotations

import time

from .. import shapes
from ..state import Album
from . import Call, Refusal, method, number
from .doc import docs_page, filtered
from .user import MAX_ALBUMS, wanted_person

MAX_IDS = 20
"""Documents per call of album.docs.add."""


def _found_album(call: Call) -> Album:
    """The album that ``album_id`` names.

    :raises Refusal: error 1, there is none, or the caller may see nothing of it.
    """
    album = call.state.albums.get(call.params.get("album_id", ""))
    if album is None or not _shown(call, album):
        raise Refusal(1, "Album not found")
    return album


def _shown(call: Call, album: Album) -> bool:
    """Whether an album exists for the caller: others do not see one that has nothing for them."""
    return shapes.owns(call, album.owner_id) or bool(shapes.album_docs(call, album))


@method("album.get")
def album_get(call: Call) -> dict[str, object]:
    """One album."""
    album = _found_album(call)
    who = shapes.reader(call)
    add_doc = shapes.owns(call, album.owner_id)
    return {
        "album": {
            "album_id": album.album_id,
            "link": shapes.album_link(call, album),
            "title": album.title,
            "thumbsize": shapes.thumbsize(call),
            "description": shapes.album_description(album),
            "dates": shapes.album_dates(album),
            "count": shapes.album_count(call, album),
            "cover": shapes.album_cover(call, album),
            "can": {**shapes.album_can(call, album), "add_doc": add_doc},
            "permissions": {"comment": album.perm_comment},
            "you": {"isfave": False, "visits": 0, "last_visit_at": 0} if who else None,
        }
    }


@method("album.getList")
def album_get_list(call: Call) -> dict[str, object]:
    """A member's albums, the newest first; empty ones only for their owner, with ``empty=1``."""
    person = wanted_person(call)
    with_empty = call.params.get("empty") == "1" and shapes.owns(call, person.user_id)
    albums = [
        album
        for album in call.state.albums.values()
        if album.owner_id == person.user_id
        and (shapes.album_docs(call, album) or (with_empty and not album.doc_ids))
    ]
    albums.sort(key=lambda album: (album.created_at, int(album.album_id)), reverse=True)
    per_page = number(call.params, "per_page", 100, 1, 100)
    page = number(call.params, "page", 1, 1, 10**9)
    chosen, head = shapes.paged(albums, page, per_page, pages=False)
    create = shapes.owns(call, person.user_id) and call.level("doc") >= 2
    return {
        "albums": {
            **head,
            "count": len(chosen),
            "thumbsize": shapes.thumbsize(call),
            "can": {"create": create},
            "album": [_listed(call, album) for album in chosen],
        }
    }


def _listed(call: Call, album: Album) -> dict[str, object]:
    """An album as album.getList has it: without description, and with other names of dates."""
    return {
        "album_id": album.album_id,
        "link": shapes.album_link(call, album),
        "title": album.title,
        "dates": {
            "created_at": album.created_at,
            "last_comment_at": album.comment_at,
            "last_update_at": album.updated_at,
        },
        "count": shapes.album_count(call, album),
        "cover": shapes.album_cover(call, album),
        "can": shapes.album_can(call, album),
        "permissions": {"comment": album.perm_comment},
        "visibility": shapes.album_visibility(call, album),
    }


@method("album.docs.getList")
def album_docs_get_list(call: Call) -> dict[str, object]:
    """An album's documents in the album's order."""
    album = _found_album(call)
    docs = filtered(call, shapes.album_docs(call, album))
    extras = ("dates", "geo", "medias", "original", "link")
    return {
        "album": {
            "album_id": album.album_id,
            "docs": docs_page(call, docs, 20, 100, extras),
            "cover": shapes.album_cover(call, album),
        }
    }


@method("album.create")
def album_create(call: Call) -> dict[str, object]:
    """Makes an album; its cover, if there is one, is its first document."""
    state, person, params = call.state, call.viewer, call.params
    if person is None:
        raise Refusal(106, "Token missing")
    title = params.get("title", "").strip()
    if not title:
        raise Refusal(1, "Title missing or empty")
    cover_id = params.get("cover_id") or None
    cover = state.docs.get(cover_id or "")
    if cover_id and (cover is None or cover.owner_id != person.user_id):
        raise Refusal(2, "Cover not found")
    if sum(album.owner_id == person.user_id for album in state.albums.values()) >= MAX_ALBUMS:
        raise Refusal(4, "Album count limit reached")
    now = int(time.time())
    album = Album(
        state.new_id("album"),
        person.user_id,
        title,
        params.get("description", ""),
        [cover_id] if cover_id else [],
        cover_id,
        created_at=now,
        updated_at=now,
        perm_comment=number(params, "perm_comment", 5, 0, 5),
    )
    state.albums[album.album_id] = album
    counts = shapes.album_count(call, album)
    return {
        "album": {
            "album_id": album.album_id,
            "link": shapes.album_link(call, album),
            "title": album.title,
            "description": shapes.album_description(album),
            "visibility": shapes.album_visibility(call, album),
            "dates": shapes.album_dates(album),
            "count": {key: counts[key] for key in ("docs", "visits", "faves", "comments")},
            "cover": shapes.album_cover(call, album),
            "can": shapes.album_can(call, album),
            "permissions": {"comment": album.perm_comment},
        }
    }


@method("album.docs.add")
def album_docs_add(call: Call) -> dict[str, object]:
    """Puts the caller's documents into an album of theirs.

    Its errors are not documented. Here: 1 no such album, 2 none of the documents is the caller's;
    a single one that is not gets the error 2 in its record ([U]).
    """
    state = call.state
    album = state.albums.get(call.params.get("album_id", ""))
    if album is None or not shapes.owns(call, album.owner_id):
        raise Refusal(1, "Album not found")
    doc_ids = shapes.words(call.params.get("doc_id"))
    own = {doc.doc_id for doc in state.docs.values() if doc.owner_id == album.owner_id}
    if len(doc_ids) > MAX_IDS or not own.intersection(doc_ids):
        raise Refusal(2, "Document not found")
    records = []
    for doc_id in doc_ids:
        added = doc_id in own and doc_id not in album.doc_ids
        if added:
            album.doc_ids.append(doc_id)
        records.append({"doc_id": doc_id, "added": added, "error": 0 if doc_id in own else 2})
    album.cover_id = album.cover_id or album.doc_ids[0]
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
