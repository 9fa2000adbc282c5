"""What the reading methods of documents answer."""

from __future__ import annotations

import hashlib

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, PRIVATE, PUBLIC
from flask_ipernity.sandbox.fixtures.documents import default_state
from tests.support.lookup import ADA, JONAS, MEI, doc, ids, listed
from tests.support.raw_http import RawClient
from tests.support.skeletons import check, skeleton


@pytest.mark.parametrize("media", ["photo", "video", "audio"])
def test_doc_get_answers_with_the_keys_of_the_reference(
    sandbox: Sandbox, raw: RawClient, media: str
) -> None:
    shape, _ = skeleton("doc.get")
    params = {"doc_id": doc(sandbox, media=media).doc_id, "extra": "tags,notes,geo,md5"}
    answer = raw.ok("doc.get", params, token=sandbox.sign_in(ADA))
    del answer["api"]
    # dropped where they have no meaning
    check(shape, answer, {"geo", "medias", "thumbs", "notes", "note", "tag"})
    assert ("medias" in answer["doc"]) == (media != "photo")
    assert ("thumbs" in answer["doc"]) == (media != "audio")


def test_the_pages_of_a_list_hold_every_document_once(sandbox: Sandbox, raw: RawClient) -> None:
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


def test_a_page_after_the_last_has_no_records(sandbox: Sandbox, raw: RawClient) -> None:
    params = {"user_id": sandbox.people[ADA].user_id, "page": "99"}
    docs = raw.ok("doc.getList", params)["docs"]
    assert not docs.get("doc")
    assert docs["page"] == "99"


def test_a_list_without_documents_is_page_1_of_0(sandbox: Sandbox, raw: RawClient) -> None:
    docs = raw.ok("doc.search", {"text": "xyzzy"})["docs"]
    assert docs | {"doc": []} == {
        "total": "0",
        "per_page": "20",
        "page": "1",
        "pages": "0",
        "doc": [],
    }


@pytest.mark.parametrize(("asked", "given"), [("999", "100"), ("0", "1"), ("many", "20")])
def test_per_page_is_brought_into_its_bounds(
    sandbox: Sandbox, raw: RawClient, asked: str, given: str
) -> None:
    params = {"user_id": sandbox.people[ADA].user_id, "per_page": asked}
    assert raw.ok("doc.getList", params)["docs"]["per_page"] == given


def test_the_newest_document_comes_first(sandbox: Sandbox, raw: RawClient) -> None:
    params = {"user_id": sandbox.people[ADA].user_id, "extra": "dates"}
    docs = raw.ok("doc.getList", params)["docs"]["doc"]
    posted = [int(entry["dates"]["posted_at"]) for entry in docs]
    assert posted == sorted(posted, reverse=True)


def test_without_user_id_a_list_is_the_callers_own(sandbox: Sandbox, raw: RawClient) -> None:
    docs = listed(raw.ok("doc.getList", token=sandbox.sign_in(JONAS)))
    assert docs
    owners = {sandbox.state.docs[doc_id].owner_id for doc_id in docs}
    assert owners == {sandbox.people[JONAS].user_id}


@pytest.mark.parametrize("user_id", [None, "1", "x", "ada.fontaine"])
def test_a_list_of_nobody_is_error_1(raw: RawClient, user_id: str | None) -> None:
    assert raw.code("doc.getList", {"user_id": user_id} if user_id else {}) == "1"


@pytest.mark.parametrize("doc_id", ["", "0", "x", "-1", "99999999"])
def test_a_document_that_is_not_there_is_error_1(raw: RawClient, doc_id: str) -> None:
    assert raw.code("doc.get", {"doc_id": doc_id}) == "1"


def test_lists_can_be_narrowed_to_a_media_and_a_circle(sandbox: Sandbox, raw: RawClient) -> None:
    token = sandbox.sign_in(ADA)
    private = raw.ok("doc.getList", {"share": "0"}, token=token)["docs"]["doc"]
    assert {sandbox.state.docs[doc_id].share for doc_id in ids(private)} == {PRIVATE}
    family = listed(raw.ok("doc.getList", {"share": "1"}, token=token))
    assert {sandbox.state.docs[doc_id].share for doc_id in family} == {FAMILY}
    for media in ("photo", "video", "audio"):
        docs = raw.ok("doc.getList", {"media": media}, token=token)["docs"]["doc"]
        assert {entry["media"] for entry in docs} == {media}


