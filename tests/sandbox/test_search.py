"""doc.search: words, conditions, orders."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, PUBLIC, Doc, DocTag
from tests.support.lookup import ADA, JONAS, doc, listed
from tests.support.raw_http import RawClient


@pytest.fixture
def named(sandbox: Sandbox) -> dict[str, Doc]:
    """Return three public documents with words that occur nowhere else."""
    shown = [entry for entry in sandbox.state.docs.values() if entry.share == PUBLIC][:3]
    old, grey, cafe = shown
    old.title, old.description = "Zebra crossing", "An old lorry waits."
    grey.title, grey.description = "Quiet quay", "A zebra, and a lorry that is old."
    cafe.title, cafe.description = "Café Quimper", "Lorries only."
    tag = sandbox.state.keyword("Night Train")
    cafe.tags = [DocTag("keyword", tag.tag_id, cafe.owner_id, 1)]
    return {"old": old, "grey": grey, "cafe": cafe}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zebra", {"old", "grey"}),
        ("ZEBRA", {"old", "grey"}),
        ("zebra quimper", {"old", "grey", "cafe"}),
        ("+zebra +crossing", {"old"}),
        ("zebra -crossing", {"grey"}),
        ('"old lorry"', {"old"}),
        ('zebra -"old lorry"', {"grey"}),
        ("café", {"cafe"}),
        ("cafe\u0301", {"cafe"}),
        ("Quiet_quay", {"grey"}),
        ("zebra_old", set()),
        ("cafe", set()),
        ("lorr", set()),
        ("train", {"cafe"}),
        ('"quay a"', set()),
        ('+ - "" "', None),
    ],
)
def test_words_are_looked_for_as_the_help_page_says(
    raw: RawClient, named: dict[str, Doc], text: str, expected: set[str] | None
) -> None:
    found = listed(raw.ok("doc.search", {"text": text, "per_page": "100"}))
    assert found == {named[name].doc_id for name in expected or ()}


@pytest.mark.parametrize(
    "query", ["ete_1998", "e\u0301te\u0301_1998", "\u00e9t\u00e9 1998", "1998"]
)
@pytest.mark.parametrize(
    "title", ["E\u0301te\u0301_1998", "\u00c9t\u00e9 1998", "\u00c9T\u00c9_1998"]
)
def test_how_an_accent_is_written_and_underscores_make_no_difference(
    sandbox: Sandbox, raw: RawClient, title: str, query: str
) -> None:
    named = doc(sandbox, share=PUBLIC)
    named.title = title
    tag = sandbox.state.keyword("E\u0301te\u0301")
    assert sandbox.state.keyword("\u00e9t\u00e9") is tag
    named.tags = [DocTag("keyword", tag.tag_id, named.owner_id, 1)]
    found = raw.ok("doc.search", {"text": f'+"{query}"'})["docs"].get("doc", [])
    assert [one["doc_id"] for one in found] == [named.doc_id] * (not query.startswith("ete"))
    tagged = raw.ok("doc.search", {"tags": "\u00e9t\u00e9"})["docs"]["doc"]
    assert [one["doc_id"] for one in tagged] == [named.doc_id]


def test_what_fits_better_comes_first(raw: RawClient, named: dict[str, Doc]) -> None:
    named["grey"].posted_at, named["old"].posted_at = 2_000_000_000, 1
    found = raw.ok("doc.search", {"text": "zebra crossing"})["docs"]["doc"]
    assert [entry["doc_id"] for entry in found] == [named["old"].doc_id, named["grey"].doc_id]


@pytest.mark.parametrize("tags", ["night train", '"Night Train"', '"night train",'])
def test_a_tag_may_have_several_words(raw: RawClient, named: dict[str, Doc], tags: str) -> None:
    assert listed(raw.ok("doc.search", {"tags": tags})) == {named["cafe"].doc_id}


def test_several_tags_must_all_be_there(raw: RawClient, named: dict[str, Doc]) -> None:
    assert raw.ok("doc.search", {"tags": "night train,zebra"})["docs"]["total"] == "0"


def test_conditions_that_exclude_each_other_find_nothing(
    sandbox: Sandbox, raw: RawClient, named: dict[str, Doc]
) -> None:
    both = {"text": "quimper", "tags": "night train"}
    assert raw.ok("doc.search", both)["docs"]["total"] == "0"
    album_id = next(iter(sandbox.state.albums))
    assert raw.ok("doc.search", {"album_id": album_id})["docs"]["total"] != "0"
    both = {"album_id": album_id, "group_id": "1"}
    assert raw.ok("doc.search", both)["docs"]["total"] == "0"


def test_licences_and_media_may_be_lists(sandbox: Sandbox, raw: RawClient) -> None:
    found = raw.ok("doc.search", {"license": "255,11"})["docs"]["doc"]
    assert {entry["license"] for entry in found} == {"255", "11"}
    found = raw.ok("doc.search", {"media": "audio,video"})["docs"]["doc"]
    assert {entry["media"] for entry in found} == {"audio", "video"}


def test_a_search_by_circle_covers_own_documents_only(sandbox: Sandbox, raw: RawClient) -> None:
    found = listed(raw.ok("doc.search", {"share": str(FAMILY)}, token=sandbox.sign_in(JONAS)))
    assert found
    owners = {sandbox.state.docs[doc_id].owner_id for doc_id in found}
    assert owners == {sandbox.people[JONAS].user_id}
    for share in range(PUBLIC):
        assert raw.ok("doc.search", {"share": str(share)})["docs"]["total"] == "0"


@pytest.mark.parametrize(
    "more", [{}, {"text": "sea"}, {"media": "photo,video"}, {"user_id": "20433"}]
)
def test_public_documents_are_found_by_everybody(
    sandbox: Sandbox, raw: RawClient, more: dict[str, str]
) -> None:
    params = {**more, "share": str(PUBLIC), "per_page": "100"}
    found = listed(raw.ok("doc.search", params))
    assert found == listed(raw.ok("doc.search", {**more, "per_page": "100"}))
    assert found
    assert found == listed(raw.ok("doc.search", params, token=sandbox.sign_in(JONAS)))


def test_dates_bound_a_search(sandbox: Sandbox, raw: RawClient) -> None:
    shown = doc(sandbox, share=PUBLIC)
    posted = str(shown.posted_at)
    found = listed(raw.ok("doc.search", {"posted_min": posted, "posted_max": posted}))
    assert found == {shown.doc_id}
    created = {"created_min": shown.created, "created_max": shown.created}
    found = listed(raw.ok("doc.search", created))
    assert shown.doc_id in found
    assert {sandbox.state.docs[doc_id].created for doc_id in found} == {shown.created}


def test_a_place_is_found_within_its_distance(sandbox: Sandbox, raw: RawClient) -> None:
    shown = doc(sandbox, share=PUBLIC)
    shown.lat, shown.lng = 10.0, 179.99
    near = {"lat": "10", "lng": "-179.99"}  # 2.2 km away, across the date line
    assert listed(raw.ok("doc.search", near)) == {shown.doc_id}
    assert raw.ok("doc.search", {**near, "dist": "2000"})["docs"]["total"] == "0"
    place = raw.ok("doc.search", {**near, "extra": "geo"})["docs"]["doc"][0]["geo"]
    assert place == {"lat": "10.000000", "lng": "179.990000"}


@pytest.mark.parametrize(
    ("order", "key", "backwards"),
    [
        ("posted-asc", "posted_at", False),
        ("posted-desc", "posted_at", True),
        ("created-asc", "created", False),
        ("created-desc", "created", True),
        ("popular", "faves", True),
    ],
)
def test_results_come_in_the_wanted_order(
    sandbox: Sandbox, raw: RawClient, order: str, key: str, backwards: bool
) -> None:
    found = raw.ok("doc.search", {"sort": order, "per_page": "100"})["docs"]["doc"]
    docs = [sandbox.state.docs[entry["doc_id"]] for entry in found]
    values = [len(doc.audience.faves) if key == "faves" else getattr(doc, key) for doc in docs]
    assert len(set(values)) > 1
    assert values == sorted(values, reverse=backwards)


def test_a_search_tells_the_owner_and_more_of_them_when_asked(
    sandbox: Sandbox, raw: RawClient
) -> None:
    ada = sandbox.people[ADA]
    plain = raw.ok("doc.search", {"user_id": ada.user_id})["docs"]["doc"][0]
    assert plain["owner"] == {"user_id": ada.user_id}
    full = raw.ok("doc.search", {"user_id": ada.user_id, "extra": "owner"})["docs"]["doc"][0]
    assert full["owner"]["username"] == ada.username
