"""Albums: reading, making, filling."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, FRIENDS, PRIVATE, PUBLIC
from tests.support.lookup import ADA, JONAS, album, doc, ids
from tests.support.raw_http import RawClient


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    """Return a token of the photographer, who may write."""
    return sandbox.sign_in(ADA, {"doc": "write"})


def test_albums_are_listed_the_newest_first_with_a_number_of_pages(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    albums = raw.ok("album.getList", {"per_page": "2"}, token=token)["albums"]
    assert (albums["total"], albums["per_page"], albums["count"]) == ("4", "2", "2")
    assert (albums["page"], albums["pages"]) == ("1", "2")
    rest = raw.ok("album.getList", {"per_page": "2", "page": "2"}, token=token)["albums"]
    created = [int(entry["dates"]["created_at"]) for entry in albums["album"] + rest["album"]]
    assert len(created) == 4
    assert created == sorted(created, reverse=True)


def test_only_the_owner_with_the_right_to_write_can_create(
    sandbox: Sandbox, raw: RawClient
) -> None:
    user = {"user_id": sandbox.people[ADA].user_id}
    for token, can in (
        (None, "0"),
        (sandbox.sign_in(ADA, {"doc": "read"}), "0"),
        (sandbox.sign_in(ADA, {"doc": "write"}), "1"),
        (sandbox.sign_in(JONAS, {"doc": "write"}), "0"),
    ):
        assert raw.ok("album.getList", user, token=token)["albums"]["can"]["create"] == can


@pytest.mark.parametrize("params", [{}, {"user_id": "1"}])
def test_albums_of_nobody_are_error_1(raw: RawClient, params: dict[str, str]) -> None:
    assert raw.code("album.getList", params) == "1"


def test_a_cover_has_the_wanted_size(sandbox: Sandbox, raw: RawClient) -> None:
    mixed = album(sandbox, {FAMILY, FRIENDS, PUBLIC})
    params = {"album_id": mixed.album_id, "thumbsize": "500"}
    shown = raw.ok("album.get", params)["album"]
    assert shown["thumbsize"] == shown["cover"]["label"] == "500"
    assert shown["cover"]["doc_id"] == mixed.cover_id


def test_a_description_comes_escaped(sandbox: Sandbox, raw: RawClient) -> None:
    mixed = album(sandbox, {FAMILY, FRIENDS, PUBLIC})
    mixed.description = "Sea & sky <3"
    shown = raw.ok("album.get", {"album_id": mixed.album_id})["album"]
    assert shown["description"] == "Sea &amp; sky &lt;3"


def test_a_new_album_is_empty_and_hidden_until_it_has_a_document(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    made = raw.ok("album.create", {"title": "Later"}, token=token, post=True)["album"]
    assert (made["title"], made["count"]["docs"]) == ("Later", "0")
    assert "cover" not in made
    params = {"album_id": made["album_id"]}
    user = {"user_id": sandbox.people[ADA].user_id, "empty": "1"}
    assert made["album_id"] not in str(raw.ok("album.getList", token=token))
    assert made["album_id"] in str(raw.ok("album.getList", user, token=token))
    assert made["album_id"] not in str(raw.ok("album.getList", user))
    assert raw.code("album.get", params) == "1"
    first = doc(sandbox, share=PUBLIC).doc_id
    raw.ok("album.docs.add", {**params, "doc_id": first}, token=token, post=True)
    assert raw.ok("album.get", params)["album"]["cover"]["doc_id"] == first
    assert made["album_id"] in str(raw.ok("album.getList", token=token))


def test_a_cover_is_a_new_albums_first_document(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    cover = doc(sandbox, share=PRIVATE).doc_id
    params = {"title": "One", "description": "d", "cover_id": cover, "perm_comment": "3"}
    made = raw.ok("album.create", params, token=token, post=True)["album"]
    assert (made["cover"]["doc_id"], made["description"]) == (cover, "d")
    assert made["permissions"]["comment"] == "3"
    docs = raw.ok("album.docs.getList", {"album_id": made["album_id"]}, token=token)
    assert ids(docs["album"]["docs"]["doc"]) == {cover}


@pytest.mark.parametrize("title", ["", "  ", None])
def test_an_album_needs_a_title(raw: RawClient, token: str, title: str | None) -> None:
    params = {} if title is None else {"title": title}
    assert raw.code("album.create", params, token=token, post=True) == "1"


def test_a_cover_must_be_an_own_document(sandbox: Sandbox, raw: RawClient, token: str) -> None:
    count = len(sandbox.state.albums)
    for cover_id in ("1", doc(sandbox, JONAS, share=PUBLIC).doc_id):
        params = {"title": "x", "cover_id": cover_id}
        assert raw.code("album.create", params, token=token, post=True) == "2"
    assert len(sandbox.state.albums) == count


def test_adding_tells_what_was_added_and_what_was_there(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    hidden = album(sandbox, {PRIVATE})
    there, new = hidden.doc_ids[0], doc(sandbox, share=PUBLIC).doc_id
    foreign = doc(sandbox, JONAS, share=PUBLIC).doc_id
    before = len(hidden.doc_ids)
    params = {"album_id": hidden.album_id, "doc_id": f"{there},{new},{foreign}"}
    answer = raw.ok("album.docs.add", params, token=token, post=True)["album"]
    assert answer == {
        "album_id": hidden.album_id,
        "total": str(before + 1),
        "added": "1",
        "skipped": "2",
        "doc": [
            {"doc_id": there, "added": "0", "error": "0"},
            {"doc_id": new, "added": "1", "error": "0"},
            {"doc_id": foreign, "added": "0", "error": "2"},
        ],
    }
    docs = raw.ok("album.docs.getList", {"album_id": hidden.album_id}, token=token)["album"]["docs"]
    assert docs["total"] == str(before + 1)


def test_nothing_to_add_or_too_much_is_error_2(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    hidden = album(sandbox, {PRIVATE})
    before, own = list(hidden.doc_ids), doc(sandbox, share=PUBLIC).doc_id
    for doc_id in ("", "1", ",".join([own] * 21)):
        params = {"album_id": hidden.album_id, "doc_id": doc_id}
        assert raw.code("album.docs.add", params, token=token, post=True) == "2"
    assert hidden.doc_ids == before


def test_a_foreign_album_is_not_found_when_adding(sandbox: Sandbox, raw: RawClient) -> None:
    mixed = album(sandbox, {FAMILY, FRIENDS, PUBLIC})
    params = {"album_id": mixed.album_id, "doc_id": doc(sandbox, JONAS).doc_id}
    jonas = sandbox.sign_in(JONAS, {"doc": "write"})
    assert raw.code("album.docs.add", params, token=jonas, post=True) == "1"


def test_an_albums_documents_can_carry_links_and_media(sandbox: Sandbox, raw: RawClient) -> None:
    mixed = album(sandbox, {FAMILY, FRIENDS, PUBLIC})
    params = {"album_id": mixed.album_id, "media": "video", "extra": "link,medias,owner"}
    (video,) = raw.ok("album.docs.getList", params)["album"]["docs"]["doc"]
    assert video["link"].endswith(f"/doc/{mixed.owner_id}/{video['doc_id']}")
    assert video["medias"]["media"][0]["label"] == "mp4"
    assert "owner" not in video
