from __future__ import annotations

import re
import time
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_ipernity import ConfigurationError, ipernity, sign_in_failed, signed_in, signed_out
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.cookies import cookie_of, read
from tests.support.signals import heard
from tests.support.views import with_views
from tests.support.visitor import consent, sign_in

CONFIRM = "/ipernity/cb/confirm"
STORES: list[dict[str, object]] = [
    {"IPERNITY_TOKEN_STORE": "session"},
    {"IPERNITY_TOKEN_STORE": "sealed"},
    {"IPERNITY_TOKEN_STORE": "server", "IPERNITY_CACHE": "memory"},
]


@pytest.fixture(params=STORES, ids=lambda config: str(config["IPERNITY_TOKEN_STORE"]))
def app(make_app: MakeApp, request: pytest.FixtureRequest) -> Flask:
    return with_views(make_app(**request.param))


def come_back_as(client: FlaskClient, person: int, path: str = "/write?a=b") -> TestResponse:
    """Go to Ipernity for *path*, consent there as *person*, and return the callback's answer."""
    return client.get(consent(client.get(path).location, person))


def form_token(page: TestResponse) -> str:
    [token] = re.findall(r'name="token" value="([^"]*)"', page.text)
    return unescape(token)


def answer(client: FlaskClient, token: str, word: str) -> TestResponse:
    return client.post(CONFIRM, data={"token": token, "answer": word})


