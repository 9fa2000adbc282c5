"""A sandbox with something of everything, and the arguments of a call of each method."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from flask_ipernity.client import IpernityAPI
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PUBLIC
from flask_ipernity.sandbox.methods.auth import new_frob
from tests.support.world import ADA, JONAS, doc

EVERYTHING = {"doc": "delete", "blog": "delete", "post": "delete", "network": "delete"}


class Place:
    """A sandbox with something of everything, and the ids of it."""

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
        """A frob that somebody has allowed."""
        key = self.sandbox.app_key
        return new_frob(self.sandbox.state, key, "web", self.ada, {"doc": "read"}).value

    def ticket(self) -> str:
        """The ticket of an upload that is done."""
        answer = self.api.call("upload.file", file=a_file(), title="Later", **{"async": 0})
        return str(answer["ticket"])

    def text(self) -> str:
        """The id of an uploaded document that is no photo."""
        found = self.api.call("upload.checkTickets", tickets=self.ticket())["tickets"]["ticket"]
        return str(found[0]["doc_id"])

    def note(self) -> str:
        """The number of a note on the photo."""
        return self.photo.notes[0].note_id


class File(io.BytesIO):
    """A file to upload, neither picture nor sound."""

    name = "notes.txt"


def a_file() -> File:
    return File(b"Bring a lamp.")


RECT = {"x": 10, "y": 10, "w": 40, "h": 40}


ARGUMENTS: dict[str, Callable[[Place], dict[str, Any]]] = {
    "account.getQuota": lambda place: {},
    "album.create": lambda place: {"title": "New", "cover_id": place.photo.doc_id},
    "album.delete": lambda place: {"album_id": place.album.album_id},
    "album.docs.add": lambda place: {
        "album_id": place.other_album.album_id,
        "doc_id": [place.photo.doc_id, place.video.doc_id],
    },
    "album.docs.getContext": lambda place: {
        "album_id": place.album.album_id,
        "doc_id": place.album.doc_ids[2],
        "media": "photo",
    },
    "album.docs.getList": lambda place: {"album_id": place.album.album_id, "media": "photo"},
    "album.docs.remove": lambda place: {
        "album_id": place.album.album_id,
        "doc_id": place.album.doc_ids[:2],
    },
    "album.docs.setList": lambda place: {
        "album_id": place.other_album.album_id,
        "doc_ids": place.album.doc_ids,
        "cover_id": place.album.doc_ids[0],
    },
    "album.edit": lambda place: {"album_id": place.album.album_id, "title": "Other"},
    "album.get": lambda place: {"album_id": place.album.album_id},
    "album.getFaves": lambda place: {"album_id": place.foreign_album.album_id},
    "album.getList": lambda place: {},
    "album.getVisitors": lambda place: {"album_id": place.album.album_id},
    "album.orderList": lambda place: {"album_ids": [place.album.album_id]},
    "album.setPerms": lambda place: {"album_id": place.album.album_id, "perm_comment": 3},
    "api.methods.get": lambda place: {"method": "doc.get"},
    "api.methods.getList": lambda place: {},
    "auth.checkToken": lambda place: {},
    "auth.getFrob": lambda place: {},
    "auth.getToken": lambda place: {"frob": place.frob()},
    "doc.albums.add": lambda place: {
        "doc_id": place.photo.doc_id,
        "album_id": place.other_album.album_id,
    },
    "doc.checkMD5": lambda place: {"md5": [place.photo.source.md5(), "0" * 32]},
    "doc.comments.add": lambda place: {"doc_id": place.photo.doc_id, "content": "Again."},
    "doc.comments.delete": lambda place: {"comment_id": place.comments["doc"]},
    "doc.comments.edit": lambda place: {"comment_id": place.comments["doc"], "content": "So so."},
    "doc.comments.get": lambda place: {"comment_id": place.comments["doc"]},
    "doc.comments.getList": lambda place: {"doc_id": place.photo.doc_id},
    "doc.comments.reply": lambda place: {"comment_id": place.comments["doc"], "content": "Yes."},
    "doc.delete": lambda place: {"doc_id": place.photo.doc_id},
    "doc.get": lambda place: {"doc_id": place.photo.doc_id},
    "doc.getContainers": lambda place: {"doc_id": place.photo.doc_id},
    "doc.getContext": lambda place: {"doc_id": place.photo.doc_id, "media": "photo"},
    "doc.getExif": lambda place: {"doc_id": place.photo.doc_id},
    "doc.getFaves": lambda place: {"doc_id": place.photo.doc_id},
    "doc.getList": lambda place: {"user_id": place.ada, "media": "photo"},
    "doc.getMedias": lambda place: {"doc_id": place.video.doc_id},
    "doc.getPerms": lambda place: {"doc_id": place.photo.doc_id},
    "doc.getVisitors": lambda place: {"doc_id": place.photo.doc_id},
    "doc.notes.add": lambda place: {"doc_id": place.photo.doc_id, "content": "Look.", **RECT},
    "doc.notes.delete": lambda place: {"note_id": place.note()},
    "doc.notes.edit": lambda place: {"note_id": place.note(), "content": "Here.", **RECT},
    "doc.search": lambda place: {"media": "photo"},
    "doc.set": lambda place: {"doc_id": place.photo.doc_id, "title": "Other"},
    "doc.setGeo": lambda place: {"doc_id": place.photo.doc_id, "lat": 43.6, "lng": 7.1},
    "doc.setLicense": lambda place: {"doc_id": place.photo.doc_id, "license": 9},
    "doc.setPerms": lambda place: {"doc_id": place.photo.doc_id, "share": 0},
    "doc.setSafety": lambda place: {"doc_id": place.photo.doc_id, "safety": 2},
    "doc.tags.add": lambda place: {"doc_id": place.photo.doc_id, "keywords": "easy,two words"},
    "doc.tags.edit": lambda place: {"doc_id": place.photo.doc_id, "keywords": "easy"},
    "doc.tags.getList": lambda place: {"doc_id": place.photo.doc_id},
    "doc.tags.remove": lambda place: {
        "doc_id": place.photo.doc_id,
        "type": "keyword",
        "id": place.photo.tags[0].id,
    },
    "explore.docs.getPopular": lambda place: {"media": "photo"},
    "explore.docs.getRecent": lambda place: {"media": "photo"},
    "explore.docs.homepage": lambda place: {},
    "explore.groups.getRandom": lambda place: {},
    "faves.albums.add": lambda place: {"album_id": place.foreign_album.album_id},
    "faves.albums.getList": lambda place: {"user_id": place.jonas},
    "faves.albums.remove": lambda place: {"album_id": place.foreign_album.album_id},
    "faves.docs.add": lambda place: {"doc_id": place.foreign.doc_id},
    "faves.docs.getList": lambda place: {"user_id": place.jonas},
    "faves.docs.remove": lambda place: {"doc_id": place.foreign.doc_id},
    "folder.albums.add": lambda place: {
        "folder_id": place.folder.folder_id,
        "album_id": place.album.album_id,
    },
    "folder.albums.getList": lambda place: {"folder_id": place.folder.folder_id},
    "folder.albums.remove": lambda place: {
        "folder_id": place.folder.folder_id,
        "album_id": place.album.album_id,
    },
    "folder.create": lambda place: {"title": "New"},
    "folder.delete": lambda place: {"folder_id": place.folder.folder_id},
    "folder.edit": lambda place: {"folder_id": place.folder.folder_id, "title": "Other"},
    "folder.get": lambda place: {"folder_id": place.folder.folder_id},
    "folder.getList": lambda place: {},
    "folder.orderList": lambda place: {"folder_ids": [place.folder.folder_id]},
    "group.docs.add": lambda place: {
        "group_id": place.group.group_id,
        "doc_id": [place.photo.doc_id, place.video.doc_id],
    },
    "group.docs.getContext": lambda place: {
        "group_id": place.group.group_id,
        "doc_id": place.group.shown[1],
    },
    "group.docs.getList": lambda place: {"group_id": place.group.group_id},
    "group.docs.remove": lambda place: {
        "group_id": place.group.group_id,
        "doc_id": place.group.shown[0],
    },
    "group.get": lambda place: {"group_id": place.group.alias},
    "group.getList": lambda place: {},
    "group.search": lambda place: {"text": "water"},
    "network.autocomplete": lambda place: {"query": "jo"},
    "network.docs.getRecent": lambda place: {},
    "network.getList": lambda place: {},
    "post.comments.add": lambda place: {"post_id": place.post.post_id, "content": "Again."},
    "post.comments.delete": lambda place: {"comment_id": place.comments["post"]},
    "post.comments.edit": lambda place: {"comment_id": place.comments["post"], "content": "So so."},
    "post.comments.get": lambda place: {"comment_id": place.comments["post"]},
    "post.comments.getList": lambda place: {"post_id": place.post.post_id},
    "post.comments.reply": lambda place: {"comment_id": place.comments["post"], "content": "Yes."},
    "post.get": lambda place: {"post_id": place.post.post_id},
    "post.getContext": lambda place: {"post_id": place.post.post_id},
    "post.getFaves": lambda place: {"post_id": place.post.post_id},
    "post.getList": lambda place: {"user_id": place.ada},
    "post.getVisitors": lambda place: {"post_id": place.post.post_id},
    "post.search": lambda place: {"text": "lamp"},
    "post.set": lambda place: {"title": "New", "content": "Words."},
    "tags.docs.getList": lambda place: {"type": "keyword", "id": place.photo.tags[0].id},
    "tags.user.getList": lambda place: {"user_id": place.ada, "type": "keyword"},
    "tags.user.getPopular": lambda place: {"user_id": place.ada, "type": "keyword"},
    "test.echo": lambda place: {"echo": "Hello?"},
    "test.hello": lambda place: {},
    "upload.checkTickets": lambda place: {"tickets": place.ticket()},
    "upload.file": lambda place: {"file": a_file()},
    "upload.replace": lambda place: {"file": a_file(), "doc_id": place.text()},
    "user.get": lambda place: {"user_id": place.jonas},
}
