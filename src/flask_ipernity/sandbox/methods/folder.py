"""``folder.get``, ``getList`` and ``albums.getList``."""

from __future__ import annotations

from .. import access, album_serializers, lists, parameters, serializers
from ..documents import Album, Folder
from ..registry import APIError, MethodCall, api_method
from .user import find_person


def _shown(call: MethodCall, folder: Folder) -> list[Album]:
    """Return a folder's albums that have something for the caller, in the folder's order."""
    albums = [call.state.albums[album_id] for album_id in folder.album_ids]
    return [album for album in albums if access.album_docs(call, album)]


def _find_folder(call: MethodCall) -> Folder:
    """Return the folder with the id ``folder_id``.

    :raises APIError: 1 if there is none, or it has no albums or only empty ones; it is then not
    found by its owner either ([C] oneyoung).
    """
    folder = call.state.folders.get(call.params.get("folder_id", ""))
    if folder is None or not _shown(call, folder):
        raise APIError(1, "Folder not found")
    return folder


def _counts(call: MethodCall, folder: Folder, friends: str) -> dict[str, object]:
    """Return how many albums a folder has, and how many have something for each circle."""
    albums = _shown(call, folder)
    seen = [album_serializers.visibility(call, album) for album in albums]
    return {
        "albums": len(albums),
        "public": sum(bool(shape["public"]) for shape in seen),
        "family": sum(bool(shape["family"]) for shape in seen),
        # the key is "friend" in lists ([D])
        friends: sum(bool(shape["friend"]) for shape in seen),
        "ff": sum(bool(shape["ff"]) for shape in seen),
    }


def _cover(call: MethodCall, folder: Folder) -> dict[str, object] | None:
    """Return a folder's cover; that of its first album if it has none."""
    doc = call.state.docs.get(folder.cover_id or "")
    if doc is not None and access.visible(call, doc):
        shape = serializers.thumb(call, doc, parameters.thumbsize(call))
        if shape:
            return {"doc_id": doc.doc_id, **shape}
    covers = (album_serializers.cover(call, album) for album in _shown(call, folder))
    return next((cover for cover in covers if cover), None)


def folder_summary(call: MethodCall, folder: Folder) -> dict[str, object]:
    """Return what ``folder.create``, ``folder.get`` and ``folder.edit`` have in common."""
    return {
        "folder_id": folder.folder_id,
        "link": _link(call, folder),
        "title": folder.title,
        "description": folder.description,
        "dates": {"created_at": folder.created_at, "last_update_at": folder.updated_at},
        "count": _counts(call, folder, "friends"),
    }


def folder_details(call: MethodCall, folder: Folder) -> dict[str, object]:
    """Return a folder with its cover and owner."""
    alias = call.state.people[folder.owner_id].alias
    return {
        **folder_summary(call, folder),
        "cover": _cover(call, folder),
        "owner": {"user_id": folder.owner_id, "alias": alias},
    }


def _link(call: MethodCall, folder: Folder) -> str:
    """Return the URL of a folder's page, which has the form of an album's ([D])."""
    return f"{call.web_url}/doc/{folder.owner_id}/album/{folder.folder_id}"


@api_method("folder.get")
def folder_get(call: MethodCall) -> dict[str, object]:
    """Return one folder."""
    return {"folder": folder_details(call, _find_folder(call))}


@api_method("folder.getList")
def folder_get_list(call: MethodCall) -> dict[str, object]:
    """Return a member's folders; empty ones only for their owner, with ``empty=1``."""
    person = find_person(call)
    own = access.owns(call, person.user_id)
    with_empty = call.params.get("empty") == "1" and own
    folders = [
        folder
        for folder in reversed(call.state.folders.values())
        if folder.owner_id == person.user_id and (with_empty or _shown(call, folder))
    ]
    folders.sort(key=lists.owner_order)
    per_page = parameters.int_param(call.params, "per_page", 100, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    chosen, head = lists.paginate(folders, page, per_page, pages=False)
    records = []
    for folder in chosen:
        count = _counts(call, folder, "friend")
        records.append(
            {
                "folder_id": folder.folder_id,
                "link": _link(call, folder),
                "title": folder.title,
                "dates": {"created_at": folder.created_at},
                "count": count,
                "cover": _cover(call, folder),
                "visibility": {
                    circle: bool(count[circle]) for circle in ("family", "friend", "ff", "public")
                },
            }
        )
    return {
        "folders": {
            **head,
            "count": len(chosen),
            "thumbsize": parameters.thumbsize(call),
            "can": {"create": own and call.level("doc") >= 2},
            "folder": records,
        }
    }


@api_method("folder.albums.getList")
def folder_albums_get_list(call: MethodCall) -> dict[str, object]:
    """Return the albums in a folder, each with a picture."""
    folder = _find_folder(call)
    per_page = parameters.int_param(call.params, "per_page", 20, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    albums = _shown(call, folder)
    chosen, head = lists.paginate(albums, page, per_page)
    covers = {album.album_id: album_serializers.cover(call, album) for album in albums}
    first = next(((number, cover) for number, cover in covers.items() if cover), None)
    return {
        "folder": {
            "folder_id": folder.folder_id,
            "albums": {
                **head,
                "album": [
                    {
                        "album_id": album.album_id,
                        "title": album.title,
                        "thumb": _without_doc(covers[album.album_id]),
                    }
                    for album in chosen
                ],
            },
            "cover": {"album_id": first[0], **(_without_doc(first[1]) or {})} if first else None,
        }
    }


def _without_doc(cover: dict[str, object] | None) -> dict[str, object] | None:
    """Return a cover without the id of its document."""
    return cover and {key: value for key, value in cover.items() if key != "doc_id"}
