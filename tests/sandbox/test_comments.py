"""Comments on documents and articles: two services, one behaviour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, PUBLIC, Doc
from flask_ipernity.sandbox.methods import limits
from flask_ipernity.sandbox.posts import Post
from tests.support.lookup import ADA, JONAS, MEI, doc
from tests.support.raw_http import RawClient

KINDS = ("doc", "post")
Say = Callable[..., dict[str, Any]]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def item(sandbox: Sandbox, kind: str) -> Doc | Post:
    """Return a public item of the photographer, without comments."""
    ada = sandbox.people[ADA].user_id
    posts = (post for post in sandbox.state.posts.values() if post.owner_id == ada)
    found = doc(sandbox, ADA, share=PUBLIC) if kind == "doc" else next(posts)
    found.audience.comments.clear()
    return found


@pytest.fixture
def tokens(sandbox: Sandbox, kind: str) -> list[str]:
    return [sandbox.sign_in(person, {kind: "write"}) for person in (ADA, JONAS, MEI)]


@pytest.fixture
def params(kind: str, item: Doc | Post) -> dict[str, str]:
    return {f"{kind}_id": item.doc_id if isinstance(item, Doc) else item.post_id}


@pytest.fixture
def say(raw: RawClient, kind: str, params: dict[str, str]) -> Say:
    """Return a function that makes a comment."""

    def add(content: str, token: str, **more: str) -> dict[str, Any]:
        sent = {**params, "content": content, **more}
        answer = raw.ok(f"{kind}.comments.add", sent, token=token, post=True)["comment"]
        assert isinstance(answer, dict)
        return answer

    return add


def test_a_comment_is_there_for_all(
    raw: RawClient, kind: str, params: dict[str, str], tokens: list[str], say: Say
) -> None:
    said = say(" Fine <b>light</b> & sea ", tokens[MEI])
    assert said["content"] == "Fine <b>light</b> & sea"
    listed = raw.ok(f"{kind}.comments.getList", params)["comments"]
    assert (listed["total"], listed["comment"][0]["comment_id"]) == ("1", said["comment_id"])
    assert listed["comment"][0]["username"] == "Mei Tanabe"
    assert raw.send("GET", said["link"].partition("#")[0]).status == 200


def test_its_number_counts_where_items_are_counted(
    raw: RawClient, kind: str, params: dict[str, str], tokens: list[str], say: Say
) -> None:
    say("One.", tokens[MEI])
    say("Two.", tokens[MEI])
    shown = raw.ok(f"{kind}.get", params)[kind]
    assert shown["count"]["comments"] == "2"
    assert int(shown["dates"]["last_comment_at"]) > 1_700_000_000


def test_the_same_words_twice_by_one_member_are_stored_once(
    item: Doc | Post, tokens: list[str], say: Say
) -> None:
    first, again = say("Fine.", tokens[MEI]), say("Fine.", tokens[MEI])
    assert first == again
    assert say("Fine.", tokens[JONAS])["comment_id"] != first["comment_id"]
    assert len(item.audience.comments) == 2


def test_a_preview_is_not_stored(item: Doc | Post, tokens: list[str], say: Say) -> None:
    assert say("Fine.", tokens[MEI], preview="1")["content"] == "Fine."
    assert not item.audience.comments


def test_a_reply_names_what_it_replies_to(
    raw: RawClient, kind: str, item: Doc | Post, params: dict[str, str], tokens: list[str], say: Say
) -> None:
    first = say("Where?", tokens[MEI])["comment_id"]
    sent = {"comment_id": first, "content": "There."}
    reply = raw.ok(f"{kind}.comments.reply", sent, token=tokens[ADA], post=True)["comment"]
    assert reply["parent_id"] == first
    shown = raw.ok(f"{kind}.comments.get", {"comment_id": reply["comment_id"]})["comment"]
    assert shown["parent"]["content"] == "Where?"
    listed = raw.ok(f"{kind}.comments.getList", params)["comments"]["comment"]
    assert [entry.get("parent_id") for entry in listed] == [None, first]
    del item.audience.comments[first]
    shown = raw.ok(f"{kind}.comments.get", {"comment_id": reply["comment_id"]})["comment"]
    assert not {"parent", "parent_id"} & set(shown)


def test_only_the_author_edits_and_late_changes_get_a_date(
    raw: RawClient, kind: str, item: Doc | Post, tokens: list[str], say: Say
) -> None:
    number = say("Fine.", tokens[MEI])["comment_id"]
    method, sent = f"{kind}.comments.edit", {"comment_id": number, "content": "Very fine."}
    assert raw.code(method, sent, token=tokens[ADA], post=True) == "1"
    soon = raw.ok(method, sent, token=tokens[MEI], post=True)["comment"]
    assert (soon["content"], "modified_at" in soon) == ("Very fine.", False)
    item.audience.comments[number].posted_at -= 301
    late = raw.ok(method, sent, token=tokens[MEI], post=True)["comment"]
    assert int(late["modified_at"]) > int(late["posted_at"])
    look = {**sent, "content": "Never.", "preview": "1"}
    assert raw.ok(method, look, token=tokens[MEI], post=True)["comment"]["content"] == "Never."
    assert item.audience.comments[number].content == "Very fine."


def test_author_and_owner_delete_for_seven_days(
    raw: RawClient, kind: str, item: Doc | Post, tokens: list[str], say: Say
) -> None:
    method = f"{kind}.comments.delete"
    first, second = (say(text, tokens[MEI])["comment_id"] for text in ("One.", "Two."))
    assert raw.code(method, {"comment_id": first}, token=tokens[JONAS], post=True) == "1"
    raw.ok(method, {"comment_id": first}, token=tokens[ADA], post=True)
    assert raw.code(method, {"comment_id": first}, token=tokens[ADA], post=True) == "1"
    item.audience.comments[second].posted_at -= 7 * 86_400 + 1
    assert raw.code(method, {"comment_id": second}, token=tokens[MEI], post=True) == "3"
    assert second in item.audience.comments


@pytest.mark.parametrize("person", [None, ADA, JONAS, MEI])
def test_a_comment_says_what_the_caller_may_do_with_it(
    raw: RawClient, kind: str, tokens: list[str], say: Say, person: int | None
) -> None:
    number = say("Fine.", tokens[MEI])["comment_id"]
    token = None if person is None else tokens[person]
    shown = raw.ok(f"{kind}.comments.get", {"comment_id": number}, token=token)["comment"]
    can = tuple(shown[name] for name in ("canreply", "canedit", "candelete"))
    expected = {None: "000", ADA: "101", JONAS: "100", MEI: "111"}[person]
    assert "".join(can) == expected


def test_what_cannot_be_said(
    sandbox: Sandbox,
    raw: RawClient,
    kind: str,
    item: Doc | Post,
    params: dict[str, str],
    tokens: list[str],
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    method, sent = f"{kind}.comments.add", {**params, "content": "Fine."}
    assert raw.code(method, {**sent, "content": "  "}, token=tokens[MEI], post=True) == "2"
    assert raw.code(method, {"content": "x"}, token=tokens[MEI], post=True) == "1"
    item.perm_comment = 3
    assert raw.code(method, sent, token=tokens[MEI], post=True) == "3"
    say("Among us.", tokens[JONAS])
    item.perm_comment = 5
    sandbox.people[ADA].blocked.add(sandbox.people[MEI].user_id)
    assert raw.code(method, sent, token=tokens[MEI], post=True) == "109"
    monkeypatch.setattr(limits, "MAX_COMMENTS", 1)
    assert raw.code(method, sent, token=tokens[JONAS], post=True) == "4"


def test_comments_on_private_items_are_not_found(
    raw: RawClient, kind: str, item: Doc | Post, params: dict[str, str], tokens: list[str], say: Say
) -> None:
    number = say("Fine.", tokens[JONAS])["comment_id"]
    item.share = FAMILY
    for token, found in ((None, False), (tokens[MEI], False), (tokens[JONAS], True)):
        for method, sent in (("get", {"comment_id": number}), ("getList", params)):
            name = f"{kind}.comments.{method}"
            if found:
                raw.ok(name, sent, token=token)
            else:
                assert raw.code(name, sent, token=token) == "1"


def test_comments_come_in_pages_the_oldest_first(
    raw: RawClient, kind: str, item: Doc | Post, params: dict[str, str], tokens: list[str], say: Say
) -> None:
    numbers = [say(f"No. {number}", tokens[MEI])["comment_id"] for number in range(5)]
    for age, number in enumerate(numbers):
        item.audience.comments[number].posted_at = 1_700_000_000 - age
    sent = {**params, "per_page": "2", "page": "3", "extra": "owner"}
    comments = raw.ok(f"{kind}.comments.getList", sent)["comments"]
    assert (comments["pages"], comments["count"], comments["total"]) == ("3", "1", "5")
    (last,) = comments["comment"]
    assert (last["comment_id"], last["owner"]["alias"]) == (numbers[0], "mei.tanabe")


def test_comments_of_documents_need_the_right_to_write(
    sandbox: Sandbox, raw: RawClient, kind: str, params: dict[str, str]
) -> None:
    reader = sandbox.sign_in(MEI, {kind: "read"})
    sent = {**params, "content": "Fine."}
    assert raw.code(f"{kind}.comments.add", sent, token=reader, post=True) == "110"
