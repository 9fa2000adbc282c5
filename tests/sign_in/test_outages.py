"""The store of tokens does not work: what visitors see, and what is left when it is back."""

from __future__ import annotations

import logging
from threading import Barrier, Thread, Timer
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask, redirect, session
from flask.testing import FlaskClient
from flask_login import LoginManager, login_required
from flask_session import Session

from flask_ipernity import Ipernity, ipernity, sign_in_failed
from flask_ipernity.caching import backends
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import Browser, MakeApp
from tests.support.cookies import cookie_of
from tests.support.failing_tokens import ALL, FailingStore
from tests.support.fetch_metadata import BACKGROUND
from tests.support.signals import heard
from tests.support.views import with_views
from tests.support.visitor import consent, sign_in
from tests.support.waiting import until

CONFIRM = "/ipernity/cb/confirm"


@pytest.fixture(autouse=True)
def _try_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "STORE_RETRY_AFTER", 0.0)


def settings(store: FailingStore, kind: str) -> dict[str, Any]:
    if kind == "server":
        return {"IPERNITY_TOKEN_STORE": "server", "IPERNITY_CACHE": store}
    return {"IPERNITY_TOKEN_STORE": store}


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture(params=["server", "object"])
def app(make_app: MakeApp, store: FailingStore, request: pytest.FixtureRequest) -> Flask:
    return with_views(make_app(**settings(store, request.param)))


def form_token(text: str) -> str:
    return text.partition('name="token" value="')[2].partition('"')[0]


def assert_not_now(page: Any) -> None:
    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0


@pytest.mark.parametrize("down", [ALL, {"set"}, {"set", "delete"}], ids=["all", "set", "writes"])
def test_a_second_sign_in_that_cannot_be_kept_leaves_the_first(
    app: Flask, store: FailingStore, down: set[str]
) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    location = consent(client.get("/write").location)
    store.down = down
    with heard(sign_in_failed, app) as said:
        assert_not_now(client.get(location))
    assert said[0]["reason"] in ("not_kept", "unavailable")
    store.down = set()
    assert client.get("/who").text == "Ada Fontaine"
    assert client.get("/read").status_code == 200


def test_nor_does_a_change_of_account_that_cannot_be_kept(app: Flask, store: FailingStore) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    location = consent(client.get("/write").location, 1)
    store.down = {"set"}
    assert_not_now(client.get(location))
    store.down = set()
    assert client.get(consent(client.get("/write").location, 1)).location == CONFIRM
    token = form_token(client.get(CONFIRM).text)
    for down in (ALL, {"set"}):
        store.down = down
        assert_not_now(client.post(CONFIRM, data={"token": token, "answer": "continue"}))
    store.down = set()
    assert client.get("/who").text == "Ada Fontaine"
    client.post(CONFIRM, data={"token": token, "answer": "continue"})
    assert client.get("/who").text == "Jonas Weidmann"


def test_the_frob_is_not_spent_while_the_store_is_away(
    app: Flask, store: FailingStore, sandbox: Sandbox
) -> None:
    client = app.test_client()
    location = consent(client.get("/read").location)
    sandbox.clear_calls()
    store.down = ALL
    page = client.get(location)
    assert_not_now(page)
    assert "Sign in with Ipernity" in page.text
    assert sandbox.calls == []
    store.down = set()
    assert client.get(location).location == "/read"


def test_a_protected_page_of_a_signed_in_visitor_is_503_and_no_trip_to_ipernity(
    app: Flask, store: FailingStore
) -> None:
    app.add_url_rule("/start", "start", lambda: ipernity.authorize())
    client, stranger = app.test_client(), app.test_client()
    sign_in(client, "/read")
    store.down = ALL
    for path in ("/read", "/write", "/start", "/ipernity/cb/again?next=/read"):
        page = client.get(path)
        assert_not_now(page)
        assert page.location is None
        assert "Set-Cookie" not in page.headers
    for headers in BACKGROUND.values():
        assert client.get("/read", headers=headers).status_code == 503
    assert client.post("/read").status_code == 503
    # Pages for all, and visitors who were never signed in, do not depend on the store.
    assert client.get("/who").text == "nobody"
    assert stranger.get("/read").status_code == 302
    store.down = set()
    assert client.get("/who").text == "Ada Fontaine"
    assert client.get("/read").status_code == 200


def test_an_error_of_a_call_without_a_token_is_503_too(app: Flask, store: FailingStore) -> None:
    app.add_url_rule("/quota", "quota", lambda: ipernity.api.account.getQuota())
    client = app.test_client()
    sign_in(client, "/read")
    store.down = {"get"}
    assert_not_now(client.get("/quota"))


@pytest.mark.parametrize("own_loader", [False, True])
def test_with_flask_login_the_login_comes_back_with_the_store(
    sandbox: Sandbox, store: FailingStore, own_loader: bool
) -> None:
    from flask_ipernity.login import User

    app = Flask("tests")
    app.config.update(SECRET_KEY="test", IPERNITY_LOGIN=True, IPERNITY_PERMISSIONS={"doc": "read"})
    app.config.update(sandbox.config(), IPERNITY_TOKEN_STORE=store)
    app.test_client_class = Browser
    manager = LoginManager(app)
    if own_loader:
        manager.user_loader(lambda user_id: User({"user_id": user_id}))
    Ipernity(app)
    app.add_url_rule("/member", "member", login_required(lambda: "member"))
    client = app.test_client()
    sign_in(client, client.get("/member").location)
    store.down = ALL
    assert_not_now(client.get(client.get("/member").location))
    store.down = set()
    assert client.get("/member").text == "member"