def test_another_account_is_asked_for_and_both_are_named(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read", person=0)
    back = come_back_as(client, 1)
    assert (back.status_code, back.location) == (303, CONFIRM)
    page = client.get(CONFIRM)
    assert "Ada Fontaine" in page.text
    assert "Jonas Weidmann" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert client.get("/who").text == "Ada Fontaine"


def test_continuing_signs_the_other_account_in_and_the_first_one_out(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read", person=0)
    come_back_as(client, 1)
    with heard(signed_out, app) as out, heard(signed_in, app) as into:
        onward = answer(client, form_token(client.get(CONFIRM)), "continue")
    assert (onward.status_code, onward.location) == (303, "/write?a=b")
    assert client.get("/who").text == "Jonas Weidmann"
    assert client.get("/write").status_code == 200
    assert [entry["user"]["username"] for entry in out] == ["Ada Fontaine"]
    assert [entry["user"]["username"] for entry in into] == ["Jonas Weidmann"]


def test_cancelling_keeps_the_first_account(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read", person=0)
    come_back_as(client, 1)
    token = form_token(client.get(CONFIRM))
    with heard(sign_in_failed, app) as said:
        onward = answer(client, token, "cancel")
    assert (onward.status_code, onward.location) == (303, "/")
    assert said == [{"reason": "other_account"}]
    assert client.get("/who").text == "Ada Fontaine"
    assert answer(client, token, "continue").status_code == 400
    assert client.get("/who").text == "Ada Fontaine"


def test_the_same_account_is_not_asked(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read", person=0)
    assert come_back_as(client, 0).location == "/write?a=b"


def test_the_answer_serves_once(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read", person=0)
    come_back_as(client, 1)
    token = form_token(client.get(CONFIRM))
    assert answer(client, token, "continue").status_code == 303
    assert answer(client, token, "continue").status_code == 400
    assert client.get(CONFIRM).status_code == 400


@pytest.mark.parametrize("token", ["", "x", "aGVsbG8.c2ln", "\u00fc"])
def test_a_forged_answer_is_refused_and_the_question_stays(app: Flask, token: str) -> None:
    client = app.test_client()
    sign_in(client, "/read", person=0)
    come_back_as(client, 1)
    with heard(sign_in_failed, app) as said:
        assert answer(client, token, "continue").status_code == 400
    assert said == [{"reason": "not_pending"}]
    assert client.get("/who").text == "Ada Fontaine"
    assert answer(client, form_token(client.get(CONFIRM)), "continue").status_code == 303


def test_an_answer_from_another_session_is_refused(app: Flask) -> None:
    ada, mallory = app.test_client(), app.test_client()
    for client in (ada, mallory):
        sign_in(client, "/read", person=0)
        come_back_as(client, 1)
    token = form_token(mallory.get(CONFIRM))
    assert answer(ada, token, "continue").status_code == 400
    assert ada.get("/who").text == "Ada Fontaine"


def test_the_answer_to_an_older_question_is_refused(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read", person=0)
    come_back_as(client, 1)
    older = form_token(client.get(CONFIRM))
    come_back_as(client, 2)
    assert answer(client, older, "continue").status_code == 400
    assert client.get("/who").text == "Ada Fontaine"


def test_an_answer_may_be_signed_with_the_secret_key_before(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read", person=0)
    come_back_as(client, 1)
    token = form_token(client.get(CONFIRM))
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["test"])
    assert answer(client, token, "continue").location == "/write?a=b"


def test_the_question_ends_with_the_time_for_sign_in(make_app: MakeApp) -> None:
    app = with_views(make_app(IPERNITY_SIGN_IN_MAX_AGE=60))
    client = app.test_client()
    sign_in(client, "/read", person=0)
    come_back_as(client, 1)
    token = form_token(client.get(CONFIRM))
    with client.session_transaction() as kept:
        kept["ipernity_candidate"]["at"] = int(time.time()) - 61
        kept.modified = True
    with heard(sign_in_failed, app) as said:
        assert answer(client, token, "continue").status_code == 400
    assert said == [{"reason": "expired"}]
    with client.session_transaction() as kept:
        assert "ipernity_candidate" not in kept


def test_what_waits_signs_nobody_in_and_shows_no_token(app: Flask, sandbox: Sandbox) -> None:
    app.config["SESSION_COOKIE_NAME"] = "session"
    client = app.test_client()
    sign_in(client, "/read", person=0)
    old = set(sandbox.state.tokens)
    come_back_as(client, 1)
    [token] = set(sandbox.state.tokens) - old
    settings = app.extensions["ipernity"].settings
    readable = settings.token_store == "session"
    assert (token in read(cookie_of(client))) is readable
    assert client.get("/who").text == "Ada Fontaine"
    client.post("/out")
    assert client.get("/who").text == "nobody"
    assert client.get(CONFIRM).status_code == 400


def test_what_waits_is_gone_from_the_server_after_the_answer(make_app: MakeApp) -> None:
    from tests.support.tokens import DictTokens

    store = DictTokens()
    client = with_views(make_app(IPERNITY_TOKEN_STORE=store)).test_client()
    sign_in(client, "/read", person=0)
    come_back_as(client, 1)
    assert len(store.records) == 2
    answer(client, form_token(client.get(CONFIRM)), "continue")
    assert len(store.records) == 1
    client.post("/out")
    assert store.records == {}


def test_everybody_is_asked_where_the_application_says_so(make_app: MakeApp) -> None:
    app = with_views(make_app(IPERNITY_CONFIRM_SIGN_IN=True))
    client = app.test_client()
    assert come_back_as(client, 1, "/read").location == CONFIRM
    page = client.get(CONFIRM)
    assert "Continue as Jonas Weidmann" in page.text
    assert "Cancel" in page.text
    assert client.get("/who").text == "nobody"
    with heard(sign_in_failed, app) as said:
        assert answer(client, form_token(page), "cancel").location == "/"
    assert said == [{"reason": "refused"}]
    assert client.get("/who").text == "nobody"
    come_back_as(client, 1, "/read")
    assert answer(client, form_token(client.get(CONFIRM)), "continue").location == "/read"
    assert client.get("/who").text == "Jonas Weidmann"


def test_fewer_permissions_than_asked_for_show_after_the_answer_too(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_views(make_app(IPERNITY_CONFIRM_SIGN_IN=True))
    client = app.test_client()
    location = consent(client.get("/write").location)
    with sandbox.state.lock:
        for frob in sandbox.state.frobs.values():
            frob.permissions = {"doc": "read"}
    client.get(location)
    page = answer(client, form_token(client.get(CONFIRM)), "continue")
    assert page.status_code == 403
    assert "doc write, network read is missing" in page.text


def test_a_callback_of_ones_own_does_not_replace_who_is_signed_in(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_views(make_app(IPERNITY_CALLBACK=False))

    @app.route("/back")
    def back() -> Any:
        ipernity.set_token()
        return "in"

    sandbox.callback_url = "http://localhost/back"
    client = app.test_client()
    come_back_as(client, 0, "/read")
    with heard(sign_in_failed, app) as said:
        page = come_back_as(client, 1, "/write")
    assert page.status_code == 400
    assert "another account" in page.text
    assert said == [{"reason": "other_account"}]
    assert client.get("/who").text == "Ada Fontaine"
    with client.session_transaction() as kept:
        assert "ipernity_candidate" not in kept


def test_confirming_needs_the_callback_of_the_extension(make_app: MakeApp) -> None:
    with pytest.raises(ConfigurationError, match="IPERNITY_CALLBACK"):
        make_app(IPERNITY_CONFIRM_SIGN_IN=True, IPERNITY_CALLBACK=False)
    app = make_app(IPERNITY_CONFIRM_SIGN_IN=True)
    with app.test_request_context(), pytest.raises(ConfigurationError, match="set_token"):
        ipernity.set_token("1-a")
