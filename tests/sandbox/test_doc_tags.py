"""Tags on documents: adding, replacing, removing, counting."""

from __future__ import annotations

from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PUBLIC, Doc
from flask_ipernity.sandbox.methods import limits
from tests.support.lookup import ADA, JONAS, MEI, doc
from tests.support.raw_http import RawClient


@pytest.fixture
def tokens(sandbox: Sandbox) -> list[str]:
    return [sandbox.sign_in(person, {"doc": "write"}) for person in (ADA, JONAS, MEI)]


@pytest.fixture
def bare(sandbox: Sandbox) -> Doc:
    """Return a public document of the photographer, without tags."""
    found = doc(sandbox, ADA, share=PUBLIC)
    found.tags = []
    return found


def put(raw: RawClient, method: str, token: str, shown: Doc, **params: str) -> dict[str, Any]:
    sent = {"doc_id": shown.doc_id, **params}
    answer = raw.ok(f"doc.tags.{method}", sent, token=token, post=True)["tags"]
    assert isinstance(answer, dict)
    return answer


def texts(raw: RawClient, shown: Doc) -> list[str]:
    tags = raw.ok("doc.tags.getList", {"doc_id": shown.doc_id})["tags"]
    assert int(tags["total"]) == len(tags.get("tag", []))
    return [tag["tag"] for tag in tags.get("tag", [])]


def test_keywords_and_members_are_added(
    sandbox: Sandbox, raw: RawClient, tokens: list[str], bare: Doc
) -> None:
    jonas = sandbox.people[JONAS]
    words = '"blue sky",sea, sea ,Blue Sky'
    answer = put(raw, "add", tokens[ADA], bare, keywords=words, members=jonas.alias)
    assert (answer["added"], answer["dropped"]) == ("3", "2")
    assert [(tag["type"], tag["tag"]) for tag in answer["tag"]] == [
        ("keyword", "blue sky"),
        ("keyword", "sea"),
        ("member", jonas.username),
    ]
    assert texts(raw, bare) == ["blue sky", "sea", jonas.username]
    again = put(raw, "add", tokens[ADA], bare, keywords="SEA")
    assert (again["added"], again["dropped"], again.get("tag", [])) == ("0", "1", [])
    params = {"type": "member", "id": jonas.user_id}
    found = raw.ok("tags.docs.getList", params)["docs"]["doc"]
    assert bare.doc_id in [entry["doc_id"] for entry in found]


def test_who_may_tag_is_the_owners_choice(raw: RawClient, tokens: list[str], bare: Doc) -> None:
    bare.perm_tag = 3
    assert put(raw, "add", tokens[JONAS], bare, keywords="one")["added"] == "1"
    assert put(raw, "add", tokens[MEI], bare, keywords="two")["added"] == "0"
    bare.perm_tag = 5
    assert put(raw, "add", tokens[MEI], bare, keywords="two")["added"] == "1"


def test_members_add_people_they_know_or_themselves(
    sandbox: Sandbox, raw: RawClient, tokens: list[str], bare: Doc
) -> None:
    ada, jonas, mei = (person.user_id for person in sandbox.people)
    assert put(raw, "add", tokens[ADA], bare, members=mei)["added"] == "0"
    bare.perm_tag, bare.perm_tagme = 0, 5
    assert put(raw, "add", tokens[JONAS], bare, members=f"{ada},{jonas}")["added"] == "1"
    assert texts(raw, bare) == ["Jonas Weidmann"]
    bare.perm_tagme = 0
    assert put(raw, "add", tokens[MEI], bare, members=mei)["added"] == "0"


