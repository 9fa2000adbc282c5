from __future__ import annotations

import builtins
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
    user_logged_in,
    user_logged_out,
)

from flask_ipernity import ConfigurationError, Ipernity
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import Browser
from tests.support.signals import heard
from tests.support.views import with_views
from tests.support.visitor import consent, sign_in


def login_app(sandbox: Sandbox, manager: LoginManager | None = None, **config: object) -> Flask:
    app = Flask("tests")
    app.config.update(SECRET_KEY="test", IPERNITY_LOGIN=True, IPERNITY_PERMISSIONS={"doc": "read"})
    app.config.update(sandbox.config())
    app.config.update(config)
    app.test_client_class = Browser
    (manager or LoginManager()).init_app(app)
    Ipernity(app)
    with_views(app)

    @app.route("/member", methods=["GET", "POST"])
    @login_required  # type: ignore[untyped-decorator]
    def member() -> Any:
        return [
            current_user.id,
            current_user.get_id(),
            current_user.username,
            current_user.realname,
        ]

    @app.route("/current")
    def current() -> Any:
        return current_user.username if current_user.is_authenticated else "nobody"

    @app.post("/only-by-form")
    @login_required  # type: ignore[untyped-decorator]
    def form() -> Any:
        return "sent"

    @app.post("/remember")
    def remember() -> Any:
        login_user(current_user, remember=True)
        return "remembered"

    @app.post("/logout-user")
    def logout() -> Any:
        logout_user()
        return current_user.is_anonymous and "bye"

    return app


@pytest.fixture
def app(sandbox: Sandbox) -> Flask:
    return login_app(sandbox)


def log_in(client: FlaskClient, path: str = "/member?page=2", person: int = 0) -> Any:
    """Follow ``login_required`` to Ipernity and back to *path*."""
    to_login = client.get(path)
    assert to_login.location is not None
    assert to_login.location.startswith("/ipernity/login?next=")
    return sign_in(client, to_login.location, person)


def revoke_all(sandbox: Sandbox) -> None:
    for token in list(sandbox.state.tokens):
        sandbox.revoke(token)


def test_a_visitor_logs_in_at_ipernity_and_comes_back(app: Flask, sandbox: Sandbox) -> None:
    client = app.test_client()
    page = log_in(client)
    assert (page.request.path, page.request.args["page"]) == ("/member", "2")
    assert page.json == [sandbox.people[0].user_id] * 2 + [
        "Ada Fontaine",
        "Ada Marguerite Fontaine",
    ]
    assert client.get("/current").text == client.get("/who").text == "Ada Fontaine"


def test_the_user_is_loaded_without_a_call_and_without_the_service(
    app: Flask, sandbox: Sandbox
) -> None:
    client = app.test_client()
    log_in(client)
    sandbox.clear_calls()
    sandbox.stop()
    assert client.get("/current").text == "Ada Fontaine"
    assert client.get("/member").status_code == 200
    assert app.test_client().get("/current").text == "nobody"
    assert client.post("/ipernity/logout").status_code == 303
    assert client.get("/current").text == "nobody"
    assert sandbox.calls == []
    sandbox.start()


def test_a_user_has_a_repr_without_secrets_and_equals_itself(app: Flask) -> None:
    from flask_ipernity.login import User

    user = User({"user_id": 7, "username": "ada"})
    assert (repr(user), user.id, user.get_id(), user.realname) == ("<User(7)>", "7", "7", "")
    assert user == User({"user_id": "7"})


@pytest.mark.parametrize("end", ["/logout-user", "/out", "/ipernity/logout"])
def test_what_ends_one_ends_both(app: Flask, end: str) -> None:
    client = app.test_client()
    log_in(client)
    with heard(user_logged_out, app) as said:
        client.post(end)
    assert len(said) == 1
    assert client.get("/who").text == client.get("/current").text == "nobody"
    with client.session_transaction() as kept:
        assert not [key for key in kept if key.startswith(("ipernity_", "_user"))]


