"""Folders of albums."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PRIVATE, PUBLIC, Folder
from flask_ipernity.sandbox.methods import limits
from tests.support.lookup import ADA, JONAS, album, doc
from tests.support.raw_http import RawClient, refused, write


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    return sandbox.sign_in(ADA, {"doc": "delete"})


@pytest.fixture
def folder(sandbox: Sandbox) -> Folder:
    """Return the photographer's only folder."""
    (found,) = sandbox.state.folders.values()
    return found


def test_a_folder_shows_its_albums(raw: RawClient, folder: Folder) -> None:
    shown = raw.ok("folder.get", {"folder_id": folder.folder_id, "thumbsize": "240"})["folder"]
    assert (shown["count"]["albums"], shown["cover"]["label"]) == ("2", "240")
    assert raw.send("GET", shown["link"]).status == 200
    listed = raw.ok("folder.albums.getList", {"folder_id": folder.folder_id})["folder"]
    albums = listed["albums"]["album"]
    assert [entry["album_id"] for entry in albums] == folder.album_ids
    assert listed["cover"]["album_id"] == folder.album_ids[0]
    assert "doc_id" not in albums[0]["thumb"]


def test_a_new_folder_is_not_found_until_it_has_an_album_with_something_in_it(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    made = write(raw, "folder.create", token, title="Later", description="d")["folder"]
    params = {"folder_id": made["folder_id"]}
    assert (made["count"]["albums"], made["description"]) == ("0", "d")
    assert raw.code("folder.get", params, token=token) == "1"
    assert made["folder_id"] not in str(raw.ok("folder.getList", token=token))
    assert made["folder_id"] in str(raw.ok("folder.getList", {"empty": "1"}, token=token))
    empty = write(raw, "album.create", token, title="Nothing yet")["album"]["album_id"]
    write(raw, "folder.albums.add", token, **params, album_id=empty)
    assert raw.code("folder.get", params, token=token) == "1"
    full = album(sandbox, {PUBLIC}).album_id
    write(raw, "folder.albums.add", token, **params, album_id=full)
    assert raw.ok("folder.get", params)["folder"]["count"]["albums"] == "1"
    assert refused(raw, "folder.create", token, title=" ") == "1"


def test_others_find_a_folder_if_they_may_see_something_in_it(
    sandbox: Sandbox, raw: RawClient, token: str, folder: Folder
) -> None:
    folder.album_ids = [album(sandbox, {PRIVATE}).album_id]
    params = {"folder_id": folder.folder_id}
    raw.ok("folder.get", params, token=token)
    jonas = sandbox.sign_in(JONAS)
    assert raw.code("folder.get", params, token=jonas) == "1"
    assert raw.code("folder.albums.getList", params) == "1"
    user = {"user_id": folder.owner_id, "empty": "1"}
    assert raw.ok("folder.getList", user)["folders"]["total"] == "0"


def test_adding_tells_what_was_added_and_what_was_there(
    sandbox: Sandbox, raw: RawClient, token: str, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, there = album(sandbox, {PRIVATE}).album_id, folder.album_ids[0]
    sent = {"folder_id": folder.folder_id, "album_id": f"{there},{new}"}
    answer = write(raw, "folder.albums.add", token, **sent)["folder"]
    assert (answer["total"], answer["added"], answer["skipped"]) == ("3", "1", "1")
    assert [record["added"] for record in answer["album"]] == ["0", "1"]
    foreign = next(
        other.album_id
        for other in sandbox.state.albums.values()
        if other.owner_id == sandbox.people[JONAS].user_id
    )
    for wrong in ("", "1", foreign, ",".join([new] * 21)):
        sent = {"folder_id": folder.folder_id, "album_id": wrong}
        assert refused(raw, "folder.albums.add", token, **sent) == "2"
    monkeypatch.setattr(limits, "MAX_FOLDER_ALBUMS", 2)
    sent = {"folder_id": folder.folder_id, "album_id": there}
    assert refused(raw, "folder.albums.add", token, **sent) == "3"


def test_a_folder_is_destroyed_with_its_last_album(
    sandbox: Sandbox, raw: RawClient, token: str, folder: Folder
) -> None:
    first, second = folder.album_ids
    sent = {"folder_id": folder.folder_id, "album_id": first}
    answer = write(raw, "folder.albums.remove", token, **sent)["folder"]
    assert answer["album"] == [{"album_id": first, "removed": "1"}]
    both = f"{first},{second}"
    sent = {"folder_id": folder.folder_id, "album_id": both}
    answer = write(raw, "folder.albums.remove", token, **sent)["folder"]
    assert (answer["total"], answer["removed"], answer["skipped"]) == ("0", "1", "1")
    assert refused(raw, "folder.albums.remove", token, **sent) == "1"
    assert {first, second} <= set(sandbox.state.albums)


def test_a_folder_that_has_lost_its_last_album_can_be_deleted_once(
    sandbox: Sandbox, raw: RawClient, token: str, folder: Folder
) -> None:
    made = write(raw, "folder.create", token, title="Another")["folder"]["folder_id"]
    first, second = folder.album_ids
    write(raw, "folder.albums.add", token, folder_id=made, album_id=first)
    for number, steps in ((folder.folder_id, (first, second)), (made, (first,))):
        for step in steps:
            write(raw, "folder.albums.remove", token, folder_id=number, album_id=step)
        assert refused(raw, "folder.get", token, folder_id=number) == "1"
        assert refused(raw, "folder.edit", token, folder_id=number, title="Back") == "1"
        listing = raw.ok("folder.getList", {"empty": "1"}, token=token)["folders"]
        assert number not in [entry["folder_id"] for entry in listing.get("folder", [])]
        other = sandbox.sign_in(JONAS, {"doc": "delete"})
        assert refused(raw, "folder.delete", other, folder_id=number) == "1"
        write(raw, "folder.delete", token, folder_id=number)
        assert refused(raw, "folder.delete", token, folder_id=number) == "1"


def test_words_and_cover_can_be_changed_by_the_owner(
    sandbox: Sandbox, raw: RawClient, token: str, folder: Folder
) -> None:
    number, cover = folder.folder_id, doc(sandbox, share=PUBLIC, license=3).doc_id
    sent = {"folder_id": number, "title": "New", "cover_id": cover}
    made = write(raw, "folder.edit", token, **sent)["folder"]
    assert (made["title"], made["cover"]["doc_id"]) == ("New", cover)
    assert made["owner"]["alias"] == "ada.fontaine"
    jonas = sandbox.sign_in(JONAS, {"doc": "delete"})
    for method in ("folder.edit", "folder.delete"):
        assert refused(raw, method, jonas, **sent) == "1"


def test_folders_come_in_the_order_of_their_owner_and_can_be_deleted(
    sandbox: Sandbox, raw: RawClient, token: str, folder: Folder
) -> None:
    numbers = [folder.folder_id]
    for title in ("B", "C"):
        made = write(raw, "folder.create", token, title=title)["folder"]["folder_id"]
        full = album(sandbox, {PUBLIC}).album_id
        write(raw, "folder.albums.add", token, folder_id=made, album_id=full)
        numbers.append(made)

    def order() -> list[str]:
        folders = raw.ok("folder.getList", token=token)["folders"].get("folder", [])
        return [entry["folder_id"] for entry in folders]

    assert order() == numbers[::-1]
    write(raw, "folder.orderList", token, folder_ids=f"{numbers[1]}")
    assert order() == [numbers[1], numbers[0], numbers[2]]
    assert refused(raw, "folder.orderList", token, folder_ids="1") == "1"
    write(raw, "folder.delete", token, folder_id=numbers[1])
    assert order() == [numbers[0], numbers[2]]
    assert folder.album_ids[0] in sandbox.state.albums
