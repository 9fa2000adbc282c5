"""What published programs do in a row, with the keys that they read without asking.

Each step reads as the program does: a missing key is a KeyError here as it is there.
"""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from flask_ipernity.sandbox import Sandbox
from tests.support.file_heads import CONTENTS
from tests.support.lookup import ADA, MEI
from tests.support.raw_http import RawClient, write


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    return {"processing": 0}


def dated_photo() -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = "2011:12:13 14:15:16"
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_photini_lists_the_albums_of_any_account(sandbox: Sandbox, raw: RawClient) -> None:
    for person in (ADA, MEI):
        token, found, page = sandbox.sign_in(person, {"doc": "write"}), [], 1
        while True:
            params = {"empty": "1", "page": str(page), "per_page": "3"}
            albums = raw.ok("album.getList", params, token=token)["albums"]
            found += [album["album_id"] for album in albums["album"]]
            # its 21aa2f5b: "==" never ended for an account without albums
            if int(albums["page"]) >= int(albums["pages"]):
                break
            page += 1
        assert len(found) == len(set(found)) == int(albums["total"])
        assert bool(found) == (person == ADA)


def test_photini_uploads_a_photo_and_a_film_and_changes_them(
    sandbox: Sandbox, raw: RawClient
) -> None:
    token = sandbox.sign_in(ADA, {"doc": "delete"})
    for content, kind in ((dated_photo(), "image/jpeg"), (CONTENTS["mp4"][0], "video/mp4")):
        number = raw.upload(("dummy_name", content, kind), {"async": "1"}, token=token)["ticket"]
        tickets = raw.ok("upload.checkTickets", {"tickets": number}, token=token)["tickets"]
        assert tickets["ticket"][0]["done"] == "1"
        doc_id = tickets["ticket"][0]["doc_id"]
        params = {"doc_id": doc_id, "extra": "tags,notes"}
        shown = raw.ok("doc.get", params, token=token)["doc"]
        assert shown["media"] == ("photo" if kind == "image/jpeg" else "video")
        write(raw, "doc.set", token, doc_id=doc_id, title="New", license="1", share="4")
        write(raw, "doc.setPerms", token, doc_id=doc_id, perm_comment="1", perm_tagme="2")
        sent = {"doc_id": doc_id, "x": "1", "y": "2", "w": "30", "h": "20", "content": "Here"}
        for count in (0, 1, 2):
            shown = raw.ok("doc.get", params, token=token)["doc"]
            notes = shown["notes"]["note"] if "notes" in shown else []
            assert len(notes) == count
            write(raw, "doc.notes.add", token, **{**sent, "content": f"Here, {count}"})
        for note in raw.ok("doc.get", params, token=token)["doc"]["notes"]["note"]:
            write(raw, "doc.notes.delete", token, note_id=note["note_id"])
        shown = raw.ok("doc.get", params, token=token)["doc"]
        assert "notes" not in shown or shown["notes"]["note"] == []
        albums = raw.ok("doc.getContainers", {"doc_id": doc_id}, token=token)["albums"]["album"]
        assert albums == []
    on_that_day = {
        "user_id": sandbox.people[ADA].user_id,
        "media": "photo",
        "created_min": "2011-12-13 14:15:16",
        "created_max": "2011-12-13 14:15:17",
    }
    found = raw.ok("doc.search", on_that_day, token=token)["docs"]["doc"]
    assert [entry["title"] for entry in found] == ["New"]


def test_python_ipernity_api_fills_and_empties_a_folder(sandbox: Sandbox, raw: RawClient) -> None:
    token = sandbox.sign_in(ADA, {"doc": "delete"})
    docs = raw.ok("doc.getList", token=token)["docs"]
    assert int(docs["count"]) == len(docs["doc"])
    folder = write(raw, "folder.create", token, title="F")["folder"]["folder_id"]
    cover = docs["doc"][0]["doc_id"]
    album = write(raw, "album.create", token, title="A", cover_id=cover)["album"]["album_id"]
    write(raw, "folder.albums.add", token, folder_id=folder, album_id=album)
    write(raw, "folder.albums.remove", token, folder_id=folder, album_id=album)
    write(raw, "folder.delete", token, folder_id=folder)
    assert raw.code("folder.get", {"folder_id": folder}, token=token) == "1"
    answer = raw.request("doc.setPerms", {"api_key": sandbox.app_key}, post=True).json
    assert "Signature" in answer["api"]["message"]


def test_interweb_searches_public_documents_without_a_token(raw: RawClient) -> None:
    params = {
        "text": "sea",
        "media": "photo,video",
        "share": "4",
        "thumbsize": "1024",
        "extra": "owner,dates,count,license,medias,geo,original",
        "sort": "relevance",
    }
    found = raw.ok("doc.search", params)["docs"]
    assert int(found["total"]) == len(found["doc"]) > 0
    for record in found["doc"]:
        assert record["owner"]["username"]
        assert record["thumb"]["url"]


def test_shell_ipernity_counts_the_figures_of_a_quota(sandbox: Sandbox, raw: RawClient) -> None:
    token = sandbox.sign_in(MEI, {"doc": "write"})
    upload = raw.ok("account.getQuota", token=token)["quota"]["upload"]
    figures = [value for part in ("max", "used", "left") for value in upload[part].values()]
    # the MB of the month, used and left, where it looks for them
    assert (figures[2], figures[6], figures[11]) == ("200", "0", "200")
