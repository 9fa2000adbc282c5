"""What the application's own calls tell about documents spares the proxy's, for the same viewer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask

from flask_ipernity import ipernity
from flask_ipernity.media.listed_urls import MAX_BYTES, ListedURLs, listed_urls
from flask_ipernity.media.state import media_state
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.site.api import SiteAPI
from tests.support.apps import MakeApp
from tests.support.lookup import document
from tests.support.media import FILE, answered, files, picture, world
from tests.support.views import with_sign_in
from tests.support.visitor import sign_in

Told = Callable[[SiteAPI, str, list[str]], object]

#: How a view may have learnt of documents, and the label of which it then knows the URL.
TOLD: dict[str, tuple[Told, tuple[str, ...]]] = {
    "doc.getList": (
        lambda api, owner, ids: api.doc.getList(user_id=owner, thumbsize="240"),
        ("240",),
    ),
    "doc.search": (
        lambda api, owner, ids: api.doc.search(user_id=owner, thumbsize="100"),
        ("100",),
    ),
    "doc.get": (
        lambda api, owner, ids: [api.doc.get(doc_id=doc_id) for doc_id in ids],
        ("75x", "100"),
    ),
    "doc.get by numbers": (
        lambda api, owner, ids: ([api.call("docs.get", doc_id=int(doc_id)) for doc_id in ids]),
        ("100",),
    ),
}
#: What does not say by itself whose documents they are.
MEDIAS: Told = lambda api, owner, ids: [api.doc.getMedias(doc_id=doc_id) for doc_id in ids]  # noqa: E731


def _tell_all(told: list[Told], owner: str, ids: list[str], api: SiteAPI) -> None:
    for tell in told:
        tell(api, owner, ids)


def public(sandbox: Sandbox) -> tuple[str, list[str]]:
    """Return an owner and five public photos of hers."""
    owner = sandbox.people[0].user_id
    docs = [
        doc.doc_id
        for doc in sandbox.state.docs.values()
        if (doc.owner_id, doc.share, doc.media) == (owner, 4, "photo")
    ]
    return owner, docs[:5]


def with_view(app: Flask, tell: Callable[[SiteAPI], object]) -> Flask:
    """Add a view that makes calls as the current visitor."""

    @app.route("/view")
    def view() -> str:
        tell(ipernity.api)
        return "told"

    return with_sign_in(app)


@pytest.mark.parametrize("owners", [False, True], ids=["any owner", "chosen owners"])
@pytest.mark.parametrize("how", TOLD)
def test_five_pictures_of_a_view_cost_no_further_call(
    make_app: MakeApp, sandbox: Sandbox, how: str, owners: bool
) -> None:
    owner, ids = public(sandbox)
    config: dict[str, Any] = {"IPERNITY_PROXY_OWNERS": (owner,)} if owners else {}
    tell, labels = TOLD[how]
    client = with_view(make_app(**config), lambda api: tell(api, owner, ids)).test_client()
    client.get("/view")
    sandbox.clear_calls()
    for doc_id in ids:
        for label in labels:
            response = client.get(f"/ipernity/doc/{doc_id}/{label}")
            assert response.status_code == 200
            assert response.headers["Cache-Control"] == "public, max-age=86400"
    assert sandbox.calls == []


def test_the_files_of_documents_cost_no_further_call_where_the_owner_is_known(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    owner, ids = public(sandbox)
    told: list[Told] = []
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, []),
        ({"IPERNITY_PROXY_OWNERS": (owner,)}, ["doc.getList"]),
        ({"IPERNITY_PROXY_OWNERS": (owner,)}, ["doc.get"]),
    ]
    for config, before in cases:
        told = [*(TOLD[name][0] for name in before), MEDIAS]
        app = with_view(make_app(**config), partial(_tell_all, told, owner, ids))
        client = app.test_client()
        client.get("/view")
        sandbox.clear_calls()
        for doc_id in ids:
            for label in ("75x", "100"):
                assert client.get(f"/ipernity/doc/{doc_id}/{label}").status_code == 200
        assert sandbox.calls == []


@pytest.mark.parametrize("how", [*TOLD, "doc.getMedias", "explore.docs.getRecent"])
def test_nothing_that_is_told_serves_the_documents_of_other_owners(
    make_app: MakeApp, sandbox: Sandbox, how: str
) -> None:
    owner, ids = public(sandbox)
    stranger = sandbox.people[2].user_id
    other = document(sandbox, media="photo", share=4, owner_id=owner)
    tell = TOLD[how][0] if how in TOLD else MEDIAS
    if how == "explore.docs.getRecent":
        tell = lambda api, owner, ids: api.explore.docs.getRecent(thumbsize="240")  # noqa: E731
    app = with_view(
        make_app(IPERNITY_PROXY_OWNERS=(stranger,)), lambda api: tell(api, owner, [*ids])
    )
    client = app.test_client()
    client.get("/view")
    for doc_id in (*ids[:2], other.doc_id):
        for label in ("240", "original"):
            assert client.get(f"/ipernity/doc/{doc_id}/{label}").status_code == 404


@pytest.mark.parametrize("how", [*TOLD, "doc.getMedias"])
def test_what_a_visitors_token_has_seen_is_told_to_nobody_else(
    make_app: MakeApp, sandbox: Sandbox, how: str
) -> None:
    owner = sandbox.people[0].user_id
    hidden = [
        doc.doc_id
        for doc in sandbox.state.docs.values()
        if (doc.owner_id, doc.share, doc.media) == (owner, 0, "photo")
    ][:2]
    tell = TOLD[how][0] if how in TOLD else MEDIAS
    for config in ({}, {"IPERNITY_PROXY_OWNERS": (owner,)}):
        app = with_view(make_app(**config), lambda api: tell(api, owner, hidden))
        visitor = app.test_client()
        sign_in(visitor, "/in", 0)
        visitor.get("/view")
        for doc_id in hidden:
            for label in ("240", "original"):
                path = f"/ipernity/doc/{doc_id}/{label}"
                assert app.test_client().get(path).status_code == 404
                mine = visitor.get(path)
                assert mine.status_code == 200
                assert mine.headers["Cache-Control"] == "private, no-cache"
                assert app.test_client().get(path).status_code == 404


def test_a_larger_size_that_only_the_visitor_may_have_stays_hers(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    """Which sizes a document has depends on who asks."""
    with world() as here:
        everybody = files(here.source.port)
        del everybody["original"]

        @here.app.route("/view")
        def view() -> str:
            ipernity.api_for("12-0123456789ab").doc.getMedias(doc_id=1)
            return "told"

        here.api.steps = (answered(files(here.source.port)), answered(everybody))
        here.client.get("/view")
        assert here.client.get("/ipernity/doc/1/original").status_code == 404
        assert here.client.get("/ipernity/doc/1/240").data == FILE


@pytest.mark.parametrize(
    "answer",
    [
        {"doc": None},
        {"doc": []},
        {"doc": "x"},
        {"doc": {"doc_id": "2", "owner": {"user_id": "10175"}}},
        {"doc": {"doc_id": "1", "owner": {"user_id": "666"}}},
        {"doc": {"doc_id": "1", "owner": "10175"}},
        {"doc": {"doc_id": ["1"], "owner": {"user_id": "10175"}}},
        {"docs": {"doc": [{"doc_id": "1", "owner": {"user_id": "10175"}}]}},
        {},
    ],
)
def test_an_odd_document_tells_nothing_and_breaks_no_call(answer: dict[str, Any]) -> None:
    with world(picture(), IPERNITY_PROXY_OWNERS=("10175",)) as here:
        doc = answer.get("doc")
        if isinstance(doc, dict):
            doc.update(files(here.source.port))

        @here.app.route("/view")
        def view() -> str:
            ipernity.api.call("doc.get", doc_id="1")
            return "told"

        here.api.steps = (answered(answer), answered({"doc": None}))
        assert here.client.get("/view").text == "told"
        assert here.client.get("/ipernity/doc/1/240").status_code == 502
        assert len(here.api.requests) == 2


def test_lists_are_bounded_by_their_bytes() -> None:
    listed = ListedURLs(60)
    for number in range(0, 70, 7):
        url = f"https://u1.ipernity.com/{number}." + "x" * 4000
        records = [
            {"doc_id": str(doc_id), "thumb": {"label": "240", "url": url}}
            for doc_id in range(1, 501)
        ]
        listed.add("", listed_urls(records))
    held = sum(len(url) for kept in listed._lists for url in kept.urls.values())
    assert 0 < held <= MAX_BYTES
    assert listed.url("", "1", "240") == url


@pytest.mark.parametrize(
    "record",
    [
        {"doc_id": "1", "thumb": {"label": "240", "url": "https://u1.ipernity.com/" + "x" * 4096}},
        {"doc_id": "1", "thumb": {"label": "240", "url": ""}},
        {"doc_id": "1", "thumb": {"label": "999", "url": "https://u1.ipernity.com/x"}},
        {"doc_id": "9" * 100_000, "thumb": {"label": "240", "url": "https://u1.ipernity.com/x"}},
        {"doc_id": {"a": []}, "thumb": {"label": "240", "url": "https://u1.ipernity.com/x"}},
        {"doc_id": "1", "thumb": {"label": ["240"], "url": "https://u1.ipernity.com/x"}},
        {"doc_id": "1", "thumb": []},
        {"thumb": {"label": "240", "url": "https://u1.ipernity.com/x"}},
        None,
        5,
    ],
)
def test_what_cannot_be_served_is_not_kept(record: Any) -> None:
    good = {"doc_id": "2", "thumb": {"label": "100", "url": "https://u1.ipernity.com/y"}}
    assert listed_urls([record, good]) == {("2", "100"): "https://u1.ipernity.com/y"}
    assert listed_urls(record) == {}


def test_two_applications_are_told_apart(make_app: MakeApp, sandbox: Sandbox) -> None:
    owner, ids = public(sandbox)
    first = with_view(make_app(), lambda api: TOLD["doc.get"][0](api, owner, ids))
    second = make_app()
    first.test_client().get("/view")
    sandbox.clear_calls()
    assert second.test_client().get(f"/ipernity/doc/{ids[0]}/240").status_code == 200
    assert len(sandbox.calls) == 1
    memory = first.extensions["ipernity"].parts[media_state].lookup
    assert memory.guesses.is_known(ids[0])