def test_adding_nothing_or_too_much_is_refused(
    sandbox: Sandbox, raw: RawClient, tokens: list[str], bare: Doc, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = {"doc_id": bare.doc_id}
    assert raw.code("doc.tags.add", {**sent, "keywords": ", "}, token=tokens[ADA], post=True) == "2"
    assert raw.code("doc.tags.edit", sent, token=tokens[ADA], post=True) == "2"
    monkeypatch.setattr(limits, "MAX_DOC_TAGS", 2)
    sent["keywords"] = "a,b,c"
    for method in ("doc.tags.add", "doc.tags.edit"):
        assert raw.code(method, sent, token=tokens[ADA], post=True) == "3"
    assert bare.tags == []
    sandbox.people[ADA].blocked.add(sandbox.people[MEI].user_id)
    assert raw.code("doc.tags.add", sent, token=tokens[MEI], post=True) == "109"


def test_editing_replaces_the_tags_of_a_type(
    sandbox: Sandbox, raw: RawClient, tokens: list[str], bare: Doc
) -> None:
    jonas = sandbox.people[JONAS]
    put(raw, "add", tokens[ADA], bare, keywords="a,b,c", members=jonas.user_id)
    kept = bare.tags[1]
    answer = put(raw, "edit", tokens[ADA], bare, keywords="b,d")
    assert (answer["added"], answer["dropped"]) == ("1", "2")
    assert sorted(texts(raw, bare)) == sorted([jonas.username, "b", "d"])
    assert kept in bare.tags
    assert put(raw, "edit", tokens[ADA], bare, keywords="", members="")["dropped"] == "3"
    assert texts(raw, bare) == []
    sent = {"doc_id": bare.doc_id, "keywords": "x"}
    assert raw.code("doc.tags.edit", sent, token=tokens[JONAS], post=True) == "1"


def test_a_tag_is_removed_by_the_owner_or_who_put_it_there(
    raw: RawClient, tokens: list[str], bare: Doc
) -> None:
    bare.perm_tag = 5
    for token, word in ((tokens[JONAS], "one"), (tokens[JONAS], "two")):
        put(raw, "add", token, bare, keywords=word)
    first, second = ({"doc_id": bare.doc_id, "type": tag.type, "id": tag.id} for tag in bare.tags)
    assert raw.code("doc.tags.remove", first, token=tokens[MEI], post=True) == "2"
    raw.ok("doc.tags.remove", first, token=tokens[JONAS], post=True)
    raw.ok("doc.tags.remove", second, token=tokens[ADA], post=True)
    assert raw.code("doc.tags.remove", second, token=tokens[ADA], post=True) == "2"
    assert texts(raw, bare) == []


def test_the_most_used_tags_are_counted_on_documents_and_articles(
    sandbox: Sandbox, raw: RawClient, tokens: list[str]
) -> None:
    user = {"user_id": sandbox.people[ADA].user_id, "type": "keyword", "count": "100"}
    tags = raw.ok("tags.user.getPopular", user)["tags"]
    used = [int(tag["docs"]) + int(tag["posts"]) for tag in tags["tag"]]
    assert used == sorted(used, reverse=True)
    (diary,) = [tag for tag in tags["tag"] if tag["tag"] == "diary"]
    # the public one of the photographer's three articles
    assert (diary["docs"], diary["posts"]) == ("0", "1")
    assert len(raw.ok("tags.user.getPopular", {**user, "count": "2"})["tags"]["tag"]) == 2
    assert raw.code("tags.user.getPopular", {**user, "user_id": "1"}) == "1"


def test_place_licence_and_safety_have_methods_of_their_own(
    raw: RawClient, tokens: list[str], bare: Doc
) -> None:
    token, sent = tokens[ADA], {"doc_id": bare.doc_id}
    raw.ok("doc.setGeo", {**sent, "lat": "1.5", "lng": "-2"}, token=token, post=True)
    raw.ok("doc.setLicense", {**sent, "license": "255"}, token=token, post=True)
    raw.ok("doc.setSafety", {**sent, "safety": "3"}, token=token, post=True)
    shown = raw.ok("doc.get", {**sent, "extra": "geo"})["doc"]
    assert shown["geo"] == {"lat": "1.500000", "lng": "-2.000000"}
    assert (shown["license"], shown["safety"]) == ("255", "3")
    raw.ok("doc.setGeo", {**sent, "lat": "-999", "lng": "-999"}, token=token, post=True)
    assert "geo" not in raw.ok("doc.get", {**sent, "extra": "geo"})["doc"]
    for method, wrong in (
        ("doc.setGeo", {}),
        ("doc.setGeo", {"lat": "1"}),
        ("doc.setLicense", {"license": "2"}),
        ("doc.setLicense", {"share": "0"}),
        ("doc.setSafety", {"safety": "4"}),
    ):
        assert raw.code(method, {**sent, **wrong}, token=token, post=True) == "2"
        assert raw.code(method, {**sent, **wrong}, token=tokens[JONAS], post=True) == "1"
    assert bare.share == PUBLIC
