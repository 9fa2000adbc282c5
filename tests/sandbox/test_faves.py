"""Faves and visits."""

from __future__ import annotations

from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PRIVATE, PUBLIC
from tests.support.lookup import ADA, JONAS, MEI, doc
from tests.support.raw_http import RawClient


@pytest.fixture
def tokens(sandbox: Sandbox) -> list[str]:
    return [sandbox.sign_in(person, {"doc": "write"}) for person in (ADA, JONAS, MEI)]


def thing(sandbox: Sandbox, kind: str) -> tuple[Any, dict[str, str]]:
    """Return a public document or album of the photographer, without faves, and its id."""
    found: Any = doc(sandbox, share=PUBLIC)
    if kind == "album":
        found = next(
            album for album in sandbox.state.albums.values() if found.doc_id in album.doc_ids
        )
    found.audience.faves.clear()
    return found, {f"{kind}_id": getattr(found, f"{kind}_id")}


@pytest.mark.parametrize("kind", ["doc", "album"])
def test_a_fave_is_told_to_all_and_can_be_taken_back(
    sandbox: Sandbox, raw: RawClient, tokens: list[str], kind: str
) -> None:
    _, params = thing(sandbox, kind)
    mei = sandbox.people[MEI]
    for _ in range(2):
        raw.ok(f"faves.{kind}s.add", params, token=tokens[MEI], post=True)
    faves = raw.ok(f"{kind}.getFaves", params)["faves"]
    assert (faves["total"], faves["fave"][0]["username"]) == ("1", mei.username)
    shown = raw.ok(f"{kind}.get", params, token=tokens[MEI])[kind]
    assert (shown["count"]["faves"], shown["you"]["isfave"]) == ("1", "1")
    listed = raw.ok(f"faves.{kind}s.getList", {"user_id": mei.user_id})[f"{kind}s"]
    assert params[f"{kind}_id"] in [entry[f"{kind}_id"] for entry in listed[kind]]
    raw.ok(f"faves.{kind}s.remove", params, token=tokens[MEI], post=True)
    assert raw.ok(f"{kind}.getFaves", params)["faves"]["total"] == "0"
    assert raw.ok(f"{kind}.get", params, token=tokens[MEI])[kind]["you"]["isfave"] == "0"


@pytest.mark.parametrize("kind", ["doc", "album"])
def test_own_things_are_faved_quietly(
    sandbox: Sandbox, raw: RawClient, tokens: list[str], kind: str
) -> None:
    found, params = thing(sandbox, kind)
    raw.ok(f"faves.{kind}s.add", params, token=tokens[ADA], post=True)
    assert not raw.ok(f"{kind}.getFaves", params)["faves"].get("fave")
    user = {"user_id": found.owner_id}
    number = params[f"{kind}_id"]
    assert number not in str(raw.ok(f"faves.{kind}s.getList", user))
    own = raw.ok(f"faves.{kind}s.getList", {**user, "owner_id": found.owner_id})
    assert number in str(own)


@pytest.mark.parametrize("kind", ["doc", "album"])
def test_what_is_not_there_cannot_be_faved(
    sandbox: Sandbox, raw: RawClient, tokens: list[str], kind: str
) -> None:
    wrong = {f"{kind}_id": "1"}
    for method in (f"faves.{kind}s.add", f"faves.{kind}s.remove"):
        assert raw.code(method, wrong, token=tokens[MEI], post=True) == "1"
        assert raw.code(method, {}, token=tokens[MEI], post=True) == "1"
    user = {"user_id": sandbox.people[MEI].user_id, "owner_id": "1"}
    assert raw.code(f"faves.{kind}s.getList", user) == "2"
    assert raw.code(f"faves.{kind}s.getList", {"user_id": "1"}) == "1"
    sandbox.people[ADA].blocked.add(sandbox.people[MEI].user_id)
    _, params = thing(sandbox, kind)
    assert raw.code(f"faves.{kind}s.add", params, token=tokens[MEI], post=True) == "109"


def test_a_fave_that_became_private_is_hidden_from_its_fan(
    sandbox: Sandbox, raw: RawClient, tokens: list[str]
) -> None:
    found, params = thing(sandbox, "doc")
    raw.ok("faves.docs.add", params, token=tokens[MEI], post=True)
    found.share = PRIVATE
    assert found.doc_id not in str(raw.ok("faves.docs.getList", token=tokens[MEI]))


def test_favourite_documents_tell_how_the_caller_knows_their_owners(
    sandbox: Sandbox, raw: RawClient, tokens: list[str]
) -> None:
    _, params = thing(sandbox, "doc")
    raw.ok("faves.docs.add", params, token=tokens[JONAS], post=True)
    user = {"user_id": sandbox.people[JONAS].user_id}
    for token, family in ((tokens[JONAS], "1"), (tokens[MEI], "0"), (None, "0")):
        docs = raw.ok("faves.docs.getList", user, token=token)["docs"]["doc"]
        (found,) = [entry for entry in docs if entry["doc_id"] == params["doc_id"]]
        assert (found["isfamily"], found["isfriend"]) == (family, "0")


@pytest.mark.parametrize("kind", ["doc", "album", "post"])
def test_visitors_are_told_with_those_without_a_name(
    sandbox: Sandbox, raw: RawClient, kind: str
) -> None:
    token = sandbox.sign_in(ADA, {"doc": "read", "post": "read"})
    if kind == "post":
        found: Any = next(iter(sandbox.state.posts.values()))
        params = {"post_id": found.post_id}
    else:
        found, params = thing(sandbox, kind)
    visits = raw.ok(f"{kind}.getVisitors", params, token=token)["visits"]
    assert int(visits["anonymous"]["visits"]) > 0
    latest = [int(entry["visited_at"]) for entry in visits["visit"]]
    assert latest == sorted(latest, reverse=True)
    total = int(visits["anonymous"]["visits"]) + sum(
        int(entry["visits"]) for entry in visits["visit"]
    )
    assert total == found.audience.visit_count
    assert raw.code(f"{kind}.getVisitors", params) == "106"
    wrong = {f"{kind}_id": "1"}
    assert raw.code(f"{kind}.getVisitors", wrong, token=token) == "1"


def test_a_look_at_a_page_is_a_visit(sandbox: Sandbox, raw: RawClient) -> None:
    shown = doc(sandbox, share=PUBLIC)
    before = int(raw.ok("doc.get", {"doc_id": shown.doc_id})["doc"]["count"]["visits"])
    link = raw.ok("doc.get", {"doc_id": shown.doc_id})["doc"]["link"]
    assert raw.send("GET", link).status == 200
    after = int(raw.ok("doc.get", {"doc_id": shown.doc_id})["doc"]["count"]["visits"])
    assert after == before + 1


def test_faves_of_an_article_come_in_pages(sandbox: Sandbox, raw: RawClient) -> None:
    post = next(iter(sandbox.state.posts.values()))
    post.audience.faves = {sandbox.people[JONAS].user_id: 5, sandbox.people[MEI].user_id: 7}
    faves = raw.ok("post.getFaves", {"post_id": post.post_id, "per_page": "1"})["faves"]
    assert (faves["pages"], faves["count"], faves["total"]) == ("2", "1", "2")
    assert faves["fave"][0]["faved_at"] == "7"
