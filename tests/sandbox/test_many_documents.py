"""Lists of an account with very many documents: a page looks at few of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import FAMILY, PRIVATE, PUBLIC, Doc
from flask_ipernity.sandbox.state import SandboxState
from tests.support.file_heads import picture
from tests.support.lookup import ADA, JONAS, doc, listed
from tests.support.raw_http import RawClient, write

MANY = 2_000


@pytest.fixture(scope="module")
def many() -> Iterator[RawClient]:
    with Sandbox(extra_documents=MANY, processing=0) as sandbox:
        raw = RawClient(sandbox)
        yield raw
        raw.pool.clear()


class Looks:
    """Counts how often an attribute of a document is looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        for name in ("share", "posted_at", "owner_id"):
            self._watch(monkeypatch, name)

    def _watch(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        old: Any = vars(Doc)[name]

        def look(doc: Doc) -> object:
            self.count += 1
            return old.fget(doc)

        monkeypatch.setattr(Doc, name, property(look, old.fset))


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("doc.getList", {"per_page": "100", "page": "1"}),
        ("doc.getList", {"per_page": "100", "page": "15"}),
        ("doc.getList", {"per_page": "20", "media": "photo", "share": "4"}),
        ("doc.search", {"user_id": "10175", "per_page": "100", "page": "12"}),
        ("doc.search", {"media": "photo"}),
        ("doc.checkMD5", {"md5": "0" * 32}),
        ("user.get", {"user_id": "10175"}),
        ("explore.docs.getRecent", {}),
        ("network.docs.getRecent", {}),
    ],
)
def test_a_page_looks_at_few_documents_once_the_list_is_known(
    many: RawClient, monkeypatch: pytest.MonkeyPatch, method: str, params: dict[str, str]
) -> None:
    token = many.sandbox.sign_in(ADA, {"doc": "read", "network": "read"})
    first = many.ok(method, params, token=token)
    looks = Looks(monkeypatch)
    again = many.ok(method, params, token=token)
    # a record of a page is looked at several times
    assert looks.count <= 10 * 100
    for answer in (first, again):
        del answer["api"]
    assert first == again


def test_each_document_is_on_one_page_and_each_viewer_has_their_own_list(many: RawClient) -> None:
    user_id = many.sandbox.people[ADA].user_id
    seen: dict[int | None, set[str]] = {}
    for who in (None, ADA, JONAS):
        token = None if who is None else many.sandbox.sign_in(who)
        seen[who], page, pages = set(), 1, 1
        while page <= pages:
            params = {"user_id": user_id, "per_page": "100", "page": str(page)}
            docs = many.ok("doc.getList", params, token=token)["docs"]
            found = listed({"docs": docs})
            assert not found & seen[who]
            seen[who] |= found
            page, pages = page + 1, int(docs["pages"])
        assert len(seen[who]) == int(docs["total"]) > MANY
    assert seen[None] < seen[JONAS] < seen[ADA]


def changed_share(state: SandboxState, one: Doc) -> None:
    one.share = PRIVATE


def removed(state: SandboxState, one: Doc) -> None:
    state.remove_doc(one)


def exchanged(state: SandboxState, one: Doc) -> None:
    """Remove a document and add another, made before: the number stays the same."""
    state.remove_doc(one)
    one.doc_id, before = "1", one.doc_id
    state.docs["1"] = one
    assert before not in state.docs


def moved_in_time(state: SandboxState, one: Doc) -> None:
    one.posted_at = 2**31


def given_away(state: SandboxState, one: Doc) -> None:
    one.owner_id = "20433"


def no_family(state: SandboxState, one: Doc) -> None:
    state.people["10175"].family.clear()


@pytest.mark.parametrize(
    "change", [changed_share, removed, exchanged, moved_in_time, given_away, no_family]
)
def test_no_list_is_older_than_a_change(sandbox: Sandbox, raw: RawClient, change: Any) -> None:
    token = sandbox.sign_in(JONAS)
    params = {"user_id": sandbox.people[ADA].user_id, "per_page": "100"}

    def order(method: str) -> list[str]:
        docs = raw.ok(method, params, token=token)["docs"]
        assert int(docs["total"]) == len(docs["doc"])
        return [entry["doc_id"] for entry in docs["doc"]]

    one = doc(sandbox, share=FAMILY)
    before = order("doc.getList")
    assert order("doc.search") == before
    assert one.doc_id in before
    change(sandbox.state, one)
    after = order("doc.getList")
    assert after != before
    assert order("doc.search") == after


def test_uploads_and_changes_by_calls_are_seen_at_once(sandbox: Sandbox, raw: RawClient) -> None:
    sandbox.state.processing = 0
    token = sandbox.sign_in(ADA, {"doc": "delete"})
    for number in range(3):
        sent = {"async": "0", "share": "4", "is_public": "1", "is_family": "0", "is_friend": "0"}
        made = raw.upload((f"{number}.png", picture("PNG")), sent, token=token)["doc_id"]
        params = {"user_id": sandbox.people[ADA].user_id}
        assert raw.ok("doc.getList", params)["docs"]["doc"][0]["doc_id"] == made
        write(raw, "doc.setPerms", token, doc_id=made, share=PRIVATE)
        assert made not in listed(raw.ok("doc.getList", params))
        write(raw, "doc.setPerms", token, doc_id=made, share=PUBLIC)
        assert made in listed(raw.ok("doc.getList", params))
        write(raw, "doc.delete", token, doc_id=made)
        assert made not in listed(raw.ok("doc.getList", params))


def test_a_web_page_links_to_some_hundred_documents(many: RawClient) -> None:
    page = many.send("GET", f"{many.sandbox.url}/home/10175")
    assert page.status == 200
    assert len(page.body) < 100_000
