"""An attacker who has planted a session id in a visitor's browser does not share the sign-in.

A sibling subdomain, for example, can set a cookie for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask, session
from flask.testing import FlaskClient
from flask_login import LoginManager
from flask_session import Session

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import Browser
from tests.support.cookies import cookie_of
from tests.support.views import with_views
from tests.support.visitor import consent

#: Flask-Session says that two of its ways to store are to be replaced.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:flask_session")

CONFIRM = "/ipernity/cb/confirm"

Plant = Callable[[FlaskClient, FlaskClient], str]


def session_settings(request: pytest.FixtureRequest, folder: Path) -> dict[str, Any]:
    match request.param:
        case "cachelib":
            return {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": SimpleCache()}
        case "filesystem":
            return {"SESSION_TYPE": "filesystem", "SESSION_FILE_DIR": str(folder / "sessions")}
        case "redis":
            from redis import Redis

            return {
                "SESSION_TYPE": "redis",
                "SESSION_REDIS": Redis.from_url(request.getfixturevalue("redis").url),
            }
    raise AssertionError(request.param)


@pytest.fixture(params=["cachelib", "filesystem", "redis"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """What Flask-Session is set up with: each of its stores that can be had without a server."""
    return session_settings(request, tmp_path)


def site(sandbox: Sandbox, settings: dict[str, Any], **config: Any) -> Flask:
    app = Flask("tests")
    app.config.update(SECRET_KEY="test", IPERNITY_PERMISSIONS={"doc": "read"}, **settings)
    app.config.update(sandbox.config())
    app.config.update(config)
    app.test_client_class = Browser
    Session(app)
    if app.config.get("IPERNITY_LOGIN"):
        LoginManager(app)
    Ipernity(app)
    with_views(app)

    @app.route("/basket")
    def basket() -> str:
        return str(session.setdefault("basket", 1))

    @app.route("/empty")
    def empty() -> str:
        session.clear()
        session["x"] = 1
        del session["x"]
        return "empty"

    return app


def planted(thief: FlaskClient, victim: FlaskClient, path: str) -> str:
    """Let the thief get a session by opening *path*, and plant its id in the victim's browser."""
    thief.get(path)
    name = cookie_of(thief)
    assert name
    victim.set_cookie("session", name)
    return name


TOKEN_STORES: list[dict[str, object]] = [
    {"IPERNITY_TOKEN_STORE": "session"},
    {"IPERNITY_TOKEN_STORE": "sealed"},
    {"IPERNITY_TOKEN_STORE": "server", "IPERNITY_CACHE": "memory"},
    {"IPERNITY_LOGIN": True},
]
by_store = pytest.mark.parametrize(
    "tokens", TOKEN_STORES, ids=["session", "sealed", "server", "login"]
)
few_stores = pytest.mark.parametrize(
    "tokens", [TOKEN_STORES[0], TOKEN_STORES[3]], ids=["", "login"]
)
#: A session in which there is only what the sign-in has put there, and one with something else.
with_and_without = pytest.mark.parametrize("first", ["/read", "/basket"])


@pytest.mark.slow
@by_store
@with_and_without
def test_a_planted_session_is_not_that_of_the_visitor_who_signs_in(
    sandbox: Sandbox, settings: dict[str, Any], tokens: dict[str, Any], first: str
) -> None:
    app = site(sandbox, settings, **tokens)
    thief, victim = app.test_client(), app.test_client()
    name = planted(thief, victim, first)
    assert victim.get(consent(victim.get("/read").location)).status_code == 303
    assert victim.get("/who").text == "Ada Fontaine"
    assert cookie_of(victim) not in ("", name)
    assert thief.get("/who").text == "nobody"


@pytest.mark.parametrize("settings", ["cachelib"], indirect=True)
@few_stores
@with_and_without
def test_nor_does_its_owner_get_the_question_and_answer_it(
    sandbox: Sandbox, settings: dict[str, Any], tokens: dict[str, Any], first: str
) -> None:
    app = site(sandbox, settings, IPERNITY_CONFIRM_SIGN_IN=True, **tokens)
    thief, victim = app.test_client(), app.test_client()
    planted(thief, victim, first)
    assert victim.get(consent(victim.get("/read").location)).location == CONFIRM
    assert thief.get(CONFIRM).status_code == 400
    page = victim.get(CONFIRM)
    between = cookie_of(victim)
    token = page.text.partition('name="token" value="')[2].partition('"')[0]
    victim.post(CONFIRM, data={"token": token, "answer": "continue"})
    assert victim.get("/who").text == "Ada Fontaine"
    assert cookie_of(victim) != between
    spy = app.test_client()
    spy.set_cookie("session", between)
    assert spy.get("/who").text == thief.get("/who").text == "nobody"


@pytest.mark.parametrize("settings", ["cachelib"], indirect=True)
@few_stores
@pytest.mark.parametrize("after", ["/basket", "/who"])
def test_after_a_sign_out_the_old_session_is_gone_and_the_next_has_another_id(
    sandbox: Sandbox, settings: dict[str, Any], tokens: dict[str, Any], after: str
) -> None:
    app = site(sandbox, settings, **tokens)
    client, thief = app.test_client(), app.test_client()
    client.get(consent(client.get("/read").location))
    client.get(after)
    name = cookie_of(client)
    thief.set_cookie("session", name)
    assert client.post("/out").text == "bye"
    assert cookie_of(client) != name
    assert client.get("/who").text == thief.get("/who").text == "nobody"
    client.get("/basket")
    assert cookie_of(client) != name


def test_a_session_that_is_quite_empty_is_renewed_too(sandbox: Sandbox) -> None:
    app = site(sandbox, {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": SimpleCache()})
    with app.test_request_context():
        before = session.sid  # type: ignore[attr-defined]
        ipernity.logout()
        assert session.sid != before  # type: ignore[attr-defined]
        assert dict(session) == {"_permanent": True} or not session
