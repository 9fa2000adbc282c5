"""A sample application in which type checkers find each line that is marked, and no other."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from flask_ipernity import ipernity
from flask_ipernity.client import IpernityAPI


def services(api: IpernityAPI) -> None:
    api.dok.getList()  # wrong: the service
    api.doc.getLst()  # wrong: the method
    api.doc.comments.getlist(doc_id=1)  # wrong: the method
    ipernity.api.albums.get_list()  # wrong: the method
    ipernity.apis.doc.getList()  # wrong: the extension


def parameters(api: IpernityAPI) -> None:
    api.doc.getList(user=7)  # wrong: the name
    api.doc.get()  # wrong: doc_id is missing
    api.doc.get("4711")  # wrong: not a keyword
    api.doc.get(doc_id=[4711, 4712])  # wrong: one document only
    api.doc.get(doc_id=4711, extra=["tag"])  # wrong: no such extra
    api.doc.getList(media="photos")  # wrong: no such media
    api.doc.getList(per_page="all")  # wrong: not a number
    api.doc.getList(thumbsize=512)  # wrong: no such size
    api.doc.setLicense(doc_id=1, license=2)  # wrong: no such licence
    api.doc.setPerms(doc_id=1, share="public")  # wrong: no such circle
    api.doc.setPerms(doc_id=1, is_public="yes")  # wrong: not a flag
    api.doc.setGeo(doc_id=1, lat="north", lng=4.9)  # wrong: not a number
    api.doc.search(text="sea", sort="newest")  # wrong: no such order
    api.doc.search(posted_min=datetime(2020, 1, 1, tzinfo=UTC))  # wrong: not seconds
    api.album.create(titel="Sea")  # wrong: the name
    api.album.docs.add(album_id=1)  # wrong: doc_id is missing
    api.album.docs.add(album_id=1, doc_id={"doc_id": 1})  # wrong: not ids
    api.network.getList(relation=7)  # wrong: no such relation
    api.tags.docs.getList(type="place", id=1)  # wrong: no such type
    api.test.echo(text="x")  # wrong: the name
    api.upload.file(file=5)  # wrong: not a file
    api.upload(io.StringIO("x"))  # wrong: not a binary file
    api.upload("a.jpg", titel="x")  # wrong: the name
    api.upload("a.jpg", if_exists="replace")  # wrong: no such choice
    api.upload_file(Path("a.jpg"), on_progress=5)  # wrong: not a function
    api.auth.getToken()  # wrong: frob is missing


def answers(api: IpernityAPI) -> int:
    docs = api.doc.getList()["doc"]  # wrong: it is in docs
    docs = api.doc.getList()["docs"]
    total: int = docs["total"]  # wrong: numbers are text
    for doc in docs.get("doc", []):
        doc["name"]  # wrong: no such key
    api.doc.set(doc_id=1)["doc"]["share"] += 1  # wrong: numbers are text
    api.doc.delete(doc_id=1)["doc"]  # wrong: nothing is told
    for album in api.walk_albums():
        album["doc_id"]  # wrong: no such key
    ticket = api.upload("a.jpg")
    str(ticket.document)  # wrong: no such attribute
    return ticket.wait() + total  # wrong: ids are text