def test_a_list_carries_the_wanted_size_or_the_next_smaller(
    sandbox: Sandbox, raw: RawClient
) -> None:
    small = doc(sandbox, largest=800)
    large = doc(sandbox, largest=2048, share=PUBLIC)
    sound = doc(sandbox, media="audio")
    params = {"user_id": small.owner_id, "thumbsize": "1024", "per_page": "100"}
    docs = {entry["doc_id"]: entry for entry in raw.ok("doc.getList", params)["docs"]["doc"]}
    assert docs[small.doc_id]["thumb"]["label"] == "800"
    assert docs[large.doc_id]["thumb"]["label"] == "1024"
    assert "thumb" not in docs[sound.doc_id]


def test_a_context_gives_the_neighbours_in_the_owners_list(
    sandbox: Sandbox, raw: RawClient
) -> None:
    token = sandbox.sign_in(ADA)
    entries = raw.ok("doc.getList", {"per_page": "100"}, token=token)["docs"]["doc"]
    order = [entry["doc_id"] for entry in entries]
    params = {"doc_id": order[3], "prev": "2", "next": "1"}
    context = raw.ok("doc.getContext", params, token=token)
    older, newer = context["prev"]["doc"], context["next"]["doc"]
    assert [(entry["doc_id"], entry["index"]) for entry in older] == [
        (order[4], "-1"),
        (order[5], "-2"),
    ]
    assert (context["doc"]["doc_id"], context["doc"]["index"]) == (order[3], "0")
    assert [(entry["doc_id"], entry["index"]) for entry in newer] == [(order[2], "1")]
    newest = raw.ok("doc.getContext", {"doc_id": order[0]}, token=token)
    assert (newest["next"]["count"], newest["next"].get("doc", [])) == ("0", [])


def test_exif_has_exiftools_names(sandbox: Sandbox, raw: RawClient) -> None:
    exif = raw.ok("doc.getExif", {"doc_id": doc(sandbox, share=PUBLIC).doc_id})["exif"]
    assert {"Make", "CameraModelName", "ExposureTime", "FNumber", "ISO", "ImageSize"} <= set(exif)
    assert exif["FocalLength"].endswith(" mm")


def test_every_licence_is_in_the_world(sandbox: Sandbox, raw: RawClient) -> None:
    found = raw.ok("doc.search", {"per_page": "100"}, token=sandbox.sign_in(ADA))["docs"]["doc"]
    assert {entry["license"] for entry in found} == {"0", "1", "3", "5", "7", "9", "11", "255"}


def test_the_caller_finds_own_files_by_their_md5(sandbox: Sandbox, raw: RawClient) -> None:
    mine = doc(sandbox, share=PRIVATE)
    with mine.source.open() as file:
        known = hashlib.md5(file.read()).hexdigest()
    params = {"md5": f"{known.upper()},{'0' * 32}"}
    docs = raw.ok("doc.checkMD5", params, token=sandbox.sign_in(ADA))["docs"]
    assert (docs["count"], docs["found"]) == ("2", "1")
    found, missing = docs["doc"]
    assert found["found"] == "1"
    assert sandbox.state.docs[found["doc_id"]].source.md5() == known
    assert missing == {"md5": "0" * 32, "found": "0"}
    nothing = raw.ok("doc.checkMD5", params, token=sandbox.sign_in(MEI))["docs"]
    assert nothing == {"count": "2", "found": "0", "doc": []}


@pytest.mark.parametrize("md5", ["", ",".join(["0" * 32] * 21)])
def test_no_md5_or_more_than_20_are_refused(sandbox: Sandbox, raw: RawClient, md5: str) -> None:
    assert raw.code("doc.checkMD5", {"md5": md5}, token=sandbox.sign_in(ADA)) == "1"


def test_explore_pages_have_the_numbers_of_the_reference(raw: RawClient) -> None:
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
    plain, large = default_state(), Sandbox(extra_documents=250).state
    assert len(large.docs) == len(plain.docs) + 250
    assert list(large.docs)[: len(plain.docs)] == list(plain.docs)
    extra = list(large.docs.values())[len(plain.docs) :]
    oldest = min(entry.posted_at for entry in plain.docs.values() if entry.share == PUBLIC)
    assert all(entry.posted_at < oldest and entry.share == PUBLIC for entry in extra)


def test_a_list_of_documents_says_how_many_records_a_page_has(
    sandbox: Sandbox, raw: RawClient
) -> None:
    token = sandbox.sign_in(ADA)
    total = int(raw.ok("doc.getList", token=token)["docs"]["total"])
    for per_page, page, count in ((5, 1, 5), (total - 1, 2, 1), (100, 1, total), (100, 2, 0)):
        params = {"per_page": str(per_page), "page": str(page)}
        docs = raw.ok("doc.getList", params, token=token)["docs"]
        assert docs["count"] == str(count) == str(len(docs.get("doc", [])))