def test_logging_out_works_by_get_and_leads_to_the_front_page(app: Flask) -> None:
    client = app.test_client()
    log_in(client)
    assert client.get("/ipernity/logout").location == "/"
    assert client.get("/current").text == "nobody"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Sec-Fetch-Site": "cross-site"}),
        ("POST", {"Sec-Fetch-Site": "cross-site"}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}),
        ("GET", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "image"}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("HEAD", {}),
        ("GET", {"Sec-Fetch-Site": "same-site"}),
        ("POST", {"Sec-Fetch-Site": "same-site"}),
        ("POST", {"Origin": "http://evil.example"}),
        ("POST", {"Origin": "http://localhost.evil.example"}),
        ("POST", {"Origin": "http://localhost:8080"}),
        ("POST", {"Origin": "null"}),
        ("POST", {"Origin": "http://["}),
        ("GET", {"Accept": "image/avif,image/webp,*/*;q=0.8"}),
    ],
)
def test_another_site_or_a_picture_signs_nobody_out(
    app: Flask, method: str, headers: dict[str, str]
) -> None:
    client = app.test_client()
    log_in(client)
    page = client.open("/ipernity/logout", method=method, headers=headers)
    assert page.status_code == 200
    assert page.headers["X-Frame-Options"] == "DENY"
    assert method == "HEAD" or '<form method="post">' in page.text
    assert client.get("/current").text == "Ada Fontaine"
    client.post("/ipernity/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert client.get("/current").text == "nobody"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"Sec-Fetch-Site": "none"}),
        ("GET", {"Sec-Fetch-Site": "same-origin"}),
        ("POST", {"Origin": "http://localhost"}),
        ("POST", {"Origin": "http://LOCALHOST"}),
        # A proxy has not said that the visitor came by https.
        ("POST", {"Origin": "https://localhost"}),
        # Fetch Metadata knows better, where there is any.
        ("POST", {"Sec-Fetch-Site": "same-origin", "Origin": "null"}),
        ("POST", {}),
    ],
)
def test_a_page_of_ones_own_signs_out_at_once(
    app: Flask, method: str, headers: dict[str, str]
) -> None:
    client = app.test_client()
    log_in(client)
    page = client.open("/ipernity/logout", method=method, headers=headers)
    assert page.status_code == 303
    assert client.get("/current").text == "nobody"


def test_the_page_that_asks_lets_the_browser_say_that_its_button_is_ours(app: Flask) -> None:
    page = app.test_client().get("/ipernity/logout", headers={"Sec-Fetch-Site": "cross-site"})
    # With "no-referrer", the form would come with "Origin: null".
    assert page.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("remembered", [False, True])
def test_a_dead_token_ends_the_login(app: Flask, sandbox: Sandbox, remembered: bool) -> None:
    client = app.test_client()
    log_in(client)
    if remembered:
        client.post("/remember")
        assert client.get_cookie("remember_token")
    revoke_all(sandbox)
    assert client.get("/read").status_code == 302
    assert client.get("/current").text == "nobody"
    assert client.get_cookie("remember_token") is None


def test_remember_me_does_not_outlive_the_token(app: Flask) -> None:
    client = app.test_client()
    log_in(client)
    client.post("/remember")
    remember = client.get_cookie("remember_token")
    assert remember is not None
    client.post("/out")
    assert client.get_cookie("remember_token") is None
    client.set_cookie("remember_token", remember.value)
    assert client.get("/current").text == "nobody"
    assert client.get("/member").status_code in (302, 303)


def test_nobody_lands_on_an_address_that_only_takes_forms(app: Flask) -> None:
    client = app.test_client()
    to_login = client.post("/only-by-form")
    assert to_login.location is not None
    landed = client.get(consent(client.get(to_login.location).location))
    assert landed.location == "/"


def test_a_script_gets_401_with_the_address_to_sign_in(app: Flask) -> None:
    client = app.test_client()
    headers = {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
    page = client.get("/member", headers=headers, follow_redirects=True)
    assert (page.status_code, page.mimetype) == (401, "application/problem+json")
    assert page.json is not None
    landed = client.get(consent(client.get(page.json["sign_in"]).location))
    assert landed.location == "/member"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "/ipernity/login",
        "/ipernity/login?next=/",
        "/ipernity/logout",
        "/ipernity//logout",
        "/ipernity/%6Cogout",
        "/ipernity/./logout",
        "/a/../ipernity/logout",
        "/a/%2e%2E/ipernity/logout",
        "/ipernity/cb/confirm",
    ],
)
def test_a_hostile_or_looping_next_leads_to_the_front_page(app: Flask, target: str) -> None:
    client = app.test_client()
    start = client.get("/ipernity/login", query_string={"next": target})
    assert client.get(consent(start.location)).location == "/"


def test_without_next_login_leads_to_the_front_page(app: Flask) -> None:
    client = app.test_client()
    assert client.get(consent(client.get("/ipernity/login").location)).location == "/"


def test_login_and_logout_lie_below_their_own_prefix(sandbox: Sandbox) -> None:
    client = login_app(sandbox, IPERNITY_LOGIN_URL_PREFIX="/account").test_client()
    assert client.get("/member").location == "/account/login?next=%2Fmember"
    assert client.get("/account/logout").status_code == 303
    assert client.get("/ipernity/login").status_code == 404


def test_two_applications_with_one_extension_keep_apart(sandbox: Sandbox) -> None:
    first, second = login_app(sandbox), login_app(sandbox, SECRET_KEY="other")
    one, two = first.test_client(), second.test_client()
    with heard(user_logged_in, first) as said:
        log_in(one, person=0)
    assert two.get("/current").text == "nobody"
    log_in(two, person=1)
    one.post("/out")
    assert (one.get("/current").text, two.get("/current").text) == ("nobody", "Jonas Weidmann")
    assert len(said) == 1


