"""Lists without records, whether the service answers them without a key or as ``[]``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any, NamedTuple, get_args

import pytest
from flask import Flask, render_template_string

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.client import IpernityAPI
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.unknowns import EmptyLists
from tests.support.empty_account import EmptyAccount, answers_lists, list_paths
from tests.support.skeletons import entries, skeleton

KINDS = get_args(EmptyLists)
MISSING = object()


class Empty(NamedTuple):
    kind: str
    sandbox: Sandbox
    account: EmptyAccount
    api: IpernityAPI


@pytest.fixture(scope="module", params=KINDS)
def empty(request: pytest.FixtureRequest) -> Iterator[Empty]:
    with Sandbox(empty_lists=request.param) as sandbox:
        account = EmptyAccount(sandbox)
        api = IpernityAPI(sandbox.app_key, sandbox.app_secret, account.token, url=sandbox.api_url)
        yield Empty(request.param, sandbox, account, api)


def at(answer: Any, path: str) -> Any:
    """Return what is at a path of an answer, or MISSING."""
    for key in path.split("."):
        answer = answer.get(key, MISSING) if isinstance(answer, dict) else MISSING
    return answer


def test_each_method_with_a_list_is_tried() -> None:
    with Sandbox() as sandbox:
        assert set(EmptyAccount(sandbox).arguments) == set(answers_lists())


def test_each_list_is_answered_as_it_is_known_to_be_or_as_chosen(empty: Empty) -> None:
    seen = set()
    for method, params in empty.account.arguments.items():
        known = entries()[method].get("empty_lists", {})
        for turn in range(2):
            answer = empty.api.call(method, **params)
            for path in list_paths(skeleton(method)[0]):
                if path in ("doc.thumbs.thumb", "doc.medias.media"):
                    continue
                found = at(answer, path)
                assert found in (MISSING, []), (method, path)
                if known.get(path) == "list" or empty.kind == "list":
                    assert found == [], (method, path)
                elif empty.kind == "absent" or turn == 0:
                    assert found is MISSING, (method, path)
                else:
                    assert found == [], (method, path)
                if known.get(path) == "whole" and found is MISSING:
                    assert at(answer, path.rpartition(".")[0]) is MISSING
                seen.add(path.rpartition(".")[2])
    assert {"doc", "album", "fave", "visit", "comment", "note", "tag", "group", "user"} <= seen


def test_an_account_without_albums_is_page_1_of_0(empty: Empty) -> None:
    options: list[dict[str, Any]] = [{}, {"empty": 1}, {"page": 3}]
    for params in options:
        albums = empty.api.album.getList(**params)["albums"]
        assert albums["album"] == []
        assert (albums["pages"], albums["total"], albums["count"]) == ("0", "0", "0")


def test_walks_pages_and_typed_methods_take_every_form(empty: Empty) -> None:
    for method, params in empty.account.arguments.items():
        row = entries()[method]
        call: Any = reduce(getattr, method.split("."), empty.api)
        for _ in range(2):
            assert call(**params)["api"]["status"] == "ok"
            if not row["paged"]:
                continue
            walked: dict[str, Any] = {key: value for key, value in params.items() if key != "page"}
            if method == "explore.docs.homepage":
                walked["page"] = "99"
            walk = empty.api.walk_data(method, **walked)
            assert list(walk) == []
            if method != "explore.docs.homepage":
                assert walk.total == 0
                page = empty.api.page(method, **walked)
                assert list(page.items) == []
                assert (page.total, page.pages, page.has_next) == (0, 0, False)


def test_a_template_loops_over_nothing(empty: Empty) -> None:
    app = Flask("tests")
    app.config.update(empty.sandbox.config(), SECRET_KEY="x", IPERNITY_APP_KEY=empty.api.api_key)
    Ipernity(app)
    user_id = empty.sandbox.people[2].user_id
    with app.test_request_context():
        for _ in range(2):
            text = render_template_string(
                "{% for doc in docs.doc %}x{% else %}none{% endfor %}"
                "{% for album in albums.album %}x{% else %}none{% endfor %}",
                docs=ipernity.api.doc.getList(user_id=user_id)["docs"],
                albums=ipernity.api.album.getList(user_id=user_id)["albums"],
            )
            assert text == "nonenone"


@pytest.mark.parametrize("kind", KINDS)
def test_notes_are_never_there_without_a_list(kind: EmptyLists) -> None:
    with Sandbox(empty_lists=kind) as sandbox:
        api = IpernityAPI(sandbox.app_key, sandbox.app_secret, url=sandbox.api_url)
        bare = [doc.doc_id for doc in sandbox.state.docs.values() if doc.share == 4][:4]
        for number in bare:
            sandbox.state.docs[number].notes = sandbox.state.docs[number].notes[:1]
            shown = api.doc.get(doc_id=number, extra="notes")["doc"]
            if "notes" in shown:
                assert len(shown["notes"]["note"]) == int(shown["notes"]["total"])
            else:
                assert sandbox.state.docs[number].notes == []


def test_there_are_three_ways() -> None:
    with pytest.raises(ValueError, match="absent, list, mixed"):
        Sandbox(empty_lists="none")  # type: ignore[arg-type]
