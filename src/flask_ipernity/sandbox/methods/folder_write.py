"""The ``folder.*`` methods that create and change folders, their albums or their order."""

from __future__ import annotations

import time

from .. import access, lists, parameters
from ..documents import Folder
from ..registry import MAX_IDS, APIError, MethodCall, api_method, caller
from . import limits
from .folder import folder_details, folder_summary


def _find_own_folder(call: MethodCall) -> Folder:
    """Return the caller's own folder, with or without albums.

    :raises APIError: 1 if there is none.
    """
    folder = call.state.folders.get(call.params.get("folder_id", ""))
    if folder is None or not access.owns(call, folder.owner_id):
        raise APIError(1, "Folder not found")
    return folder


@api_method("folder.create")
def folder_create(call: MethodCall) -> dict[str, object]:
    """Create an empty folder."""
    title = call.params.get("title", "").strip()
    if not title:
        raise APIError(1, "Title missing or empty")
    now, state = int(time.time()), call.state
    folder = Folder(
        state.new_id("folder"),
        caller(call).user_id,
        title,
        call.params.get("description", ""),
        created_at=now,
        updated_at=now,
    )
    state.folders[folder.folder_id] = folder
    return {"folder": folder_summary(call, folder)}


@api_method("folder.edit")
def folder_edit(call: MethodCall) -> dict[str, object]:
    """Change a folder's title, description and cover.

    Of its errors only the first can be guessed; another member's document as cover and an empty
    title are ignored ([U]).
    """
    folder, params = _find_own_folder(call), call.params
    folder.title = params.get("title", "").strip() or folder.title
    folder.description = params.get("description", folder.description)
    cover = call.state.docs.get(params.get("cover_id", ""))
    if cover is not None and cover.owner_id == folder.owner_id:
        folder.cover_id = cover.doc_id
    folder.updated_at = int(time.time())
    return {"folder": folder_details(call, folder)}


@api_method("folder.delete")
def folder_delete(call: MethodCall) -> dict[str, object]:
    """Delete a folder; its albums stay.

    One that has lost its last album is gone already ([D]), but may still be deleted, once
    ([C] the live tests of oneyoung and of its port).
    """
    folder_id = call.params.get("folder_id", "")
    if access.owns(call, call.state.emptied_folders.get(folder_id, "")):
        del call.state.emptied_folders[folder_id]
    else:
        del call.state.folders[_find_own_folder(call).folder_id]
    return {}


@api_method("folder.orderList")
def folder_order_list(call: MethodCall) -> dict[str, object]:
    """Put the caller's folders in an order."""
    ids = parameters.comma_list(call.params.get("folder_ids"))
    own = {
        folder.folder_id: folder
        for folder in call.state.folders.values()
        if access.owns(call, folder.owner_id)
    }
    if not ids or not set(ids) <= set(own):
        raise APIError(1, "Folder not found or not owned")
    lists.reorder(own, ids)
    return {}


def _wanted_albums(call: MethodCall, owner_id: str) -> list[str]:
    """Return the ids in ``album_id``.

    :raises APIError: 2 if one of them is no album of the caller, or there are too many.
    """
    ids = parameters.comma_list(call.params.get("album_id"))
    albums = [call.state.albums.get(album_id) for album_id in ids]
    if not 1 <= len(ids) <= MAX_IDS or any(
        album is None or album.owner_id != owner_id for album in albums
    ):
        raise APIError(2, "Album not found or not owned")
    return ids


@api_method("folder.albums.add")
def folder_albums_add(call: MethodCall) -> dict[str, object]:
    """Add albums to a folder; those that it contains are skipped."""
    folder = _find_own_folder(call)
    ids = _wanted_albums(call, folder.owner_id)
    new = [album_id for album_id in dict.fromkeys(ids) if album_id not in folder.album_ids]
    if len(folder.album_ids) + len(new) > limits.MAX_FOLDER_ALBUMS:
        raise APIError(3, "Folder is full")
    folder.album_ids += new
    folder.updated_at = int(time.time())
    return {
        "folder": {
            "folder_id": folder.folder_id,
            "total": len(folder.album_ids),
            "added": len(new),
            "skipped": len(ids) - len(new),
            "album": [{"album_id": album_id, "added": album_id in new} for album_id in ids],
        }
    }


@api_method("folder.albums.remove")
def folder_albums_remove(call: MethodCall) -> dict[str, object]:
    """Remove albums from a folder; removing the last one deletes the folder ([D])."""
    folder = _find_own_folder(call)
    ids = _wanted_albums(call, folder.owner_id)
    gone = set(folder.album_ids) & set(ids)
    folder.album_ids = [album_id for album_id in folder.album_ids if album_id not in gone]
    folder.updated_at = int(time.time())
    if not folder.album_ids:
        del call.state.folders[folder.folder_id]
        call.state.emptied_folders[folder.folder_id] = folder.owner_id
    return {
        "folder": {
            "folder_id": folder.folder_id,
            "total": len(folder.album_ids),
            "removed": len(gone),
            "skipped": len(ids) - len(gone),
            "album": [{"album_id": album_id, "removed": album_id in gone} for album_id in ids],
        }
    }