def test_an_event_of_another_application_is_not_ours(sandbox: Sandbox) -> None:
    ours = login_app(sandbox)
    bare = Flask("bare")
    bare.config["SECRET_KEY"] = "test"
    manager = LoginManager(bare)
    manager.user_loader(lambda user_id: None)

    @bare.route("/")
    def view() -> Any:
        session["ipernity_token"] = "mine"
        logout_user()
        return dict(session)

    assert bare.test_client().get("/").json == {"ipernity_token": "mine"}
    assert ours.test_client().get("/current").text == "nobody"


def test_one_login_manager_may_serve_an_application_without_ipernity_too(sandbox: Sandbox) -> None:
    manager = LoginManager()
    login_app(sandbox, manager)
    bare = Flask("bare")
    bare.config["SECRET_KEY"] = "test"
    manager.init_app(bare)
    bare.add_url_rule("/", view_func=lambda: str(current_user.is_authenticated))
    client = bare.test_client()
    with client.session_transaction() as kept:
        kept["_user_id"] = "10175"
    assert client.get("/").text == "False"


class Member(UserMixin):  # type: ignore[misc]
    realname = ""

    def __init__(self, user_id: str) -> None:
        self.id = user_id
        self.username = f"member {user_id}"


@pytest.mark.parametrize("early", [True, False])
def test_a_user_loader_of_ones_own_is_respected(sandbox: Sandbox, early: bool) -> None:
    manager = LoginManager()
    if early:
        manager.user_loader(Member)
    app = login_app(sandbox, manager)
    if not early:
        manager.user_loader(Member)
    client = app.test_client()
    log_in(client)
    assert client.get("/current").text == f"member {sandbox.people[0].user_id}"
    revoke_all(sandbox)
    client.get("/read")
    assert client.get("/current").text == "nobody"


@pytest.mark.parametrize("early", [True, False])
def test_a_login_view_of_ones_own_is_respected(sandbox: Sandbox, early: bool) -> None:
    manager = LoginManager()
    if early:
        manager.login_view = "welcome"
    app = login_app(sandbox, manager)
    if not early:
        manager.login_view = "welcome"
    app.add_url_rule("/welcome", "welcome", lambda: "Please sign in")
    client = app.test_client()
    assert client.get("/member").location == "/welcome?next=%2Fmember"


@pytest.mark.parametrize("late", [True, False])
def test_a_login_manager_that_is_missing_or_late_stops_the_start(
    sandbox: Sandbox, late: bool
) -> None:
    app = Flask("tests")
    app.config.update(SECRET_KEY="test", IPERNITY_LOGIN=True, **sandbox.config())
    with pytest.raises(ConfigurationError, match=r"LoginManager\(app\) before Ipernity\(app\)"):
        Ipernity(app)
    assert "ipernity" not in app.extensions
    if late:
        LoginManager(app)
        Ipernity(app)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    import sys

    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "flask_login":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "flask_ipernity.login", raising=False)
    monkeypatch.delattr("flask_ipernity.login", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    app = Flask("tests")
    app.config.update(SECRET_KEY="test", IPERNITY_LOGIN=True, **sandbox.config())
    with pytest.raises(ConfigurationError, match=r'pip install "Flask-Ipernity\[login\]"'):
        Ipernity(app)


def test_a_change_of_account_changes_the_user(app: Flask) -> None:
    client = app.test_client()
    log_in(client, person=0)
    client.get(consent(client.get("/ipernity/login?next=/current").location, 1))
    page = client.get("/ipernity/cb/confirm").text
    assert client.get("/current").text == "Ada Fontaine"
    token = page.partition('name="token" value="')[2].partition('"')[0]
    with heard(user_logged_out, app) as out, heard(user_logged_in, app) as into:
        client.post("/ipernity/cb/confirm", data={"token": token, "answer": "continue"})
    assert (len(out), len(into)) == (1, 1)
    assert client.get("/current").text == client.get("/who").text == "Jonas Weidmann"


def test_more_permissions_for_the_same_account_log_nobody_out(app: Flask) -> None:
    client = app.test_client()
    log_in(client)
    with heard(user_logged_out, app) as said:
        sign_in(client, "/write")
    assert said == []
    assert client.get("/current").text == "Ada Fontaine"


def test_a_session_that_flask_login_ends_loses_its_token(sandbox: Sandbox) -> None:
    app = login_app(sandbox, SESSION_PROTECTION="strong")
    client = app.test_client()
    log_in(client)
    assert client.get("/current").text == "Ada Fontaine"
    client.get("/current", headers={"User-Agent": "stolen"})
    assert client.get("/who").text == "nobody"


def test_a_token_of_another_account_than_the_users_counts_for_nobody(app: Flask) -> None:
    client = app.test_client()
    log_in(client)
    with client.session_transaction() as kept:
        kept["_user_id"] = "1"
    assert client.get("/current").text == "nobody"


def test_in_an_application_without_login_there_is_no_such_address(sandbox: Sandbox) -> None:
    app = Flask("tests")
    app.config.update(SECRET_KEY="test", **sandbox.config())
    Ipernity(app)
    assert not [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("ip_login")]
