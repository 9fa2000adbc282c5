"""tags.user.getList and tags.docs.getList."""

from __future__ import annotations

from collections import Counter

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PUBLIC
from tests.support.lookup import ADA, JONAS, doc, listed
from tests.support.raw_http import RawClient


def test_a_members_tags_come_by_use(sandbox: Sandbox, raw: RawClient) -> None:
    ada = sandbox.people[ADA].user_id
    used = Counter(
        tag.id
        for shown in sandbox.state.docs.values()
        if shown.owner_id == ada and shown.share == PUBLIC
        for tag in shown.tags
        if tag.type == "keyword"
    )
    tags = raw.ok("tags.user.getList", {"user_id": ada, "type": "keyword"})["tags"]
    found = [entry["id"] for entry in tags["tag"]]
    assert tags["count"] == str(len(used))
    assert set(found) == set(used)
    counts = [used[tag_id] for tag_id in found]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > 1


def test_fewer_tags_can_be_asked_for(sandbox: Sandbox, raw: RawClient) -> None:
    params = {"user_id": sandbox.people[ADA].user_id, "type": "keyword", "count": "2"}
    tags = raw.ok("tags.user.getList", params)["tags"]
    assert len(tags["tag"]) == 2
    assert tags["count"] == "2"


def test_a_tag_leads_to_its_documents(sandbox: Sandbox, raw: RawClient) -> None:
    shown = doc(sandbox, share=PUBLIC)
    tag = shown.tags[0]
    expected = {
        other.doc_id
        for other in sandbox.state.docs.values()
        if other.share == PUBLIC and tag.id in {one.id for one in other.tags}
    }
    params = {"type": "keyword", "id": tag.id}
    assert listed(raw.ok("tags.docs.getList", params)) == expected
    mine = {**params, "user_id": shown.owner_id}
    own = {doc_id for doc_id in expected if sandbox.state.docs[doc_id].owner_id == shown.owner_id}
    assert listed(raw.ok("tags.docs.getList", mine)) == own


def test_a_member_tag_is_the_member(sandbox: Sandbox, raw: RawClient) -> None:
    ada, jonas = sandbox.people[ADA], sandbox.people[JONAS]
    tags = raw.ok("tags.user.getList", {"user_id": ada.user_id, "type": "member"})["tags"]
    assert tags["tag"] == [{"type": "member", "id": jonas.user_id, "tag": jonas.username}]
    params = {"type": "member", "id": jonas.user_id}
    (doc_id,) = listed(raw.ok("tags.docs.getList", params))
    tags = raw.ok("doc.get", {"doc_id": doc_id, "extra": "tags"})["doc"]["tags"]
    assert int(tags["total"]) == len(tags["tag"])
    assert jonas.username in {entry["tag"] for entry in tags["tag"] if entry["type"] == "member"}


@pytest.mark.parametrize(
    "params",
    [{"type": "keyword", "id": "1"}, {"type": "member", "id": "1"}, {"type": "machine"}, {}],
)
def test_a_tag_that_is_not_there_is_error_1(raw: RawClient, params: dict[str, str]) -> None:
    assert raw.code("tags.docs.getList", params) == "1"


def test_a_member_that_is_not_there_is_an_error(sandbox: Sandbox, raw: RawClient) -> None:
    assert raw.code("tags.user.getList", {"user_id": "1", "type": "keyword"}) == "1"
    tag = doc(sandbox, share=PUBLIC).tags[0]
    params = {"type": "keyword", "id": tag.id, "user_id": "1"}
    assert raw.code("tags.docs.getList", params) == "2"