def test_an_object_that_says_that_it_has_not_stored_is_believed(
    app: Flask, store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    location = consent(client.get("/read").location)
    monkeypatch.setattr(store, "set", lambda *args: False)
    assert_not_now(client.get(location))
    assert client.get("/who").text == "nobody"


def test_an_outage_is_one_warning_and_its_end_is_told(
    app: Flask, store: FailingStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = app.test_client()
    sign_in(client, "/read")
    store.down = ALL
    for _ in range(5):
        client.get("/read")
    store.down = set()
    client.get("/read")
    lines = [text for text in caplog.messages if text.startswith("IPERNITY_TOKEN_STORE")]
    assert len(lines) == 2
    assert "TimeoutError" in lines[0]


# --- sign-outs during an outage


def end_by_sign_out(client: FlaskClient) -> None:
    assert client.post("/out").text == "bye"


def end_by_new_sign_in(client: FlaskClient) -> None:
    client.get(consent(client.get("/write").location))


@pytest.mark.parametrize("end", [end_by_sign_out, end_by_new_sign_in])
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "another process"])
def test_an_old_cookie_stays_dead_when_the_store_is_back(
    make_app: MakeApp, app: Flask, store: FailingStore, end: Any, elsewhere: bool
) -> None:
    other = app
    if elsewhere:
        kind = app.extensions["ipernity"].settings.token_store
        other = with_views(make_app(**settings(store, kind if kind == "server" else "object")))
    client, thief = app.test_client(), other.test_client()
    sign_in(client, "/read")
    thief.set_cookie("session", cookie_of(client))
    store.down = {"delete"} if end is end_by_new_sign_in else ALL
    end(client)
    store.down = set()
    if elsewhere:
        assert until(lambda: thief.get("/who").text == "nobody")
    assert thief.get("/who").text == "nobody"
    assert thief.get("/read").status_code == 302


def test_what_is_owed_is_made_up_for_by_the_next_visitor_where_no_thread_may_run(
    app: Flask, store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Timer, "start", lambda self: None)
    client, other = app.test_client(), app.test_client()
    sign_in(client, "/read")
    sign_in(other, "/read", 1)
    store.down = {"delete"}
    client.post("/out")
    assert len(store._cache) == 2
    store.down = set()
    assert other.get("/who").text == "Jonas Weidmann"
    assert len(store._cache) == 1


def test_what_is_owed_is_made_up_for_without_a_visitor(app: Flask, store: FailingStore) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    [name] = store._cache
    store.down = {"delete"}
    client.post("/out")
    assert name in store._cache
    store.down = set()
    assert until(lambda: name not in store._cache)


# --- two callbacks at once


def at_once(apps: Flask, cookie: str, location: str) -> list[Any]:
    """Open the callback in two tabs, which send the same cookie."""
    answers: list[Any] = []
    gate = Barrier(2)

    def visit() -> None:
        tab = apps.test_client()
        tab.set_cookie("session", cookie)
        gate.wait(10)
        answers.append(tab.get(location))

    tabs = [Thread(target=visit) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    return answers


@pytest.fixture(params=["plain", "permanent", "own callback", "on the server"])
def twice(make_app: MakeApp, sandbox: Sandbox, request: pytest.FixtureRequest) -> Flask:
    app = with_views(make_app(IPERNITY_CALLBACK=request.param != "own callback"))

    @app.before_request
    def make_permanent() -> None:
        session.permanent = request.param == "permanent"

    if request.param == "on the server":
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
        Session(app)
    if request.param == "own callback":
        sandbox.callback_url = "http://localhost/back"
        app.add_url_rule("/back", "back", lambda: redirect(ipernity.set_token(), 303))
    return app


def test_of_two_callbacks_with_one_frob_the_loser_does_not_end_the_sign_in(twice: Flask) -> None:
    client = twice.test_client()
    location = consent(client.get("/read").location)
    answers = at_once(twice, cookie_of(client), location)
    # Whichever comes last, the browser has the cookie of the one that worked.
    worked = [answer for answer in answers if answer.status_code == 303]
    failed = [answer for answer in answers if answer.status_code != 303]
    assert (len(worked), len(failed)) == (1, 1)
    assert failed[0].status_code == 400
    assert "Set-Cookie" not in failed[0].headers
    # A third one with the cookie from before, such as of a page that is loaded again. A session on
    # the server is gone by then.
    twice.config.get("SESSION_CACHELIB", SimpleCache()).clear()
    late = twice.test_client()
    late.set_cookie("session", cookie_of(client))
    assert "Set-Cookie" not in late.get(location).headers


@pytest.mark.parametrize("fault", ["500", "cut", "112"])
def test_an_exchange_that_fails_leaves_the_session_as_it_is(
    twice: Flask, sandbox: Sandbox, fault: str
) -> None:
    client = twice.test_client()
    location = consent(client.get("/read?a=b").location)
    sandbox.fault("auth.getToken", fault)
    page = client.get(location)
    assert page.status_code in (502, 503)
    assert "Set-Cookie" not in page.headers
    assert "Sign in with Ipernity" in page.text
