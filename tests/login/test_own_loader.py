"""With a user loader of one's own, only who has a token is logged in, and signing out ends all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask, session
from flask.testing import FlaskClient
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    encode_cookie,
    login_required,
    login_user,
    logout_user,
    user_logged_out,
)

from flask_ipernity import Ipernity, ipernity, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import Browser
from tests.support.cookies import cookie_of
from tests.support.fetch_metadata import BACKGROUND, navigation
from tests.support.signals import heard
from tests.support.visitor import consent, sign_in


class Member(UserMixin):  # type: ignore[misc]
    def __init__(self, user_id: str, active: bool = True) -> None:
        self.id = user_id
        self.active = active

    @property
    def is_active(self) -> bool:
        return self.active


Loader = Callable[[str], Any]
#: When the application sets its user loader: before the extension is set up, after it, after the
#: first visitor, or never.
TIMES = ["before", "after", "late", "never"]


def site(
    sandbox: Sandbox, when: str = "before", loader: Loader = Member, **config: Any
) -> tuple[Flask, dict[str, Any]]:
    """Return an application whose tokens are on the server, and the records there."""
    store = SimpleCache()
    app = Flask("tests")
    app.config.update(SECRET_KEY="test", IPERNITY_LOGIN=True, IPERNITY_PERMISSIONS={"doc": "read"})
    app.config.update(sandbox.config(), IPERNITY_TOKEN_STORE=store, **config)
    app.test_client_class = Browser
    manager = LoginManager(app)
    if when == "before":
        manager.user_loader(loader)
    Ipernity(app)
    if when == "after":
        manager.user_loader(loader)
    app.add_url_rule("/members", "members", login_required(lambda: "members"))
    app.add_url_rule("/read", "read", ipernity_auth_required()(lambda: "read"))
    app.add_url_rule("/in", "in", lambda: str(current_user.is_authenticated))
    app.add_url_rule("/call", "call", lambda: ipernity.api.account.getQuota())
    app.add_url_rule("/token", "token", lambda: str(ipernity.api.token is not None))

    @app.post("/remember")
    def remember() -> str:
        login_user(current_user, remember=True)
        return "remembered"

    @app.post("/out/<how>")
    def out(how: str) -> str:
        logout_user() if how == "logout_user" else ipernity.logout()
        return str(current_user.is_authenticated)

    if when == "late":
        app.test_client().get("/in")
        manager.user_loader(loader)
    return app, store._cache


def enter(client: FlaskClient, person: int = 0) -> None:
    assert sign_in(client, client.get("/members").location, person).text == "members"
    assert client.get("/in").text == "True"


REMEMBER = "remember_token"


def copied(app: Flask, client: FlaskClient) -> FlaskClient:
    """Return a browser with the cookies of another."""
    copy = app.test_client()
    copy.set_cookie("session", cookie_of(client))
    if remembered := client.get_cookie(REMEMBER):
        copy.set_cookie(REMEMBER, remembered.value)
    return copy


@pytest.mark.parametrize(
    ("when", "remember"), [*((when, True) for when in TIMES), ("before", False), ("late", False)]
)
@pytest.mark.parametrize("end", ["sign-out", "record deleted", "token revoked"])
def test_nobody_is_logged_in_without_a_token(
    sandbox: Sandbox, when: str, remember: bool, end: str
) -> None:
    app, records = site(sandbox, when)
    client = app.test_client()
    enter(client)
    if remember:
        client.post("/remember")
        assert client.get_cookie(REMEMBER)
    old = copied(app, client)
    match end:
        case "sign-out":
            assert client.post("/ipernity/logout").status_code == 303
        case "record deleted":
            records.clear()
        case "token revoked":
            for token in list(sandbox.state.tokens):
                sandbox.revoke(token)
            assert client.get("/call").status_code == 302
    for visitor in (client, old):
        assert visitor.get("/in", headers=BACKGROUND["fetch"]).text == "False"
        assert visitor.get("/members").status_code == 302
        assert visitor.get("/in").text == "False"
        assert visitor.get_cookie(REMEMBER) is None
        with visitor.session_transaction() as kept:
            assert "_user_id" not in kept


@pytest.mark.parametrize("how", ["logout", "logout_user", "ip_login"])
@pytest.mark.parametrize("left", ["both", "login", "remember me", "token"])
def test_signing_out_ends_what_is_left_of_either(sandbox: Sandbox, how: str, left: str) -> None:
    app, records = site(sandbox)
    client = app.test_client()
    enter(client)
    if left == "remember me":
        client.post("/remember")
    with client.session_transaction() as kept:
        if left == "token":
            del kept["_user_id"]
        if left in ("login", "remember me"):
            del kept["ipernity_token_key"]
        if left == "remember me":
            del kept["_user_id"]
    client.post("/ipernity/logout" if how == "ip_login" else f"/out/{how}")
    assert client.get("/in").text == client.get("/token").text == "False"
    assert client.get_cookie(REMEMBER) is None
    assert records == {} or left in ("login", "remember me")
    with client.session_transaction() as kept:
        assert not [key for key in kept if key.startswith(("ipernity_", "_user"))]


@pytest.mark.parametrize("how", ["logout", "logout_user"])
def test_flask_login_tells_of_a_sign_out_once(sandbox: Sandbox, how: str) -> None:
    app, _ = site(sandbox)
    client = app.test_client()
    enter(client)
    client.post("/remember")
    with heard(user_logged_out, app) as said:
        client.post(f"/out/{how}")
        client.get("/in")
    assert len(said) == 1


@pytest.mark.parametrize("kind", ["fetch", "frame", "prefetch"])
@pytest.mark.parametrize("known", ["known", "remembered", "unknown"])
def test_a_request_in_the_background_does_not_write_the_session(
    sandbox: Sandbox, kind: str, known: str
) -> None:
    app, records = site(sandbox)
    client = app.test_client()
    if known != "unknown":
        enter(client)
        records.clear()
    if known == "remembered":
        with client.session_transaction() as kept:
            kept.clear()
        with app.test_request_context():
            client.set_cookie(REMEMBER, encode_cookie(sandbox.people[0].user_id))
    for path in ("/in", "/members", "/ipernity/login?next=/in"):
        response = client.get(path, headers=BACKGROUND[kind])
        assert (response.status_code, response.text[:5]) == (200, "False") or (
            path != "/in" and response.status_code == 401
        )
        assert "Set-Cookie" not in response.headers


def test_a_script_that_is_not_logged_in_is_told_where_to_start(sandbox: Sandbox) -> None:
    app, _ = site(sandbox)
    client = app.test_client()
    answer = client.get("/members", headers=BACKGROUND["fetch"])
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.json is not None
    start = client.get(answer.json["sign_in"], headers=navigation("same-origin"))
    assert client.get(consent(start.location)).location == "/members"


def test_the_login_of_somebody_else_than_the_token_says_ends_and_the_sign_in_stays(
    sandbox: Sandbox,
) -> None:
    app, _ = site(sandbox)
    client = app.test_client()
    enter(client)
    with client.session_transaction() as kept:
        kept["_user_id"] = "1"
    assert client.get("/in").text == "False"
    assert client.get("/token").text == "True"


UNKNOWN: list[Loader] = [lambda user_id: None, lambda user_id: Member(user_id, active=False)]


@pytest.mark.parametrize("loader", UNKNOWN, ids=["unknown", "not active"])
@pytest.mark.parametrize("when", ["before", "after", "late"])
def test_an_account_that_the_application_does_not_let_in_is_told_so_and_not_sent_round(
    sandbox: Sandbox, loader: Loader, when: str
) -> None:
    app, _ = site(sandbox, when, loader)
    client = app.test_client()
    page = sign_in(client, client.get("/members").location)
    for _ in range(2):
        assert page.status_code == 302
        page = client.get(page.location)
        assert page.status_code == 403
        assert "authorize" not in page.text
        page = client.get("/members")
    problem = client.get(page.location, headers={"Accept": "application/json"})
    assert (problem.status_code, problem.mimetype) == (403, "application/problem+json")
    # Another account is one click away, and so is the end.
    text = client.get(page.location).text
    link = text.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert client.get(link, headers=navigation("same-origin")).status_code == 302
    client.post("/out/logout")
    assert client.get(client.get("/members").location).status_code == 302


def test_who_is_let_in_later_is_in_with_the_next_page(sandbox: Sandbox) -> None:
    members: set[str] = set()
    app, _ = site(sandbox, loader=lambda user_id: Member(user_id) if user_id in members else None)
    client = app.test_client()
    sign_in(client, client.get("/members").location)
    assert client.get(client.get("/members").location).status_code == 403
    members.add(sandbox.people[0].user_id)
    assert client.get("/members").text == "members"


def test_one_manager_may_serve_an_application_with_users_of_its_own(sandbox: Sandbox) -> None:
    manager = LoginManager()
    manager.user_loader(Member)
    bare, other = Flask("bare"), Flask("other")
    for app in (bare, other):
        app.config.update(SECRET_KEY="test", IPERNITY_LOGIN=app is other, **sandbox.config())
        manager.init_app(app)
        app.add_url_rule("/in", "in", lambda: str(current_user.is_authenticated))
        app.add_url_rule("/be", "be", lambda: str(login_user(Member("7"))))
    Ipernity(other)
    for app, expected in ((other, "False"), (bare, "True"), (other, "False"), (bare, "True")):
        client = app.test_client()
        client.get("/be")
        assert client.get("/in").text == expected


def test_a_change_of_account_changes_the_member(sandbox: Sandbox) -> None:
    app, records = site(sandbox)
    client = app.test_client()
    enter(client)
    back = client.get(consent(client.get("/ipernity/login?next=/in").location, 1))
    token = client.get(back.location).text.partition('name="token" value="')[2].partition('"')[0]
    client.post(back.location, data={"token": token, "answer": "continue"})
    assert client.get("/in").text == client.get("/token").text == "True"
    with client.session_transaction() as kept:
        assert kept["_user_id"] == sandbox.people[1].user_id
    assert len(records) == 1


def test_current_user_is_bound_outside_of_a_dispatched_request_too(sandbox: Sandbox) -> None:
    app, _ = site(sandbox)
    with app.test_request_context():
        session["_user_id"] = sandbox.people[0].user_id
        assert not current_user.is_authenticated
