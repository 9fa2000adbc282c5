"""Strangers who try document numbers use up a budget of their own, not the site's calls."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask
from flask.testing import FlaskClient

from flask_ipernity import ipernity
from flask_ipernity.media import guesses, lookup
from flask_ipernity.media.addresses import visitor_address
from flask_ipernity.media.guesses import FOR_ALL, PER_VISITOR, GuessBudget, GuessesSpent
from flask_ipernity.sandbox import Sandbox
from tests.support import stub
from tests.support.apps import MakeApp
from tests.support.lookup import document
from tests.support.media import assert_safe, picture, world
from tests.support.views import with_sign_in
from tests.support.visitor import sign_in


def guess(client: FlaskClient, count: int, address: str = "127.0.0.1", start: int = 1) -> list[int]:
    """Ask for documents that do not exist; return the statuses."""
    return [
        client.get(f"/ipernity/doc/{number}/240", environ_base={"REMOTE_ADDR": address}).status_code
        for number in range(start, start + count)
    ]


def with_pages(app: Flask, sandbox: Sandbox) -> Flask:
    """Add the site's own pages."""
    owner = sandbox.people[0].user_id

    @app.route("/page")
    def page() -> list[str]:
        docs = ipernity.api.doc.getList(user_id=owner, thumbsize="240")
        return [doc["doc_id"] for doc in docs["docs"]["doc"]]

    @app.route("/signed/<doc_id>")
    def address_of(doc_id: str) -> str:
        return ipernity.media_url(doc_id, "500", as_owner=True)

    return with_sign_in(app)


