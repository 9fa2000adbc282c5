"""Groups: who belongs to them, and what they take."""

from __future__ import annotations

from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, PRIVATE, PUBLIC
from flask_ipernity.sandbox.groups import Group
from flask_ipernity.sandbox.methods import limits
from tests.support.lookup import ADA, JONAS, MEI, doc
from tests.support.raw_http import RawClient


@pytest.fixture
def groups(sandbox: Sandbox) -> list[Group]:
    """Return an open group, a moderated one with a quota, and a private one."""
    return list(sandbox.state.groups.values())


@pytest.fixture
def tokens(sandbox: Sandbox) -> list[str]:
    return [sandbox.sign_in(person, {"doc": "write"}) for person in (ADA, JONAS, MEI)]


def own(sandbox: Sandbox, count: int) -> list[str]:
    """Return public photos of the photographer that are in no group."""
    owner_id = sandbox.people[ADA].user_id
    groups = sandbox.state.groups.values()
    found = [
        entry.doc_id
        for entry in sandbox.state.docs.values()
        if (entry.owner_id, entry.share, entry.media) == (owner_id, PUBLIC, "photo")
        and not any(entry.doc_id in group.docs for group in groups)
    ]
    assert len(found) >= count
    return found[:count]


def add(raw: RawClient, group: Group, token: str, *doc_ids: str) -> dict[str, Any]:
    params = {"group_id": group.group_id, "doc_id": ",".join(doc_ids)}
    answer = raw.ok("group.docs.add", params, token=token, post=True)["group"]
    assert isinstance(answer, dict)
    return answer


def refused(raw: RawClient, group: Group, token: str, *doc_ids: str, method: str = "add") -> str:
    params = {"group_id": group.group_id, "doc_id": ",".join(doc_ids)}
    return raw.code(f"group.docs.{method}", params, token=token, post=True)


def listed(raw: RawClient, group: Group, **params: str) -> list[str]:
    docs = raw.ok("group.docs.getList", {"group_id": group.group_id, **params})["group"]["docs"]
    return [entry["doc_id"] for entry in docs.get("doc", [])]


def test_a_group_is_found_by_id_and_alias(raw: RawClient, groups: list[Group]) -> None:
    by_id, by_alias = (
        raw.ok("group.get", {"group_id": name})["group"]
        for name in (groups[0].group_id, groups[0].alias)
    )
    assert by_id == by_alias
    assert by_id["id"] == groups[0].group_id
    assert "you" not in by_id
    for url in (by_id["link"], by_id["icon"]):
        assert raw.send("GET", url).status == 200
    assert raw.code("group.get", {"group_id": "1"}) == "1"


def test_a_member_learns_what_they_are_in_a_group(
    raw: RawClient, groups: list[Group], tokens: list[str]
) -> None:
    params = {"group_id": groups[1].group_id}
    mine, theirs, none = (
        raw.ok("group.get", params, token=tokens[person])["group"] for person in (MEI, ADA, JONAS)
    )
    assert (mine["you"]["isadmin"], mine["you"]["ismember"]) == ("1", "1")
    assert (theirs["you"]["isadmin"], theirs["you"]["ismember"]) == ("0", "1")
    assert (none["you"]["ismember"], none["can"]["add_doc"]) == ("0", "0")
    assert theirs["quota"] == {"moderated": "1", "max": "1", "period": "w", "left": "1"}
    assert (theirs["can"]["accept_photo"], theirs["can"]["accept_video"]) == ("1", "0")


def test_a_private_group_is_there_for_its_members_only(
    sandbox: Sandbox, raw: RawClient, groups: list[Group], tokens: list[str]
) -> None:
    group = groups[2]
    params = {"group_id": group.group_id}
    for token in (None, tokens[MEI]):
        assert raw.code("group.get", params, token=token) == "1"
        assert raw.code("group.docs.getList", params, token=token) == "1"
        assert raw.ok("group.search", {"text": group.title}, token=token)["groups"]["total"] == "0"
    raw.ok("group.get", params, token=tokens[JONAS])
    user = {"user_id": sandbox.people[JONAS].user_id}
    assert raw.ok("group.getList", user)["groups"]["total"] == "1"
    assert raw.ok("group.getList", token=tokens[JONAS])["groups"]["total"] == "2"
    assert raw.send("GET", f"{sandbox.url}/group/{group.alias}").status == 404


def test_the_list_of_groups_has_no_number_of_pages(raw: RawClient, tokens: list[str]) -> None:
    assert "pages" not in raw.ok("group.getList", token=tokens[ADA])["groups"]
    assert raw.code("group.getList") == "1"
    assert raw.code("group.getList", {"user_id": "1"}) == "1"


def test_groups_are_searched_by_words(raw: RawClient, groups: list[Group]) -> None:
    found = raw.ok("group.search", {"text": "rain moderators", "sort": "created-desc"})["groups"]
    numbers = [entry["group_id"] for entry in found["group"]]
    assert numbers == [groups[1].group_id, groups[0].group_id]
    assert raw.code("group.search", {"text": " "}) == "1"


def test_a_document_is_shown_in_a_group_and_taken_out(
    sandbox: Sandbox, raw: RawClient, groups: list[Group], tokens: list[str]
) -> None:
    (number,) = own(sandbox, 1)
    before = len(listed(raw, groups[0]))
    answer = add(raw, groups[0], tokens[ADA], number)
    assert answer["doc"] == [{"doc_id": number, "added": "1", "pending": "0", "error": "0"}]
    assert answer["total"] == str(before + 1)
    assert listed(raw, groups[0])[0] == number
    again = add(raw, groups[0], tokens[ADA], number)
    assert (again["added"], again["skipped"]) == ("0", "1")
    found = raw.ok("doc.search", {"group_id": groups[0].group_id})["docs"]["doc"]
    assert number in [entry["doc_id"] for entry in found]
    assert raw.ok("doc.get", {"doc_id": number})["doc"]["count"]["groups"] == "1"
    params = {"group_id": groups[0].group_id, "doc_id": number}
    gone = raw.ok("group.docs.remove", params, token=tokens[ADA], post=True)["group"]
    assert gone["docs"] == [{"doc_id": number, "removed": "1"}]
    assert number not in listed(raw, groups[0])


