"""Settings that change after they were read, and a missing ``SECRET_KEY``, are found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SessionInterface
from flask_login import LoginManager

from flask_ipernity import (
    ConfigurationError,
    Ipernity,
    ServiceError,
    ipernity,
    ipernity_auth_required,
)
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import Browser
from tests.support.visitor import sign_in

Change = Callable[[Flask], object]

#: Changes, and the key that the error must name.
CHANGES: dict[str, tuple[Change, str]] = {
    "changed": (lambda app: app.config.update(IPERNITY_APP_KEY="other"), "IPERNITY_APP_KEY"),
    "secret": (lambda app: app.config.update(IPERNITY_APP_SECRET="new"), "IPERNITY_APP_SECRET"),
    "added": (lambda app: app.config.update(IPERNITY_PROXY_OWNERS=("7",)), "IPERNITY_PROXY_OWNERS"),
    "removed": (lambda app: app.config.pop("IPERNITY_PERMISSIONS"), "IPERNITY_PERMISSIONS"),
    "in place": (
        lambda app: app.config["IPERNITY_PERMISSIONS"].update(doc="write"),
        "IPERNITY_PERMISSIONS",
    ),
    "misspelt": (
        lambda app: app.config.update(IPERNITY_PROXY_OWNER=("7",)),
        "IPERNITY_PROXY_OWNER",
    ),
    "wrong": (lambda app: app.config.update(IPERNITY_TIMEOUT="x"), "IPERNITY_TIMEOUT"),
    "object": (
        lambda app: app.config.from_object(type("C", (), {"IPERNITY_CACHE_REQUESTS": True})),
        "IPERNITY_CACHE_REQUESTS",
    ),
    "several": (
        lambda app: app.config.update(IPERNITY_RETRIES=7, IPERNITY_LANG="fr"),
        "IPERNITY_LANG, IPERNITY_RETRIES",
    ),
}

each_change = pytest.mark.parametrize(("change", "key"), CHANGES.values(), ids=CHANGES)


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def site(**config: object) -> Flask:
    app = Flask("site")
    app.config.update(SECRET_KEY="k", IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret")
    app.config.update(IPERNITY_PERMISSIONS={"doc": "read"}, IPERNITY_OWNER_TOKEN="5-0123456789ab")
    app.config.update(config)
    app.test_client_class = Browser
    Ipernity(app)
    app.add_url_rule("/", "home", lambda: "home")
    app.add_url_rule("/list", "list", lambda: ipernity.api.doc.getList(user_id="10175"))
    app.add_url_rule("/mine", "mine", ipernity_auth_required()(lambda: ipernity.api.doc.getList()))
    return app


@pytest.mark.parametrize("asked", [False, True], ids=["before the first request", "after it"])
@pytest.mark.parametrize("path", ["/", "/list", "/ipernity/doc/1/240", "/nothing"])
@each_change
def test_a_late_setting_is_named_at_the_next_request(
    change: Change, key: str, path: str, asked: bool
) -> None:
    app = site(TESTING=True)
    if asked:
        assert app.test_client().get("/").text == "home"
    change(app)
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            app.test_client().get(path)
        assert set(key.split(", ")) <= set(str(caught.value).replace(",", " ").split())
        assert "new" not in str(caught.value).split()


@each_change
def test_a_late_setting_is_named_outside_of_requests(change: Change, key: str) -> None:
    uses: list[Callable[[], object]] = [lambda: ipernity.api_for(None), lambda: ipernity.owner_api]
    for use in uses:
        app = site()
        change(app)
        with app.app_context(), pytest.raises(ConfigurationError, match=key.split(",")[0]):
            use()


def test_a_function_that_runs_before_requests_finds_it_too() -> None:
    app = Flask("site")
    asked: list[object] = []
    app.before_request(lambda: asked.append(ipernity.api))
    app.config.update(IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret", TESTING=True)
    Ipernity(app)
    app.config["IPERNITY_API_URL"] = "http://127.0.0.1:9/"
    with pytest.raises(ConfigurationError, match="IPERNITY_API_URL"):
        app.test_client().get("/")
    assert asked == []


@pytest.mark.parametrize(
    "config",
    [
        {"IPERNITY_APP_KEY": "key"},
        {"IPERNITY_PERMISSIONS": {"doc": "read"}},
        {"IPERNITY_TIMEOUT": [5, 15]},
        {"IPERNITY_GROUP_ID": "12"},
        {"SOMETHING": 1},
    ],
    ids=str,
)
def test_what_means_the_same_may_be_set_late(config: dict[str, Any]) -> None:
    app = site(TESTING=True)
    for _ in range(2):
        app.config.update(config)
        assert app.test_client().get("/").text == "home"


def test_two_applications_are_looked_at_apart() -> None:
    late, other = site(TESTING=True), site(TESTING=True)
    late.config["IPERNITY_LANG"] = "fr"
    assert other.test_client().get("/").text == "home"
    with pytest.raises(ConfigurationError):
        late.test_client().get("/")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"IPERNITY_CACHE_REQUESTS": True},
        {"IPERNITY_CACHE_REQUESTS": True, "IPERNITY_CACHE": "memory"},
        {"IPERNITY_CACHE": "memory", "IPERNITY_TOKEN_STORE": "server"},
        {"IPERNITY_TOKEN_STORE": "sealed"},
        {"IPERNITY_CALLBACK_URL_PREFIX": "/photos/in"},
    ],
    ids=str,
)
def test_an_application_that_is_set_up_uses_a_sandbox(config: dict[str, object]) -> None:
    app = site(**config)
    for _ in range(2):
        with Sandbox() as sandbox:
            sandbox.use(app)
            client = app.test_client()
            assert client.get("/list").status_code == 200
            assert sign_in(client, "/mine").status_code == 200
            assert sandbox.calls
    with app.app_context(), pytest.raises(ServiceError):
        ipernity.api_for(None).test.hello()


def test_an_application_may_be_set_up_after_it_uses_a_sandbox() -> None:
    with Sandbox() as sandbox:
        app = Flask("site")
        app.secret_key = "k"
        sandbox.use(app)
        Ipernity(app)
        app.add_url_rule("/", "home", lambda: ipernity.api.test.hello())
        assert app.test_client().get("/").status_code == 200


def test_an_application_with_flask_login_uses_a_sandbox() -> None:
    app = Flask("site")
    app.config.update(SECRET_KEY="k", IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret")
    app.config.update(IPERNITY_LOGIN=True)
    LoginManager(app)
    Ipernity(app)
    app.add_url_rule("/mine", "mine", ipernity_auth_required()(lambda: "mine"))
    for _ in range(2):
        with Sandbox() as sandbox:
            sandbox.use(app)
            assert sign_in(app.test_client(), "/mine").text == "mine"


def test_other_settings_of_a_test_are_taken_over(service: Sandbox) -> None:
    app = site()
    app.config["IPERNITY_OWNER_TOKEN"] = service.sign_in()
    service.use(app)
    with app.app_context():
        assert ipernity.owner_api.doc.getList()["docs"]["total"] != "0"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("IPERNITY_CALLBACK", False),
        ("IPERNITY_PROXY_DOCS", False),
        ("IPERNITY_LOGIN", True),
        ("IPERNITY_PROXY_URL_PREFIX", "/else"),
        ("IPERNITY_SESSION_PREFIX", "else_"),
    ],
)
def test_what_an_application_has_only_once_cannot_change(
    service: Sandbox, key: str, value: object
) -> None:
    app = site()
    app.config[key] = value
    with pytest.raises(ConfigurationError, match=key):
        service.use(app)


def test_a_callback_of_ones_own_stays() -> None:
    with Sandbox(callback_url="http://club.example/back") as sandbox:
        sandbox.use(site())
        assert sandbox.callback_url == "http://club.example/back"


def warnings_at_start(caplog: pytest.LogCaptureFixture, app: Flask, **config: object) -> list[str]:
    app.config.update(IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret")
    app.config.update(config)
    Ipernity(app)
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("key", [None, "", b""])
def test_a_missing_secret_key_is_told_at_start(
    caplog: pytest.LogCaptureFixture, key: object
) -> None:
    (said,) = warnings_at_start(caplog, Flask("site"), SECRET_KEY=key)
    assert "SECRET_KEY is missing" in said
    assert "cannot sign in" in said
    assert "secrets.token_hex()" in said


def test_signed_addresses_say_that_they_need_it(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("site")
    (said,) = warnings_at_start(caplog, app, IPERNITY_OWNER_TOKEN="5-0123456789ab")
    assert "media_url(as_owner=True) cannot sign" in said
    with app.test_request_context(), pytest.raises(ConfigurationError, match="SECRET_KEY"):
        ipernity.media_url(1, "240", as_owner=True)


def test_sealed_tokens_need_it_at_once() -> None:
    app = Flask("site")
    app.config.update(IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret")
    app.config["IPERNITY_TOKEN_STORE"] = "sealed"
    with pytest.raises(ConfigurationError, match=r"sealed.*SECRET_KEY"):
        Ipernity(app)
    app.secret_key = "k"
    Ipernity(app)


def test_nothing_is_said_where_it_is_there_or_not_needed(caplog: pytest.LogCaptureFixture) -> None:
    class OnTheServer(SessionInterface):
        pass

    server = Flask("site")
    server.session_interface = OnTheServer()
    assert warnings_at_start(caplog, server) == []
    assert warnings_at_start(caplog, Flask("site"), SECRET_KEY="k") == []
    assert warnings_at_start(caplog, Flask("site"), IPERNITY_CALLBACK=False) == []


@pytest.mark.parametrize("token", ["", " "])
def test_an_empty_secret_is_called_empty(token: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        site(IPERNITY_OWNER_TOKEN=token)
    assert str(caught.value).endswith(f"it is {'blank' if token else 'empty'}.")


@pytest.mark.parametrize("prefix", ["CALLBACK", "LOGIN", "PROXY"])
@pytest.mark.parametrize(
    "path",
    [
        "/a/<b>",
        "/<int:b>",
        "/a>",
        "/a?b",
        "/a#b",
        "/a b",
        "/a\\b",
        "/a%20b",
        "/a//b",
        "/../b",
        "/a\n",
    ],
)
def test_a_prefix_that_no_address_can_have_is_refused(prefix: str, path: str) -> None:
    with pytest.raises(ConfigurationError, match=f"IPERNITY_{prefix}_URL_PREFIX"):
        site(**{f"IPERNITY_{prefix}_URL_PREFIX": path})


@pytest.mark.parametrize("path", ["/photos", "/a/b.c", "/~me", "/фото", "/a-b_c", "/x:y@z"])
def test_a_prefix_that_addresses_can_have_is_accepted(path: str) -> None:
    app = site(IPERNITY_PROXY_URL_PREFIX=path)
    assert app.test_client().get(f"{path}/doc/x/y").status_code == 404