@pytest.mark.slow
@pytest.mark.parametrize("owners", [False, True], ids=["any owner", "chosen owners"])
@pytest.mark.parametrize("addresses", [1, 25])
def test_guessing_costs_the_guesser_and_not_the_site(
    make_app: MakeApp, sandbox: Sandbox, owners: bool, addresses: int
) -> None:
    owner = sandbox.people[0].user_id
    config: dict[str, Any] = {"IPERNITY_PROXY_OWNERS": (owner,)} if owners else {}
    app = with_pages(make_app(IPERNITY_OWNER_TOKEN=sandbox.sign_in(0), **config), sandbox)
    kept = document(sandbox, media="photo", share=4, owner_id=owner)
    hidden = document(sandbox, media="photo", share=0, owner_id=owner)
    visitor, stranger = app.test_client(), app.test_client()
    sign_in(visitor, "/in", 0)
    assert stranger.get(f"/ipernity/doc/{kept.doc_id}/240").status_code == 200
    sandbox.clear_calls()
    statuses = [
        status
        for number in range(addresses)
        for status in guess(stranger, 100 // addresses, f"198.51.100.{number}", 1 + 150 * number)
    ]
    assert set(statuses) == {404}
    assert len(sandbox.calls) <= (PER_VISITOR.burst if addresses == 1 else FOR_ALL.burst) + 3
    if addresses == 1:
        # another stranger is not held to it, until all together have used up theirs
        sandbox.clear_calls()
        assert guess(stranger, 1, "203.0.113.1", 90_000) == [404]
        assert len(sandbox.calls) == 1
    guess(stranger, 30, start=91_000)
    sandbox.clear_calls()
    refused = stranger.get("/ipernity/doc/77777/240")
    assert (refused.status_code, refused.headers["Cache-Control"]) == (404, "no-store")
    assert_safe(refused)
    assert sandbox.calls == []
    # what is known, the site's own pages and their pictures, and signed addresses go on
    assert stranger.get(f"/ipernity/doc/{kept.doc_id}/100").status_code == 200
    numbers = stranger.get("/page").json or []
    assert numbers
    for number in numbers[:5]:
        assert stranger.get(f"/ipernity/doc/{number}/240").status_code == 200
    assert stranger.get(stranger.get(f"/signed/{hidden.doc_id}").text).status_code == 200
    # and so do visitors who are signed in
    assert visitor.get(f"/ipernity/doc/{hidden.doc_id}/240").status_code == 200
    assert stranger.get(f"/ipernity/doc/{hidden.doc_id}/240").status_code == 404


def test_documents_that_are_found_cost_nothing() -> None:
    with world(picture()) as here:
        client, address = here.client, {"REMOTE_ADDR": "198.51.100.7"}
        for number in range(1, 2 * FOR_ALL.burst):
            for label, status in (("240", 200), ("2048", 404)):
                # a size that a document does not have is no guess either
                response = client.get(f"/ipernity/doc/{number}/{label}", environ_base=address)
                assert response.status_code == status
        assert len(here.api.requests) == 2 * FOR_ALL.burst - 1
        here.api.steps = (stub.error(1),)
        assert guess(client, 1, "198.51.100.7", 1000) == [404]
        assert len(here.api.requests) == 2 * FOR_ALL.burst


def test_a_missing_picture_of_a_page_costs_no_more_than_one_guess(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookup, "MISSING_SECONDS", 0.0)
    with world(api=[stub.error(1)]) as here:
        for visitor in range(3 * FOR_ALL.burst):
            assert guess(here.client, 1, f"198.51.100.{visitor}") == [404]
        assert len(here.api.requests) == 3 * FOR_ALL.burst
        assert guess(here.client, 1, start=2) == [404]
        assert len(here.api.requests) == 3 * FOR_ALL.burst + 1


def test_a_stranger_cannot_find_out_what_only_others_may_see(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_sign_in(make_app())
    owner, stranger = app.test_client(), app.test_client()
    sign_in(owner, "/in", 0)
    hidden = document(sandbox, media="photo", share=0, owner_id=sandbox.people[0].user_id)
    path = f"/ipernity/doc/{hidden.doc_id}/240"
    assert owner.get(path).status_code == 200
    guess(stranger, 2 * FOR_ALL.burst)
    answers = [stranger.get(path), stranger.get("/ipernity/doc/99/240")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].data == answers[1].data
    assert list(answers[0].headers) == list(answers[1].headers)
    assert owner.get(path).status_code == 200


def test_a_page_of_private_pictures_costs_its_visitor_nothing(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_sign_in(make_app())
    visitor = app.test_client()
    sign_in(visitor, "/in", 0)
    owner = sandbox.people[0].user_id
    hidden = [doc for doc in sandbox.state.docs.values() if doc.owner_id == owner and doc.share < 4]
    for _ in range(6):
        for doc in hidden:
            path = f"/ipernity/doc/{doc.doc_id}/240"
            assert (
                visitor.get(path, environ_base={"REMOTE_ADDR": "198.51.100.8"}).status_code == 200
            )
    sandbox.clear_calls()
    assert guess(app.test_client(), 1, "198.51.100.8") == [404]
    assert len(sandbox.calls) == 1


@pytest.mark.slow
def test_an_account_does_not_make_guesses_cheaper(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = with_sign_in(make_app())
    visitor, other = app.test_client(), app.test_client()
    sign_in(visitor, "/in", 2)
    sign_in(other, "/in", 0)
    sandbox.clear_calls()
    statuses = guess(visitor, 200)
    assert set(statuses) == {404}
    assert len(sandbox.calls) < 2 * (PER_VISITOR.burst + FOR_ALL.burst)
    sandbox.clear_calls()
    assert guess(other, 3, start=50_000) == [404] * 3
    assert len(sandbox.calls) >= 3


def test_applications_with_one_store_share_the_budget(make_app: MakeApp, sandbox: Sandbox) -> None:
    store = SimpleCache()
    apps = [make_app(IPERNITY_CACHE=store) for _ in range(3)]
    clients = [app.test_client() for app in apps]
    sandbox.clear_calls()
    for number in range(1, 150, 3):
        for place, client in enumerate(clients):
            client.get(f"/ipernity/doc/{number + place}/240")
    assert FOR_ALL.burst <= len(sandbox.calls) <= FOR_ALL.burst + 6
    for broken in ("x", "[]", "[1]", '["a", 1]', "[1e999, 0]", "[NaN, NaN]", "{}", "null", "5"):
        keys = [key for key in store._cache if "guesses" in key]
        assert keys
        store.set(keys[0], broken)
        assert clients[0].get("/ipernity/doc/400/240").status_code == 404


def test_a_clock_that_is_wrong_stops_nobody_for_long() -> None:
    now = 1000.0

    class Texts:
        text: str | None = None

        def get_many(self, *keys: str) -> list[str | None]:
            return [self.text]

        def set(self, key: str, text: str, seconds: float) -> bool:
            return True

    texts: Any = Texts()
    texts.text = json.dumps([-1e18, now + 1e9])
    budget = GuessBudget(texts, "k", lambda: now)
    with pytest.raises(GuessesSpent):
        budget.check("a", is_stranger=True)
    texts.text = None
    now += 60
    budget.check("a", is_stranger=True)


def test_the_budget_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    budget = GuessBudget(clock=lambda: now)
    with caplog.at_level(logging.WARNING):
        for _ in range(FOR_ALL.burst):
            budget.check(None, is_stranger=True)
            budget.count("1", None, is_stranger=True)
    assert "documents that do not exist" in caplog.text
    assert len(caplog.records) == 1
    with pytest.raises(GuessesSpent):
        budget.check(None, is_stranger=True)
    now += 1
    budget.check(None, is_stranger=True)
    now += 1000
    for _ in range(PER_VISITOR.burst):
        budget.check("a", is_stranger=True)
        budget.count("1", "a", is_stranger=True)
    with pytest.raises(GuessesSpent):
        budget.check("a", is_stranger=True)
    budget.check("b", is_stranger=True)
    now += 5
    budget.check("a", is_stranger=True)


def test_many_addresses_and_documents_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "_MAX_ENTRIES", 100)
    budget = GuessBudget()
    for number in range(1000):
        budget.count(str(number), str(number), is_stranger=True)
        budget.add_known(str(number))
    assert len(budget._visitors) == len(budget._known) == len(budget._tried) == 100
    assert budget.is_known("999")
    assert not budget.is_known("1")


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.2", "127.0.0.2"),
        ("127.0.0.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("", None),
        (None, None),
        ("unix:", None),
    ],
)
def test_visitors_are_told_apart_by_their_addresses(
    remote: str | None, expected: str | None
) -> None:
    assert visitor_address(remote) == expected
