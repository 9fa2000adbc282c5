"""A sample application that type checkers accept."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, render_template, request

from flask_ipernity import Ipernity, ipernity, ipernity_auth_required
from flask_ipernity.client import IpernityAPI, Ticket
from flask_ipernity.client.types import ListedDoc

app = Flask(__name__)
Ipernity(app)


def titles(docs: list[ListedDoc]) -> list[str]:
    return [doc["title"] for doc in docs if doc.get("safety", "1") == "1"]


@app.route("/get_doc")
@ipernity_auth_required()
def get_doc() -> dict[str, object]:
    data = ipernity.api.docs.getList()
    return {"total": int(data["docs"]["total"]), "titles": titles(data["docs"].get("doc", []))}


@app.route("/doc/<int:doc_id>")
def one(doc_id: int) -> str:
    doc = ipernity.api.doc.get(doc_id=doc_id, extra=["tags", "geo"])["doc"]
    if "geo" in doc:
        app.logger.info("%s %s", float(doc["geo"]["lat"]), float(doc["geo"]["lng"]))
    album = ipernity.api.album.docs.getList(album_id="12", thumbsize=500, per_page=50)
    public = doc["visibility"]["ispublic"] == "1"
    shown = album["album"]["docs"].get("doc", [])
    return render_template("doc.html", doc=doc, public=public, others=shown)


@app.route("/albums")
def albums() -> str:
    number = request.args.get("page", 1, type=int)
    page = ipernity.api.page("album.getList", page=number, per_page=24, user_id="10175")
    return render_template("albums.html", page=page, links=list(page.iter_pages()))


@app.post("/publish/<doc_id>")
@ipernity_auth_required({"doc": "write"})
def publish(doc_id: str) -> str:
    api = ipernity.api
    former = api.doc.getPerms(doc_id=doc_id)["visibility"]
    api.doc.setPerms(doc_id=doc_id, is_public=True, is_family=0, is_friend=former["isfriend"])
    api.doc.setLicense(doc_id=doc_id, license=9)
    api.doc.tags.add(doc_id=doc_id, keywords=["sea", "night"])
    api.group.docs.add(group_id=3, doc_id=[doc_id, 4712])
    return api.doc.set(doc_id=doc_id, title="New", share="4")["doc"]["title"]


@app.post("/upload")
@ipernity_auth_required({"doc": "write"})
def upload() -> str:
    file = request.files["photo"]
    ticket: Ticket = ipernity.api.upload(file, title="From a form", license=1, async_=True)
    return str(ticket.id)


def back_up(api: IpernityAPI) -> int:
    walk = api.walk_docs(user_id=7, limit=1000)
    found = sum(int(doc["doc_id"]) > 0 for doc in walk)
    for member in api.walk("network.getList", user_id=7):
        found += len(member["username"])
    for doc in api.walk_doc_search(text="sea", sort="posted-desc"):
        found += int(doc["owner"]["user_id"])
    return found + (walk.total or 0)


def send(api: IpernityAPI, path: Path) -> str:
    with path.open("rb") as file:
        api.upload.wait([api.upload(file, if_exists="skip", on_progress=print)], timeout=60)
    api.call("doc.method.of.tomorrow", unknown=True, doc_id=1)
    api.doc.getList(user_id="7", extra_params={"undocumented": 1})
    return api.upload_file(path, title="A", public=0)


def open_up(api: IpernityAPI, doc_id: str) -> list[str]:
    api.doc.setPerms(doc_id=doc_id, perm_comment=1, perm_tag="2", perm_tagme=1)
    api.album.setPerms(album_id=7, perm_comment=2)
    albums = api.album.getList(user_id=7, empty=True)["albums"]
    return [album["title"] for album in albums["album"] if int(albums["pages"])]


def sign_in(api: IpernityAPI, frob: str) -> str:
    return api.auth.getToken(frob)["auth"]["user"]["username"]
