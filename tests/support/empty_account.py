"""A sandbox in which every list can be empty, and the arguments with which it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.audience import Audience
from flask_ipernity.sandbox.documents import PUBLIC
from flask_ipernity.sandbox.groups import GroupDoc
from tests.support.lookup import ADA, JONAS, MEI, doc
from tests.support.skeletons import entries

#: Lists that are never empty: the method list itself, and what is refused or absent as a whole.
NEVER = {
    "api.methods.get",
    "api.methods.getList",
    "doc.getMedias",
    "folder.albums.getList",
    "upload.checkTickets",
}


class EmptyAccount:
    """Empties what one person has, and signs them in."""

    def __init__(self, sandbox: Sandbox) -> None:
        state = sandbox.state
        ada, mei = sandbox.people[ADA], sandbox.people[MEI]
        shown, filed = doc(sandbox, share=PUBLIC), doc(sandbox, JONAS, share=PUBLIC)
        shown.tags, shown.notes = [], []
        shown.audience, filed.audience = Audience(), Audience()
        album = next(entry for entry in state.albums.values() if entry.owner_id == ada.user_id)
        album.doc_ids, album.audience = [filed.doc_id], Audience()
        post = next(iter(state.posts.values()))
        post.audience, post.tags = Audience(), []
        group, full = list(state.groups.values())[:2]
        # one document that is nowhere, and one that is alone wherever it is
        state.docs = {shown.doc_id: shown, filed.doc_id: filed}
        state.albums = {album.album_id: album}
        state.posts = {post.post_id: post}
        state.folders = {}
        group.docs.clear()
        full.docs = {filed.doc_id: GroupDoc(filed.owner_id, filed.posted_at)}
        for other in state.groups.values():
            other.members.pop(mei.user_id, None)
        word = state.keyword("nowhere").tag_id
        self.token = sandbox.sign_in(MEI, {"doc": "read", "network": "read", "post": "read"})
        self.arguments: dict[str, dict[str, str]] = {
            "album.docs.getContext": {"album_id": album.album_id, "doc_id": filed.doc_id},
            "album.docs.getList": {"album_id": album.album_id, "media": "audio"},
            "album.getFaves": {"album_id": album.album_id},
            "album.getList": {"user_id": mei.user_id},
            "album.getVisitors": {"album_id": album.album_id},
            "doc.checkMD5": {"md5": "0" * 32},
            "doc.comments.getList": {"doc_id": shown.doc_id},
            "doc.get": {"doc_id": shown.doc_id, "extra": "tags,notes"},
            "doc.getContainers": {"doc_id": shown.doc_id},
            "doc.getContext": {"doc_id": shown.doc_id},
            "doc.getFaves": {"doc_id": shown.doc_id},
            "doc.getList": {"user_id": mei.user_id},
            "doc.getVisitors": {"doc_id": shown.doc_id},
            "doc.search": {"text": "xyzzy"},
            "doc.tags.getList": {"doc_id": shown.doc_id},
            "explore.docs.getPopular": {"media": "audio"},
            "explore.docs.getRecent": {"media": "audio"},
            "explore.docs.homepage": {"page": "99"},
            "explore.groups.getRandom": {},
            "faves.albums.getList": {"user_id": mei.user_id},
            "faves.docs.getList": {"user_id": mei.user_id},
            "folder.getList": {"user_id": mei.user_id},
            "group.docs.getContext": {"group_id": full.group_id, "doc_id": filed.doc_id},
            "group.docs.getList": {"group_id": group.group_id},
            "group.getList": {},
            "group.search": {"text": "xyzzy"},
            "network.autocomplete": {"query": "xyzzy"},
            "network.docs.getRecent": {},
            "network.getList": {},
            "post.comments.getList": {"post_id": post.post_id},
            "post.getContext": {"post_id": post.post_id},
            "post.getFaves": {"post_id": post.post_id},
            "post.getList": {"user_id": mei.user_id},
            "post.getVisitors": {"post_id": post.post_id},
            "post.search": {"text": "xyzzy"},
            "tags.docs.getList": {"type": "keyword", "id": word},
            "tags.user.getList": {"user_id": mei.user_id},
            "tags.user.getPopular": {"user_id": mei.user_id},
        }


def list_paths(shape: Any, path: str = "") -> Iterator[str]:
    """Yield the keys that lead to each list of an answer that is not inside another list."""
    if isinstance(shape, dict):
        for key, inner in shape.items():
            yield from list_paths(inner, f"{path}.{key}".lstrip("."))
    elif isinstance(shape, list):
        yield path


def answers_lists() -> list[str]:
    """Return the reading methods that answer lists."""
    return [
        name
        for name, row in entries().items()
        if not row["post"] and [*list_paths(row["response"])] and name not in NEVER
    ]
