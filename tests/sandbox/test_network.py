"""Whom members know, and what those show."""

from __future__ import annotations

import time

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, PRIVATE, PUBLIC
from tests.support.lookup import ADA, JONAS, MEI, doc
from tests.support.raw_http import RawClient


@pytest.fixture
def ids(sandbox: Sandbox) -> list[str]:
    return [person.user_id for person in sandbox.people]


@pytest.fixture
def token(sandbox: Sandbox, ids: list[str]) -> str:
    """Return a token of the photographer, who also calls the stranger a friend."""
    sandbox.people[ADA].friends.add(ids[MEI])
    return sandbox.sign_in(ADA, {"network": "read", "doc": "read"})


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("", {JONAS, MEI}),
        ("0", {JONAS, MEI}),
        ("1", {JONAS}),
        ("2", {MEI}),
        ("3", {JONAS, MEI}),
        ("4", {JONAS}),
        ("8", set()),
    ],
)
def test_the_callers_network_is_narrowed_to_a_relation(
    raw: RawClient, ids: list[str], token: str, relation: str, expected: set[int]
) -> None:
    found = raw.ok("network.getList", {"relation": relation}, token=token)["network"]
    assert {user["user_id"] for user in found.get("user", [])} == {ids[n] for n in expected}
    assert found["total"] == str(len(expected))


def test_a_relation_is_for_ones_own_network_only(
    sandbox: Sandbox, raw: RawClient, ids: list[str], token: str
) -> None:
    sandbox.people[ADA].blocked.add(ids[MEI])
    blocked = raw.ok("network.getList", {"relation": "8"}, token=token)["network"]["user"]
    assert [user["user_id"] for user in blocked] == [ids[MEI]]
    params = {"user_id": ids[ADA], "relation": "8"}
    for other in (None, sandbox.sign_in(JONAS, {"network": "read"}), sandbox.sign_in(ADA)):
        assert raw.ok("network.getList", params, token=other)["network"]["total"] == "2"


def test_members_are_told_with_what_was_asked_for(
    raw: RawClient, ids: list[str], token: str
) -> None:
    params = {"extra": "realname,location", "per_page": "1"}
    network = raw.ok("network.getList", params, token=token)["network"]
    (jonas,) = network["user"]
    assert (network["pages"], jonas["location"]["town"]) == ("2", "Basel")
    assert (jonas["relation"]["isfamily"], jonas["relation"]["revfamily"]) == ("1", "1")
    plain = raw.ok("network.getList", {"user_id": ids[ADA]})["network"]["user"][0]
    assert not {"realname", "location"} & set(plain)
    assert set(plain["relation"].values()) == {"0"}
    assert raw.code("network.getList", {"user_id": "1"}) == "1"
    assert raw.code("network.getList") == "1"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"query": "jo"}, {JONAS}),
        ({"query": "WEID"}, {JONAS}),
        ({"query": "eid"}, set()),
        ({"query": "eid", "anywhere": "1"}, {JONAS}),
        ({"query": "a", "anywhere": "1"}, {JONAS, MEI}),
        ({"query": "a", "anywhere": "1", "relation": "2"}, {MEI}),
        ({"query": ".*"}, set()),
    ],
)
def test_names_are_completed(
    raw: RawClient, ids: list[str], token: str, params: dict[str, str], expected: set[int]
) -> None:
    found = raw.ok("network.autocomplete", params, token=token)["network"]
    assert {user["user_id"] for user in found.get("user", [])} == {ids[n] for n in expected}
    assert (found["count"], found["network"], found["complete"]) == (str(len(expected)), "2", "1")


def test_completing_needs_words_and_the_permission(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    assert raw.code("network.autocomplete", {"query": " "}, token=token) == "1"
    assert raw.code("network.autocomplete", {"query": "a"}, token=sandbox.sign_in(ADA)) == "110"


def test_the_newest_of_the_network_is_a_few_of_each_member(
    sandbox: Sandbox, raw: RawClient, ids: list[str]
) -> None:
    token = sandbox.sign_in(JONAS)
    found = raw.ok("network.docs.getRecent", {"limit": "2", "extra": "dates"}, token=token)["docs"]
    assert (found["count"], found["show"]) == ("2", "2")
    assert {entry["owner"]["user_id"] for entry in found["doc"]} == {ids[ADA]}
    posted = [int(entry["dates"]["posted_at"]) for entry in found["doc"]]
    assert posted == sorted(posted, reverse=True)
    assert raw.ok("network.docs.getRecent", {"count": "1"}, token=token)["docs"]["count"] == "1"


def test_hours_leave_out_what_is_older_and_privacy_what_is_not_for_the_caller(
    sandbox: Sandbox, raw: RawClient
) -> None:
    token = sandbox.sign_in(JONAS)
    new, old = doc(sandbox, share=PUBLIC), doc(sandbox, share=FAMILY)
    hidden = doc(sandbox, share=PRIVATE)
    new.posted_at = hidden.posted_at = int(time.time()) - 60
    found = raw.ok("network.docs.getRecent", {"hours": "1"}, token=token)["docs"]["doc"]
    assert [entry["doc_id"] for entry in found] == [new.doc_id]
    old.posted_at = new.posted_at + 1
    found = raw.ok("network.docs.getRecent", {"hours": "1"}, token=token)["docs"]["doc"]
    assert [entry["doc_id"] for entry in found] == [old.doc_id, new.doc_id]