def test_a_moderated_group_shows_nothing_before_its_moderators_agree(
    sandbox: Sandbox, raw: RawClient, groups: list[Group], tokens: list[str]
) -> None:
    (number,) = own(sandbox, 1)
    answer = add(raw, groups[1], tokens[ADA], number)
    assert (answer["pending"], answer["doc"][0]["added"]) == ("1", "1")
    again = add(raw, groups[1], tokens[ADA], number)["doc"][0]
    assert (again["added"], again["pending"]) == ("0", "1")
    assert number not in listed(raw, groups[1])
    found = raw.ok("doc.getContainers", {"doc_id": number})["groups"]
    assert (found["pending"], found["added"]) == ("1", "0")


def test_a_quota_is_for_a_time_and_not_for_those_who_lead(
    sandbox: Sandbox, raw: RawClient, groups: list[Group], tokens: list[str]
) -> None:
    first, second = own(sandbox, 2)
    assert refused(raw, groups[1], tokens[ADA], first, second) == "3"
    add(raw, groups[1], tokens[ADA], first)
    assert refused(raw, groups[1], tokens[ADA], second) == "3"
    shown = raw.ok("group.get", {"group_id": groups[1].group_id}, token=tokens[ADA])["group"]
    assert (shown["quota"]["left"], shown["can"]["add_doc"]) == ("0", "0")
    groups[1].docs[first].added_at -= 7 * 86_400 + 60
    add(raw, groups[1], tokens[ADA], second)
    groups[1].quota = 0
    groups[1].members[sandbox.people[ADA].user_id].role = "moderator"
    third = doc(sandbox, share=FAMILY).doc_id
    assert add(raw, groups[1], tokens[ADA], third)["pending"] == "0"


def test_what_a_group_does_not_take(
    sandbox: Sandbox,
    raw: RawClient,
    groups: list[Group],
    tokens: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (number,) = own(sandbox, 1)
    foreign = doc(sandbox, MEI, share=PUBLIC).doc_id
    video = doc(sandbox, media="video").doc_id
    assert refused(raw, groups[1], tokens[JONAS], number) == "1"
    assert refused(raw, groups[0], tokens[ADA], foreign) == "2"
    assert refused(raw, groups[0], tokens[ADA], number, foreign) == "2"
    assert refused(raw, groups[0], tokens[ADA], *[number] * 21) == "2"
    assert add(raw, groups[1], tokens[ADA], video)["doc"][0]["error"] == "2"
    monkeypatch.setattr(limits, "MAX_DOC_GROUPS", 0)
    assert add(raw, groups[0], tokens[ADA], number)["doc"][0]["error"] == "1"
    groups[0].room = len(groups[0].docs)
    assert refused(raw, groups[0], tokens[ADA], number) == "4"


def test_only_those_who_lead_take_out_what_is_not_theirs(
    sandbox: Sandbox, raw: RawClient, groups: list[Group], tokens: list[str]
) -> None:
    number = doc(sandbox, MEI, share=PUBLIC).doc_id
    groups[0].docs.pop(number, None)
    add(raw, groups[0], tokens[MEI], number)
    assert refused(raw, groups[0], tokens[JONAS], number, method="remove") == "2"
    params = {"group_id": groups[0].group_id, "doc_id": number}
    raw.ok("group.docs.remove", params, token=tokens[ADA], post=True)
    assert refused(raw, groups[0], tokens[ADA], "1", method="remove") == "2"


def test_a_groups_documents_are_those_the_caller_may_see(
    sandbox: Sandbox, raw: RawClient, groups: list[Group]
) -> None:
    before = listed(raw, groups[0])
    sandbox.state.docs[before[0]].share = PRIVATE
    assert listed(raw, groups[0]) == before[1:]
    owner_id = sandbox.state.docs[before[1]].owner_id
    theirs = [entry for entry in before[1:] if sandbox.state.docs[entry].owner_id == owner_id]
    assert listed(raw, groups[0], user_id=owner_id) == theirs
    wrong = {"group_id": groups[0].group_id, "user_id": "1"}
    assert raw.code("group.docs.getList", wrong) == "2"


def test_a_context_follows_the_order_of_adding(raw: RawClient, groups: list[Group]) -> None:
    first, here, *rest = groups[0].shown
    params = {"group_id": groups[0].group_id, "doc_id": here, "extra": "owner", "next": "1"}
    context = raw.ok("group.docs.getContext", params)
    assert [entry["doc_id"] for entry in context["prev"]["doc"]] == [first]
    assert [entry["doc_id"] for entry in context["next"]["doc"]] == rest[:1]
    assert "safety" not in context["doc"]
    assert context["doc"]["owner"]["user_id"] == context["doc"]["user_id"]
    assert raw.code("group.docs.getContext", {**params, "doc_id": "1"}) == "2"


def test_a_deleted_document_leaves_its_groups(
    sandbox: Sandbox, raw: RawClient, groups: list[Group]
) -> None:
    gone = groups[0].shown[0]
    token = sandbox.sign_in(ADA, {"doc": "delete"})
    raw.ok("doc.delete", {"doc_id": gone}, token=token, post=True)
    assert gone not in listed(raw, groups[0])
