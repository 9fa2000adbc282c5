"""What the reading methods of documents answer."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.state import FAMILY, PRIVATE, PUBLIC
from flask_ipernity.sandbox.world import default_state

from .raw import Raw
from .world import ADA, JONAS, MEI, doc, ids, listed

METHODS = Path(__file__).parents[2] / "src/flask_ipernity/client/methods.json"


def skeleton(method: str) -> dict[str, Any]:
    """A method's answer and extras as the method list has them."""
    entries = json.loads(METHODS.read_text("utf-8"))["methods"]
    return next(entry for entry in entries if entry["name"] == method)


def assert_keys(shape: object, answer: object, where: str) -> None:
    """Checks that an answer has the keys of a skeleton and no others, all of them strings."""
    if isinstance(shape, dict):
        assert isinstance(answer, dict), where
        assert set(answer) <= set(shape), where
        for key, inner in shape.items():
            if key in answer:
                assert_keys(inner, answer[key], f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(answer, list), where
        assert answer, where
        for inner in answer:
            assert_keys(shape[0], inner, f"{where}[]")
    else:
        assert isinstance(answer, str), where
        if shape in ("id", "int", "unix", "flag", "int?", "id?"):
            assert answer.isdigit(), where


@pytest.mark.parametrize("media", ["photo", "video", "audio"])
def test_doc_get_answers_with_the_keys_of_the_reference(
    sandbox: Sandbox, raw: Raw, media: str
) -> None:
    facts = skeleton("doc.get")
    shape = facts["response"]["doc"] | {
        key: inner for extra in facts["extra_shapes"].values() for key, inner in extra.items()
    }
    params = {"doc_id": doc(sandbox, media=media).doc_id, "extra": "tags,notes,geo,md5"}
    answer = raw.ok("doc.get", params, token=sandbox.sign_in(ADA))["doc"]
    # Dropped where they have no meaning.
    unsure = {"geo", "medias", "thumbs", "original"}
    assert set(shape) - unsure <= set(answer)
    assert_keys(shape | {"md5": {"md5": "str"}}, answer, "doc")
    assert ("medias" in answer) == (media != "photo")
    assert ("thumbs" in answer) == (media != "audio")


@pytest.mark.parametrize(
    "method",
    [
        "doc.getList",
        "doc.search",
        "doc.getMedias",
        "doc.getExif",
        "doc.getContext",
        "doc.getPerms",
        "explore.docs.getPopular",
        "explore.docs.getRecent",
        "explore.docs.homepage",
        "album.get",
        "album.getList",
        "album.docs.getList",
        "tags.user.getList",
        "tags.docs.getList",
        "user.get",
        "account.getQuota",
    ],
)
def test_answers_have_no_keys_but_those_of_the_reference(
    sandbox: Sandbox, raw: Raw, method: str
) -> None:
    facts = skeleton(method)
    shown = doc(sandbox, share=PUBLIC)
    album_id = next(iter(sandbox.state.albums))
    params = {
        "user_id": shown.owner_id,
        "doc_id": shown.doc_id,
        "album_id": album_id,
        "type": "keyword",
        "id": shown.tags[0].id,
        "extra": ",".join(facts.get("extra_shapes", {})),
    }
    params = {
        entry["name"]: params[entry["name"]]
        for entry in facts["params"][1:]
        if entry["name"] in params
    }
    answer = raw.ok(method, params, token=sandbox.sign_in(ADA, {"doc": "delete"}))
    shape = {**facts["response"], "api": {"status": "str", "at": "unix"}}
    if method == "doc.getExif":
        # The key set depends on the file.
        shape["exif"] = dict.fromkeys(answer["exif"], "str")
    if keys := facts["list_key"]:
        place: Any = shape
        for key in keys:
            place = place[key]
        for extra in facts.get("extra_shapes", {}).values():
            place[0].update(extra)
    assert_keys(shape, answer, method)
    assert set(answer) >= set(shape) - {"medias", "players"}


def test_the_pages_of_a_list_hold_every_document_once(sandbox: Sandbox, raw: Raw) -> None:
    token, found, pages = sandbox.sign_in(ADA), [], 1
    total = sum(
        entry.owner_id == sandbox.people[ADA].user_id for entry in sandbox.state.docs.values()
    )
    page = 1
    while page <= pages:
        docs = raw.ok("doc.getList", {"per_page": "4", "page": str(page)}, token=token)["docs"]
        assert (docs["page"], docs["per_page"], docs["total"]) == (str(page), "4", str(total))
        pages = int(docs["pages"])
        found += [entry["doc_id"] for entry in docs["doc"]]
        page += 1
    assert pages == -(-total // 4)
    assert len(found) == len(set(found)) == total


def test_a_page_after_the_last_has_no_list(sandbox: Sandbox, raw: Raw) -> None:
    params = {"user_id": sandbox.people[ADA].user_id, "page": "99"}
    docs = raw.ok("doc.getList", params)["docs"]
    assert "doc" not in docs
    assert docs["page"] == "99"


def test_a_list_without_documents_is_page_1_of_0(sandbox: Sandbox, raw: Raw) -> None:
    docs = raw.ok("doc.search", {"text": "xyzzy"})["docs"]
    assert docs == {"total": "0", "per_page": "20", "page": "1", "pages": "0"}


@pytest.mark.parametrize(("asked", "given"), [("999", "100"), ("0", "1"), ("many", "20")])
def test_per_page_is_brought_into_its_bounds(
    sandbox: Sandbox, raw: Raw, asked: str, given: str
) -> None:
    params = {"user_id": sandbox.people[ADA].user_id, "per_page": asked}
    assert raw.ok("doc.getList", params)["docs"]["per_page"] == given


def test_the_newest_document_comes_first(sandbox: Sandbox, raw: Raw) -> None:
    params = {"user_id": sandbox.people[ADA].user_id, "extra": "dates"}
    docs = raw.ok("doc.getList", params)["docs"]["doc"]
    posted = [int(entry["dates"]["posted_at"]) for entry in docs]
    assert posted == sorted(posted, reverse=True)


def test_without_user_id_a_list_is_the_callers_own(sandbox: Sandbox, raw: Raw) -> None:
    docs = listed(raw.ok("doc.getList", token=sandbox.sign_in(JONAS)))
    assert docs
    owners = {sandbox.state.docs[doc_id].owner_id for doc_id in docs}
    assert owners == {sandbox.people[JONAS].user_id}


@pytest.mark.parametrize("user_id", [None, "1", "x", "ada.fontaine"])
def test_a_list_of_nobody_is_error_1(raw: Raw, user_id: str | None) -> None:
    assert raw.code("doc.getList", {"user_id": user_id} if user_id else {}) == "1"


@pytest.mark.parametrize("doc_id", ["", "0", "x", "-1", "99999999"])
def test_a_document_that_is_not_there_is_error_1(raw: Raw, doc_id: str) -> None:
    assert raw.code("doc.get", {"doc_id": doc_id}) == "1"


def test_lists_can_be_narrowed_to_a_media_and_a_circle(sandbox: Sandbox, raw: Raw) -> None:
    token = sandbox.sign_in(ADA)
    private = raw.ok("doc.getList", {"share": "0"}, token=token)["docs"]["doc"]
    assert {sandbox.state.docs[doc_id].share for doc_id in ids(private)} == {PRIVATE}
    family = listed(raw.ok("doc.getList", {"share": "1"}, token=token))
    assert {sandbox.state.docs[doc_id].share for doc_id in family} == {FAMILY}
    for media in ("photo", "video", "audio"):
        docs = raw.ok("doc.getList", {"media": media}, token=token)["docs"]["doc"]
        assert {entry["media"] for entry in docs} == {media}


def test_a_list_carries_the_wanted_size_or_the_next_smaller(sandbox: Sandbox, raw: Raw) -> None:
    small = doc(sandbox, largest=800)
    large = doc(sandbox, largest=2048, share=PUBLIC)
    sound = doc(sandbox, media="audio")
    params = {"user_id": small.owner_id, "thumbsize": "1024", "per_page": "100"}
    docs = {entry["doc_id"]: entry for entry in raw.ok("doc.getList", params)["docs"]["doc"]}
    assert docs[small.doc_id]["thumb"]["label"] == "800"
    assert docs[large.doc_id]["thumb"]["label"] == "1024"
    assert "thumb" not in docs[sound.doc_id]


def test_a_context_gives_the_neighbours_in_the_owners_list(sandbox: Sandbox, raw: Raw) -> None:
    token = sandbox.sign_in(ADA)
    entries = raw.ok("doc.getList", {"per_page": "100"}, token=token)["docs"]["doc"]
    order = [entry["doc_id"] for entry in entries]
    params = {"doc_id": order[3], "prev": "2", "next": "1"}
    context = raw.ok("doc.getContext", params, token=token)
    assert [entry["doc_id"] for entry in context["prev"]["doc"]] == order[1:3]
    assert context["doc"]["doc_id"] == order[3]
    assert [entry["doc_id"] for entry in context["next"]["doc"]] == order[4:5]
    first = raw.ok("doc.getContext", {"doc_id": order[0]}, token=token)
    assert first["prev"] == {"count": "0"}


def test_exif_has_exiftools_names(sandbox: Sandbox, raw: Raw) -> None:
    exif = raw.ok("doc.getExif", {"doc_id": doc(sandbox, share=PUBLIC).doc_id})["exif"]
    assert {"Make", "CameraModelName", "ExposureTime", "FNumber", "ISO", "ImageSize"} <= set(exif)
    assert exif["FocalLength"].endswith(" mm")


def test_every_licence_is_in_the_world(sandbox: Sandbox, raw: Raw) -> None:
    found = raw.ok("doc.search", {"per_page": "100"}, token=sandbox.sign_in(ADA))["docs"]["doc"]
    assert {entry["license"] for entry in found} == {"0", "1", "3", "5", "7", "9", "11", "255"}


def test_the_caller_finds_own_files_by_their_md5(sandbox: Sandbox, raw: Raw) -> None:
    mine = doc(sandbox, share=PRIVATE)
    known = hashlib.md5(mine.source.read()).hexdigest()
    params = {"md5": f"{known.upper()},{'0' * 32}"}
    docs = raw.ok("doc.checkMD5", params, token=sandbox.sign_in(ADA))["docs"]
    assert (docs["count"], docs["found"]) == ("2", "1")
    found, missing = docs["doc"]
    assert found["found"] == "1"
    assert sandbox.state.docs[found["doc_id"]].source.md5() == known
    assert missing == {"md5": "0" * 32, "found": "0"}
    assert raw.ok("doc.checkMD5", params, token=sandbox.sign_in(MEI))["docs"]["found"] == "0"


@pytest.mark.parametrize("md5", ["", ",".join(["0" * 32] * 21)])
def test_no_md5_or_more_than_20_are_refused(sandbox: Sandbox, raw: Raw, md5: str) -> None:
    assert raw.code("doc.checkMD5", {"md5": md5}, token=sandbox.sign_in(ADA)) == "1"


def test_explore_pages_have_the_numbers_of_the_reference(raw: Raw) -> None:
    recent = raw.ok("explore.docs.getRecent", {"count": "2"})["docs"]
    assert recent["count"] == "2"
    assert set(recent) == {"count", "doc"}
    home = raw.ok("explore.docs.homepage", {"per_page": "2", "page": "2"})["docs"]
    assert set(home) == {"count", "doc"}
    first = raw.ok("explore.docs.homepage", {"per_page": "2"})["docs"]
    assert not ids(first["doc"]) & ids(home["doc"])
    popular = raw.ok("explore.docs.getPopular", {"media": "video"})["docs"]
    assert {entry["media"] for entry in popular["doc"]} == {"video"}


def test_the_world_is_the_same_in_every_run() -> None:
    first, second = default_state(), default_state()
    assert [entry.path("1600") for entry in first.docs.values()] == [
        entry.path("1600") for entry in second.docs.values()
    ]
    assert list(first.albums) == list(second.albums)
    assert all(len(doc_id) == 8 for doc_id in first.docs)


def test_further_documents_come_after_the_others_and_change_no_ids() -> None:
    plain, large = default_state(), default_state(extra_documents=250)
    assert len(large.docs) == len(plain.docs) + 250
    assert list(large.docs)[: len(plain.docs)] == list(plain.docs)
    extra = list(large.docs.values())[len(plain.docs) :]
    oldest = min(entry.posted_at for entry in plain.docs.values() if entry.share == PUBLIC)
    assert all(entry.posted_at < oldest and entry.share == PUBLIC for entry in extra)
