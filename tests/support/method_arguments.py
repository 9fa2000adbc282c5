"""Valid arguments for each API method, with the ids of a sandbox."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask_ipernity.client import IpernityAPI
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PUBLIC
from flask_ipernity.sandbox.methods.auth import new_frob
from tests.support.lookup import ADA, JONAS, doc

EVERYTHING = {"doc": "delete", "blog": "delete", "post": "delete", "network": "delete"}


class FilledSandbox:
    """A sandbox with at least one item of each kind, and their ids."""

    def __init__(self, sandbox: Sandbox) -> None:
        state = sandbox.state
        self.sandbox = sandbox
        self.photo = doc(sandbox, ADA, share=PUBLIC)
        self.video = doc(sandbox, ADA, media="video")
        self.foreign = doc(sandbox, JONAS, share=PUBLIC)
        self.ada, self.jonas, _ = (person.user_id for person in sandbox.people)
        own = [album for album in state.albums.values() if album.owner_id == self.ada]
        self.album, self.other_album = own[:2]
        theirs = (album for album in state.albums.values() if album.owner_id == self.jonas)
        self.foreign_album = next(theirs)
        self.folder = next(iter(state.folders.values()))
        self.group = next(iter(state.groups.values()))
        self.post = next(iter(state.posts.values()))
        for item in (self.photo, self.post):
            item.audience.comments.clear()
            item.audience.faves[self.jonas] = 1
        api = self.api = IpernityAPI(
            sandbox.app_key,
            sandbox.app_secret,
            sandbox.sign_in(ADA, EVERYTHING),
            url=sandbox.api_url,
            auth_url_base=sandbox.authorize_url,
        )
        self.comments = {}
        for kind, item_id in (("doc", self.photo.doc_id), ("post", self.post.post_id)):
            said = {f"{kind}_id": item_id, "content": "What a day."}
            first = api.call(f"{kind}.comments.add", **said)["comment"]["comment_id"]
            reply = {"comment_id": first, "content": "It was."}
            second = api.call(f"{kind}.comments.reply", **reply)["comment"]["comment_id"]
            comments = (self.photo if kind == "doc" else self.post).audience.comments
            for comment in comments.values():
                comment.posted_at -= 600
            api.call(f"{kind}.comments.edit", comment_id=second, content="It really was.")
            self.comments[kind] = second

    def frob(self) -> str:
        """Return a frob that a person has allowed."""
        key = self.sandbox.app_key
        return new_frob(self.sandbox.state, key, "web", self.ada, {"doc": "read"}).value

    def ticket(self) -> str:
        """Return the ticket of a finished upload."""
        answer = self.api.call("upload.file", file=a_file(), title="Later", **{"async": 0})
        return str(answer["ticket"])

    def text(self) -> str:
        """Return the id of an uploaded document that is not a photo."""
        found = self.api.call("upload.checkTickets", tickets=self.ticket())["tickets"]["ticket"]
        return str(found[0]["doc_id"])

    def note(self) -> str:
        """Return the id of a note on the photo."""
        return self.photo.notes[0].note_id


class TextFile(io.BytesIO):
    """A file to upload that is neither a picture nor a sound."""

    name = "notes.txt"


def a_file() -> TextFile:
    return TextFile(b"Bring a lamp.")


RECT = {"x": 10, "y": 10, "w": 40, "h": 40}

ARGUMENTS: dict[str, Callable[[FilledSandbox], dict[str, Any]]] = {
    "account.getQuota": lambda filled: {},
    "album.create": lambda filled: {"title": "New", "cover_id": filled.photo.doc_id},
    "album.delete": lambda filled: {"album_id": filled.album.album_id},
    "album.docs.add": lambda filled: {
        "album_id": filled.other_album.album_id,
        "doc_id": [filled.photo.doc_id, filled.video.doc_id],
    },
    "album.docs.getContext": lambda filled: {
        "album_id": filled.album.album_id,
        "doc_id": filled.album.doc_ids[2],
        "media": "photo",
    },
    "album.docs.getList": lambda filled: {"album_id": filled.album.album_id, "media": "photo"},
    "album.docs.remove": lambda filled: {
        "album_id": filled.album.album_id,
        "doc_id": filled.album.doc_ids[:2],
    },
    "album.docs.setList": lambda filled: {
        "album_id": filled.other_album.album_id,
        "doc_ids": filled.album.doc_ids,
        "cover_id": filled.album.doc_ids[0],
    },
    "album.edit": lambda filled: {"album_id": filled.album.album_id, "title": "Other"},
    "album.get": lambda filled: {"album_id": filled.album.album_id},
    "album.getFaves": lambda filled: {"album_id": filled.foreign_album.album_id},
    "album.getList": lambda filled: {},
    "album.getVisitors": lambda filled: {"album_id": filled.album.album_id},
    "album.orderList": lambda filled: {"album_ids": [filled.album.album_id]},
    "album.setPerms": lambda filled: {"album_id": filled.album.album_id, "perm_comment": 3},
    "api.methods.get": lambda filled: {"method": "doc.get"},
    "api.methods.getList": lambda filled: {},
    "auth.checkToken": lambda filled: {},
    "auth.getFrob": lambda filled: {},
    "auth.getToken": lambda filled: {"frob": filled.frob()},
    "doc.albums.add": lambda filled: {
        "doc_id": filled.photo.doc_id,
        "album_id": filled.other_album.album_id,
    },
    "doc.checkMD5": lambda filled: {"md5": [filled.photo.source.md5(), "0" * 32]},
    "doc.comments.add": lambda filled: {"doc_id": filled.photo.doc_id, "content": "Again."},
    "doc.comments.delete": lambda filled: {"comment_id": filled.comments["doc"]},
    "doc.comments.edit": lambda filled: {"comment_id": filled.comments["doc"], "content": "So so."},
    "doc.comments.get": lambda filled: {"comment_id": filled.comments["doc"]},
    "doc.comments.getList": lambda filled: {"doc_id": filled.photo.doc_id},
    "doc.comments.reply": lambda filled: {"comment_id": filled.comments["doc"], "content": "Yes."},
    "doc.delete": lambda filled: {"doc_id": filled.photo.doc_id},
    "doc.get": lambda filled: {"doc_id": filled.photo.doc_id},
    "doc.getContainers": lambda filled: {"doc_id": filled.photo.doc_id},
    "doc.getContext": lambda filled: {"doc_id": filled.photo.doc_id, "media": "photo"},
    "doc.getExif": lambda filled: {"doc_id": filled.photo.doc_id},
    "doc.getFaves": lambda filled: {"doc_id": filled.photo.doc_id},
    "doc.getList": lambda filled: {"user_id": filled.ada, "media": "photo"},
    "doc.getMedias": lambda filled: {"doc_id": filled.video.doc_id},
    "doc.getPerms": lambda filled: {"doc_id": filled.photo.doc_id},
    "doc.getVisitors": lambda filled: {"doc_id": filled.photo.doc_id},
    "doc.notes.add": lambda filled: {"doc_id": filled.photo.doc_id, "content": "Look.", **RECT},
    "doc.notes.delete": lambda filled: {"note_id": filled.note()},
    "doc.notes.edit": lambda filled: {"note_id": filled.note(), "content": "Here.", **RECT},
    "doc.search": lambda filled: {"media": "photo"},
    "doc.set": lambda filled: {"doc_id": filled.photo.doc_id, "title": "Other"},
    "doc.setGeo": lambda filled: {"doc_id": filled.photo.doc_id, "lat": 43.6, "lng": 7.1},
    "doc.setLicense": lambda filled: {"doc_id": filled.photo.doc_id, "license": 9},
    "doc.setPerms": lambda filled: {"doc_id": filled.photo.doc_id, "share": 0},
    "doc.setSafety": lambda filled: {"doc_id": filled.photo.doc_id, "safety": 2},
    "doc.tags.add": lambda filled: {"doc_id": filled.photo.doc_id, "keywords": "easy,two words"},
    "doc.tags.edit": lambda filled: {"doc_id": filled.photo.doc_id, "keywords": "easy"},
    "doc.tags.getList": lambda filled: {"doc_id": filled.photo.doc_id},
    "doc.tags.remove": lambda filled: {
        "doc_id": filled.photo.doc_id,
        "type": "keyword",
        "id": filled.photo.tags[0].id,
    },
    "explore.docs.getPopular": lambda filled: {"media": "photo"},
    "explore.docs.getRecent": lambda filled: {"media": "photo"},
    "explore.docs.homepage": lambda filled: {},
    "explore.groups.getRandom": lambda filled: {},
    "faves.albums.add": lambda filled: {"album_id": filled.foreign_album.album_id},
    "faves.albums.getList": lambda filled: {"user_id": filled.jonas},
    "faves.albums.remove": lambda filled: {"album_id": filled.foreign_album.album_id},
    "faves.docs.add": lambda filled: {"doc_id": filled.foreign.doc_id},
    "faves.docs.getList": lambda filled: {"user_id": filled.jonas},
    "faves.docs.remove": lambda filled: {"doc_id": filled.foreign.doc_id},
    "folder.albums.add": lambda filled: {
        "folder_id": filled.folder.folder_id,
        "album_id": filled.album.album_id,
    },
    "folder.albums.getList": lambda filled: {"folder_id": filled.folder.folder_id},
    "folder.albums.remove": lambda filled: {
        "folder_id": filled.folder.folder_id,
        "album_id": filled.album.album_id,
    },
    "folder.create": lambda filled: {"title": "New"},
    "folder.delete": lambda filled: {"folder_id": filled.folder.folder_id},
    "folder.edit": lambda filled: {"folder_id": filled.folder.folder_id, "title": "Other"},
    "folder.get": lambda filled: {"folder_id": filled.folder.folder_id},
    "folder.getList": lambda filled: {},
    "folder.orderList": lambda filled: {"folder_ids": [filled.folder.folder_id]},
    "group.docs.add": lambda filled: {
        "group_id": filled.group.group_id,
        "doc_id": [filled.photo.doc_id, filled.video.doc_id],
    },
    "group.docs.getContext": lambda filled: {
        "group_id": filled.group.group_id,
        "doc_id": filled.group.shown[1],
    },
    "group.docs.getList": lambda filled: {"group_id": filled.group.group_id},
    "group.docs.remove": lambda filled: {
        "group_id": filled.group.group_id,
        "doc_id": filled.group.shown[0],
    },
    "group.get": lambda filled: {"group_id": filled.group.alias},
    "group.getList": lambda filled: {},
    "group.search": lambda filled: {"text": "water"},
    "network.autocomplete": lambda filled: {"query": "jo"},
    "network.docs.getRecent": lambda filled: {},
    "network.getList": lambda filled: {},
    "post.comments.add": lambda filled: {"post_id": filled.post.post_id, "content": "Again."},
    "post.comments.delete": lambda filled: {"comment_id": filled.comments["post"]},
    "post.comments.edit": lambda filled: {
        "comment_id": filled.comments["post"],
        "content": "So so.",
    },
    "post.comments.get": lambda filled: {"comment_id": filled.comments["post"]},
    "post.comments.getList": lambda filled: {"post_id": filled.post.post_id},
    "post.comments.reply": lambda filled: {
        "comment_id": filled.comments["post"],
        "content": "Yes.",
    },
    "post.get": lambda filled: {"post_id": filled.post.post_id},
    "post.getContext": lambda filled: {"post_id": filled.post.post_id},
    "post.getFaves": lambda filled: {"post_id": filled.post.post_id},
    "post.getList": lambda filled: {"user_id": filled.ada},
    "post.getVisitors": lambda filled: {"post_id": filled.post.post_id},
    "post.search": lambda filled: {"text": "lamp"},
    "post.set": lambda filled: {"title": "New", "content": "Words."},
    "tags.docs.getList": lambda filled: {"type": "keyword", "id": filled.photo.tags[0].id},
    "tags.user.getList": lambda filled: {"user_id": filled.ada, "type": "keyword"},
    "tags.user.getPopular": lambda filled: {"user_id": filled.ada, "type": "keyword"},
    "test.echo": lambda filled: {"echo": "Hello?"},
    "test.hello": lambda filled: {},
    "upload.checkTickets": lambda filled: {"tickets": filled.ticket()},
    "upload.file": lambda filled: {"file": a_file()},
    "upload.replace": lambda filled: {"file": a_file(), "doc_id": filled.text()},
    "user.get": lambda filled: {"user_id": filled.jonas},
}
