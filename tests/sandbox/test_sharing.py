"""Who sees which document: an anonymous visitor, the owner, family, a stranger."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, FRIENDS, FRIENDS_AND_FAMILY, PRIVATE, PUBLIC
from tests.support.lookup import ADA, JONAS, MEI, album, doc, listed
from tests.support.raw_http import RawClient

EVERY_SHARE = {PRIVATE, FAMILY, FRIENDS, FRIENDS_AND_FAMILY, PUBLIC}
SEEN = {
    None: {PUBLIC},
    ADA: EVERY_SHARE,
    JONAS: {FAMILY, FRIENDS_AND_FAMILY, PUBLIC},
    MEI: {PUBLIC},
}


def token_of(sandbox: Sandbox, person: int | None) -> str | None:
    return None if person is None else sandbox.sign_in(person)


@pytest.mark.parametrize("person", SEEN)
@pytest.mark.parametrize("share", sorted(EVERY_SHARE))
@pytest.mark.parametrize("method", ["doc.get", "doc.getMedias", "doc.getExif", "doc.getContext"])
def test_a_document_is_there_for_its_circle_and_not_found_for_others(
    sandbox: Sandbox, raw: RawClient, method: str, share: int, person: int | None
) -> None:
    params = {"doc_id": doc(sandbox, share=share).doc_id}
    token = token_of(sandbox, person)
    if share in SEEN[person]:
        raw.ok(method, params, token=token)
    else:
        assert raw.code(method, params, token=token) == "1"


@pytest.mark.parametrize("person", SEEN)
def test_lists_and_searches_hold_what_the_caller_may_see(
    sandbox: Sandbox, raw: RawClient, person: int | None
) -> None:
    ada = sandbox.people[ADA].user_id
    expected = {
        found.doc_id
        for found in sandbox.state.docs.values()
        if found.owner_id == ada and found.share in SEEN[person]
    }
    token = token_of(sandbox, person)
    params = {"user_id": ada, "per_page": "100"}
    assert listed(raw.ok("doc.getList", params, token=token)) == expected
    assert listed(raw.ok("doc.search", params, token=token)) == expected


@pytest.mark.parametrize("share", [FRIENDS, FRIENDS_AND_FAMILY])
def test_a_friend_sees_what_is_for_friends_but_not_what_is_for_family(
    sandbox: Sandbox, raw: RawClient, share: int
) -> None:
    sandbox.people[ADA].friends.add(sandbox.people[MEI].user_id)
    token = sandbox.sign_in(MEI)
    raw.ok("doc.get", {"doc_id": doc(sandbox, share=share).doc_id}, token=token)
    assert raw.code("doc.get", {"doc_id": doc(sandbox, share=FAMILY).doc_id}, token=token) == "1"


def test_a_token_without_the_right_to_read_documents_sees_what_anybody_sees(
    sandbox: Sandbox, raw: RawClient
) -> None:
    token = sandbox.sign_in(ADA, {"network": "read"})
    private = doc(sandbox, share=PRIVATE).doc_id
    assert raw.code("doc.get", {"doc_id": private}, token=token) == "1"
    assert private not in listed(raw.ok("doc.getList", {"per_page": "100"}, token=token))


def test_a_foreign_private_document_looks_like_one_that_does_not_exist(
    sandbox: Sandbox, raw: RawClient
) -> None:
    private = raw.call("doc.get", {"doc_id": doc(sandbox, share=PRIVATE).doc_id})["api"]
    missing = raw.call("doc.get", {"doc_id": "1"})["api"]
    assert (private["code"], private["message"]) == (missing["code"], missing["message"])


def test_an_album_of_private_documents_is_found_by_its_owner_only(
    sandbox: Sandbox, raw: RawClient
) -> None:
    hidden = album(sandbox, {PRIVATE}).album_id
    user_id = sandbox.people[ADA].user_id
    for person, found in ((None, False), (ADA, True), (JONAS, False), (MEI, False)):
        token = token_of(sandbox, person)
        albums = raw.ok("album.getList", {"user_id": user_id}, token=token)["albums"]["album"]
        assert (hidden in {entry["album_id"] for entry in albums}) == found
        for method in ("album.get", "album.docs.getList"):
            answer = raw.call(method, {"album_id": hidden}, token=token)
            assert answer["api"].get("code") == (None if found else "1")


@pytest.mark.parametrize("person", SEEN)
def test_a_mixed_album_shows_each_caller_their_part(
    sandbox: Sandbox, raw: RawClient, person: int | None
) -> None:
    mixed = album(sandbox, {FAMILY, FRIENDS, PUBLIC})
    shares = [sandbox.state.docs[doc_id].share for doc_id in mixed.doc_ids]
    expected = [
        doc_id for doc_id, share in zip(mixed.doc_ids, shares, strict=True) if share in SEEN[person]
    ]
    params, token = {"album_id": mixed.album_id, "per_page": "100"}, token_of(sandbox, person)
    found = raw.ok("album.docs.getList", params, token=token)["album"]["docs"]
    assert [entry["doc_id"] for entry in found["doc"]] == expected
    count = raw.ok("album.get", params, token=token)["album"]["count"]
    assert count["docs"] == found["total"] == str(len(expected))
    assert count["public"] == str(shares.count(PUBLIC))


def test_tags_of_private_documents_stay_private(sandbox: Sandbox, raw: RawClient) -> None:
    private = doc(sandbox, share=PRIVATE)
    with sandbox.state.lock:
        secret = sandbox.state.keyword("surprise party")
        private.tags = [type(private.tags[0])("keyword", secret.tag_id, private.owner_id, 1)]
    params = {"user_id": private.owner_id, "type": "keyword"}
    token = sandbox.sign_in(ADA)
    assert "surprise party" in str(raw.ok("tags.user.getList", params, token=token))
    assert "surprise party" not in str(raw.ok("tags.user.getList", params))
    with_tag = {"type": "keyword", "id": secret.tag_id}
    assert listed(raw.ok("tags.docs.getList", with_tag, token=token)) == {private.doc_id}
    assert raw.ok("tags.docs.getList", with_tag)["docs"]["total"] == "0"


def test_explore_shows_public_documents_only_even_to_their_owner(
    sandbox: Sandbox, raw: RawClient
) -> None:
    token = sandbox.sign_in(ADA)
    public = {found.doc_id for found in sandbox.state.docs.values() if found.share == PUBLIC}
    recent = raw.ok("explore.docs.getRecent", {"count": "100"}, token=token)
    popular = raw.ok("explore.docs.getPopular", {"per_page": "50"}, token=token)
    assert listed(recent) == listed(popular) == public


def test_the_documents_of_a_closed_account_are_gone(sandbox: Sandbox, raw: RawClient) -> None:
    public, person = doc(sandbox, share=PUBLIC), sandbox.people[ADA]
    person.closed = True
    assert raw.code("doc.get", {"doc_id": public.doc_id}) == "1"
    assert raw.code("doc.getList", {"user_id": person.user_id}) == "1"
    assert raw.ok("user.get", {"user_id": person.user_id})["user"]["is_closed"] == "1"


def test_an_original_that_its_owner_keeps_is_left_out_for_all_others(
    sandbox: Sandbox, raw: RawClient
) -> None:
    kept = {"doc_id": doc(sandbox, allow_original=False).doc_id}
    for person, there in ((None, False), (JONAS, False), (ADA, True)):
        token = token_of(sandbox, person)
        full = raw.ok("doc.get", kept, token=token)["doc"]
        assert ("original" in full) == there
        assert full["can"]["download"] == str(int(there))
        assert ("original" in raw.ok("doc.getMedias", kept, token=token)) == there
        docs = raw.ok("doc.search", {"extra": "original"}, token=token)["docs"]["doc"]
        entry = next(found for found in docs if found["doc_id"] == kept["doc_id"])
        assert ("original" in entry) == there


@pytest.mark.parametrize(
    ("allowed", "who"),
    [(0, {ADA}), (3, {ADA, JONAS}), (4, {ADA, JONAS}), (5, {ADA, JONAS, MEI})],
)
def test_who_may_comment_is_as_the_owner_says(
    sandbox: Sandbox, raw: RawClient, allowed: int, who: set[int]
) -> None:
    public = doc(sandbox, share=PUBLIC)
    public.perm_comment = allowed
    for person in (None, ADA, JONAS, MEI):
        answer = raw.ok("doc.get", {"doc_id": public.doc_id}, token=token_of(sandbox, person))
        assert answer["doc"]["can"]["comment"] == str(int(person in who))
