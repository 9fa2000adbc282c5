"""doc.set, setPerms, getPerms and delete."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, PRIVATE, PUBLIC
from tests.support.lookup import ADA, JONAS, album, doc
from tests.support.raw_http import RawClient


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    """Return a token of the photographer with every permission for documents."""
    return sandbox.sign_in(ADA, {"doc": "delete"})


def test_words_and_licence_of_a_document_can_be_changed(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    doc_id = doc(sandbox, share=PUBLIC).doc_id
    changes = {"title": "Où ça ?", "description": "", "license": "11", "safety": "2"}
    answer = raw.ok("doc.set", {"doc_id": doc_id, **changes}, token=token, post=True)
    expected = {"doc_id": doc_id, "title": "Où ça ?", "share": "4", "description": ""}
    assert answer["doc"] == expected
    now = raw.ok("doc.get", {"doc_id": doc_id})["doc"]
    assert {name: now[name] for name in changes} == changes


def test_a_changed_document_says_when(sandbox: Sandbox, raw: RawClient, token: str) -> None:
    shown = doc(sandbox, share=PUBLIC)
    before = shown.updated_at
    answer = raw.ok("doc.set", {"doc_id": shown.doc_id, "title": "x"}, token=token, post=True)
    now = raw.ok("doc.get", {"doc_id": shown.doc_id})["doc"]["dates"]["last_update_at"]
    assert before < int(now) <= int(answer["api"]["at"])


def test_a_place_can_be_set_and_taken_away(sandbox: Sandbox, raw: RawClient, token: str) -> None:
    doc_id = doc(sandbox, share=PUBLIC).doc_id
    wanted = {"doc_id": doc_id, "extra": "geo"}
    place = {"doc_id": doc_id, "lat": "-12.5", "lng": "0"}
    raw.ok("doc.set", place, token=token, post=True)
    geo = raw.ok("doc.get", wanted)["doc"]["geo"]
    assert (geo["lat"], geo["lng"]) == ("-12.500000", "0.000000")
    nowhere = {"doc_id": doc_id, "lat": "-999", "lng": "-999"}
    raw.ok("doc.set", nowhere, token=token, post=True)
    assert "geo" not in raw.ok("doc.get", wanted)["doc"]


@pytest.mark.parametrize(
    "bad",
    [
        {"license": "2"},
        {"license": ""},
        {"share": "5"},
        {"share": "public"},
        {"is_public": "1"},
        {"is_public": "yes", "is_family": "0", "is_friend": "0"},
        {"safety": "0"},
        {"perm_comment": "-1"},
        {"perm_tag": "6"},
        {"lat": "91", "lng": "0"},
        {"lat": "0", "lng": "nan"},
        {"lat": "1"},
    ],
)
def test_values_out_of_bounds_are_error_3_and_change_nothing(
    sandbox: Sandbox, raw: RawClient, token: str, bad: dict[str, str]
) -> None:
    shown = doc(sandbox, share=PUBLIC)
    params = {"doc_id": shown.doc_id, "title": "never", **bad}
    assert raw.code("doc.set", params, token=token, post=True) == "3"
    assert shown.title != "never"


def test_nothing_to_set_is_error_2(sandbox: Sandbox, raw: RawClient, token: str) -> None:
    params = {"doc_id": doc(sandbox).doc_id, "lg": "en"}
    assert raw.code("doc.set", params, token=token, post=True) == "2"


@pytest.mark.parametrize("method", ["doc.set", "doc.setPerms", "doc.delete"])
def test_a_foreign_document_is_not_found_though_it_can_be_seen(
    sandbox: Sandbox, raw: RawClient, token: str, method: str
) -> None:
    foreign = doc(sandbox, JONAS, share=PUBLIC).doc_id
    raw.ok("doc.get", {"doc_id": foreign}, token=token)
    params = {"doc_id": foreign, "title": "x", "share": "0"}
    assert raw.code(method, params, token=token, post=True) == "1"
    assert foreign in sandbox.state.docs


@pytest.mark.parametrize(
    ("params", "share"),
    [
        ({"share": "0"}, "0"),
        ({"share": "3"}, "3"),
        ({"is_public": "0", "is_family": "1", "is_friend": "0"}, "1"),
        ({"is_public": "0", "is_family": "0", "is_friend": "1"}, "2"),
        ({"is_public": "0", "is_family": "1", "is_friend": "1"}, "3"),
        ({"is_public": "1", "is_family": "0", "is_friend": "0"}, "4"),
    ],
)
def test_a_circle_is_named_by_share_or_by_three_flags(
    sandbox: Sandbox, raw: RawClient, token: str, params: dict[str, str], share: str
) -> None:
    doc_id = doc(sandbox, share=FAMILY).doc_id
    raw.ok("doc.setPerms", {"doc_id": doc_id, **params}, token=token, post=True)
    seen = raw.ok("doc.getPerms", {"doc_id": doc_id}, token=token)["visibility"]
    number = int(share)
    assert seen == {
        "ispublic": str(int(number == 4)),
        "isfriend": str(int(number in (2, 3))),
        "isfamily": str(int(number in (1, 3))),
        "share": share,
    }


def test_a_document_made_private_is_gone_for_others_at_once(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    doc_id = doc(sandbox, share=PUBLIC).doc_id
    raw.ok("doc.get", {"doc_id": doc_id})
    raw.ok("doc.setPerms", {"doc_id": doc_id, "share": "0"}, token=token, post=True)
    assert raw.code("doc.get", {"doc_id": doc_id}) == "1"


def test_who_may_comment_and_tag_can_be_changed(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    doc_id = doc(sandbox, share=PUBLIC).doc_id
    perms = {"perm_comment": "0", "perm_tag": "4", "perm_tagme": "5"}
    raw.ok("doc.setPerms", {"doc_id": doc_id, **perms}, token=token, post=True)
    jonas = sandbox.sign_in(JONAS)
    answer = raw.ok("doc.getPerms", {"doc_id": doc_id}, token=jonas)
    assert answer["permissions"] == {"comment": "0", "tag": "4", "tagme": "5"}
    assert [answer["can"][name] for name in ("comment", "tag", "tagme")] == ["0", "1", "1"]


@pytest.mark.parametrize("bad", [{}, {"share": "5"}, {"perm_tag": "6"}, {"is_family": "1"}])
def test_bad_permissions_are_error_2(
    sandbox: Sandbox, raw: RawClient, token: str, bad: dict[str, str]
) -> None:
    params = {"doc_id": doc(sandbox).doc_id, **bad}
    assert raw.code("doc.setPerms", params, token=token, post=True) == "2"


def test_a_deleted_document_is_gone_from_lists_albums_and_the_media_host(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    mixed = album(sandbox, {1, 2, PUBLIC})
    gone = mixed.cover_id
    assert gone is not None
    url = raw.ok("doc.getMedias", {"doc_id": gone})["thumbs"]["thumb"][0]["url"]
    assert raw.send("GET", url).status == 200
    assert raw.ok("doc.delete", {"doc_id": gone}, token=token, post=True).keys() == {"api"}
    assert raw.code("doc.get", {"doc_id": gone}, token=token) == "1"
    assert raw.send("GET", url).status == 404
    answer = raw.ok("album.docs.getList", {"album_id": mixed.album_id}, token=token)["album"]
    assert gone not in str(answer)
    assert "cover" in answer
    assert raw.code("doc.delete", {"doc_id": gone}, token=token, post=True) == "1"


def test_an_album_stays_empty_when_its_last_document_is_deleted(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    hidden = album(sandbox, {PRIVATE})
    for doc_id in list(hidden.doc_ids):
        raw.ok("doc.delete", {"doc_id": doc_id}, token=token, post=True)
    params = {"album_id": hidden.album_id}
    assert raw.ok("album.get", params, token=token)["album"]["count"]["docs"] == "0"
    assert hidden.album_id not in str(raw.ok("album.getList", token=token))
    assert hidden.album_id in str(raw.ok("album.getList", {"empty": "1"}, token=token))
    raw.ok("album.delete", params, token=token, post=True)
    assert raw.code("album.delete", params, token=token, post=True) == "1"


def test_deleting_needs_the_right_to_delete(sandbox: Sandbox, raw: RawClient) -> None:
    doc_id = doc(sandbox).doc_id
    writer = sandbox.sign_in(ADA, {"doc": "write"})
    assert raw.code("doc.delete", {"doc_id": doc_id}, token=writer, post=True) == "110"
    assert doc_id in sandbox.state.docs
