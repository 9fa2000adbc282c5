"""Requests that no person has made by opening a page begin and end no sign-in.

They do not even write the session: a late response with an old cookie would bring back what
another one has removed.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, redirect, session
from flask.testing import FlaskClient

from flask_ipernity import ipernity, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.cookies import cookie_of
from tests.support.fetch_metadata import BACKGROUND, Headers, navigation
from tests.support.views import with_views
from tests.support.visitor import consent, sign_in

each_kind = pytest.mark.parametrize("headers", BACKGROUND.values(), ids=BACKGROUND)


def with_more_views(app: Flask) -> Flask:
    with_views(app)

    @app.before_request
    def make_permanent() -> None:
        if app.config.get("PERMANENT"):
            session.permanent = True

    app.add_url_rule("/start", "start", lambda: ipernity.authorize())
    app.add_url_rule("/list", "list", lambda: ipernity.api.account.getQuota())
    return app


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return with_more_views(make_app())


def pending(client: FlaskClient) -> int:
    with client.session_transaction() as kept:
        return len(kept.get("ipernity_sign_ins", []))


@each_kind
def test_they_start_nothing_and_get_no_cookie(app: Flask, headers: Headers) -> None:
    client = app.test_client()
    for path in ("/read", "/write", "/list", "/start"):
        response = client.get(path, headers=headers)
        assert response.status_code in (400, 401)
        assert "authorize" not in response.text
        assert "Set-Cookie" not in response.headers
    assert client.post("/read", headers=headers).status_code == 401
    assert client.head("/read").status_code == 401
    assert pending(client) == 0


def test_a_poll_does_not_prepare_a_forged_callback(app: Flask, sandbox: Sandbox) -> None:
    attacker, victim = app.test_client(), app.test_client()
    forged = consent(attacker.get("/read").location)
    sandbox.clear_calls()
    for _ in range(3):
        victim.get("/read", headers=BACKGROUND["fetch"])
    assert victim.get(forged, headers=navigation("cross-site")).status_code == 400
    assert victim.get("/who").text == "nobody"
    assert sandbox.calls == []


@pytest.mark.parametrize("path", ["/read", "/write"])
def test_the_address_in_the_answer_starts_a_sign_in_with_what_the_view_needs(
    app: Flask, path: str
) -> None:
    client = app.test_client()
    answer = client.get(path, headers=BACKGROUND["fetch"])
    assert answer.json is not None
    assert answer.json["sign_in"].startswith("/ipernity/cb/again?")
    start = client.get(answer.json["sign_in"], headers=navigation("same-origin"))
    assert client.get(consent(start.location)).status_code == 303
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("store", ["session", "server"])
@pytest.mark.parametrize("permanent", [False, True])
@pytest.mark.parametrize("kind", ["fetch", "picture"])
def test_a_late_answer_brings_no_ended_session_back(
    make_app: MakeApp, sandbox: Sandbox, store: str, permanent: bool, kind: str
) -> None:
    config = {"IPERNITY_TOKEN_STORE": store, "IPERNITY_CACHE": "memory", "PERMANENT": permanent}
    app = with_more_views(make_app(**config))
    client, late = app.test_client(), app.test_client()
    sign_in(client, "/read")
    late.set_cookie("session", cookie_of(client))
    # What the browser has sent before the sign-out, and what it gets after it: more permissions
    # are needed, or the token is dead.
    missing = late.get("/write", headers=BACKGROUND[kind])
    for token in list(sandbox.state.tokens):
        sandbox.revoke(token)
    dead = late.get("/list", headers=BACKGROUND[kind])
    assert [missing.status_code, dead.status_code] == [401, 401]
    assert [answer.headers.get("Set-Cookie") for answer in (missing, dead)] == [None, None]
    assert late.get("/list", headers=navigation("none")).status_code == 302
    assert late.get("/who").text == "nobody"


@pytest.fixture
def own(make_app: MakeApp, sandbox: Sandbox) -> Flask:
    """An application with the callback of the documentation."""
    app = with_more_views(make_app(IPERNITY_CALLBACK=False))

    @app.route("/back", methods=["GET", "POST"])
    def back() -> Any:
        return redirect(ipernity.set_token(), 303)

    sandbox.callback_url = "http://localhost/back"
    return app


@each_kind
def test_a_callback_of_ones_own_does_not_spend_the_frob_for_them(
    own: Flask, sandbox: Sandbox, headers: Headers
) -> None:
    client = own.test_client()
    location = consent(client.get("/read").location)
    sandbox.clear_calls()
    assert client.get(location, headers=headers).status_code == 400
    assert sandbox.calls == []
    assert client.get(location).status_code == 303
    assert client.get("/who").text == "Ada Fontaine"


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS"])
def test_nor_for_another_method(own: Flask, sandbox: Sandbox, method: str) -> None:
    client = own.test_client()
    location = consent(client.get("/read").location)
    sandbox.clear_calls()
    refused = client.open(location, method=method)
    assert refused.status_code == (200 if method == "OPTIONS" else 405)
    assert refused.headers["Allow"]
    assert sandbox.calls == []
    assert client.get(location).status_code == 303


def test_a_site_with_a_callback_of_its_own_offers_a_way_to_start_too(own: Flask) -> None:
    client = own.test_client()
    answer = client.get("/write", headers=BACKGROUND["fetch"])
    assert answer.json is not None
    landed = client.get(consent(client.get(answer.json["sign_in"]).location))
    assert landed.status_code == 303
    assert client.get("/write").status_code == 200
    assert client.get("/ipernity/cb").status_code == 404


def test_the_page_of_a_form_that_nobody_may_send_has_a_link_that_starts(app: Flask) -> None:
    client = app.test_client()
    page = client.post("/read", headers={"Referer": "http://localhost/who?a=b"})
    link = page.text.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert pending(client) == 0
    assert client.get(consent(client.get(link).location)).location == "/who?a=b"


def test_a_view_that_is_a_coroutine_asks_in_the_same_way(make_app: MakeApp) -> None:
    app = make_app()

    @app.route("/later")
    @ipernity_auth_required({"blog": "write"})
    async def later() -> str:
        return "later"

    client = app.test_client()
    answer = client.get("/later", headers=BACKGROUND["fetch"])
    assert answer.json is not None
    assert "perm_blog=write" in answer.json["sign_in"]
    assert "Set-Cookie" not in answer.headers
