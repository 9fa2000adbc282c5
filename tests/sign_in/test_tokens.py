from __future__ import annotations

import builtins
import json
import re
import runpy
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cachelib import FileSystemCache, SimpleCache
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from flask_ipernity import ConfigurationError, Ipernity, ipernity
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sign_in.tokens import CANDIDATE, TOKEN, TokenStore
from flask_ipernity.sign_in.visitor import sign_in_context, visitor_api
from tests.support.apps import Browser, MakeApp
from tests.support.cookies import cookie_of, read
from tests.support.redis import RedisServer
from tests.support.tokens import DictTokens
from tests.support.views import with_views
from tests.support.visitor import consent, sign_in

DOCS = Path(__file__).parents[2] / "docs"
RECORD = {"token": "1-a", "user": {"user_id": "1", "username": "Zoë"}, "permissions": {}}


def database_tokens(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Any:
    """The example of the documentation, on a database in *folder*."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder / 'tokens.sqlite'}")
    monkeypatch.setenv("FLASK_IPERNITY_APP_KEY", "key")
    monkeypatch.setenv("FLASK_IPERNITY_APP_SECRET", "secret")
    return runpy.run_path(str(DOCS / "examples/token_store.py"))


STORES = ["session", "sealed", "memory", "redis", "cachelib", "files", "own", "database"]
IN_COOKIE = {"session", "sealed"}


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[dict[str, object]]:
    match request.param:
        case "session" | "sealed" as name:
            yield {"IPERNITY_TOKEN_STORE": name}
        case "memory":
            yield {"IPERNITY_TOKEN_STORE": "server", "IPERNITY_CACHE": "memory"}
        case "redis":
            url = request.getfixturevalue("redis").url
            yield {"IPERNITY_TOKEN_STORE": "server", "IPERNITY_CACHE": url}
        case "cachelib":
            yield {"IPERNITY_TOKEN_STORE": "server", "IPERNITY_CACHE": SimpleCache()}
        case "files":
            yield {"IPERNITY_TOKEN_STORE": FileSystemCache(str(tmp_path / "files"))}
        case "own":
            yield {"IPERNITY_TOKEN_STORE": DictTokens()}
        case "database":
            names = database_tokens(monkeypatch, tmp_path)
            yield {"IPERNITY_TOKEN_STORE": names["DatabaseTokens"](names["engine"])}
            names["engine"].dispose()


@pytest.mark.parametrize("settings", STORES, indirect=True)
class TestEveryStore:
    """The contract of a token store."""

    @pytest.fixture
    def app(self, make_app: MakeApp, settings: dict[str, object]) -> Flask:
        return with_views(make_app(**settings))

    @pytest.fixture
    def store(self, app: Flask) -> Iterator[TokenStore]:
        with app.test_request_context():
            yield sign_in_context().tokens

    def test_returns_what_was_set(self, store: TokenStore) -> None:
        assert store.get(TOKEN) is None
        store.set(TOKEN, RECORD, 60)
        assert store.get(TOKEN) == RECORD

    def test_forgets_what_was_deleted(self, store: TokenStore) -> None:
        store.set(TOKEN, RECORD, 60)
        store.delete(TOKEN)
        assert store.get(TOKEN) is None
        store.delete(TOKEN)

    def test_keeps_records_apart(self, store: TokenStore) -> None:
        store.set(TOKEN, RECORD, 60)
        store.set(CANDIDATE, {"auth": RECORD, "at": 1}, 60)
        store.delete(TOKEN)
        assert store.get(CANDIDATE) == {"auth": RECORD, "at": 1}

    def test_replaces_what_was_there(self, store: TokenStore) -> None:
        store.set(TOKEN, RECORD, 60)
        store.set(TOKEN, {**RECORD, "token": "2-b"}, 60)
        assert store.get(TOKEN)["token"] == "2-b"

    def test_does_not_change_with_what_it_has_returned(self, store: TokenStore) -> None:
        store.set(TOKEN, RECORD, 60)
        store.get(TOKEN)["user"]["username"] = "Mallory"
        assert store.get(TOKEN) == RECORD

    def test_knows_the_visitor_from_visit_to_visit(self, app: Flask) -> None:
        ada, jonas = app.test_client(), app.test_client()
        sign_in(ada, "/read", person=0)
        sign_in(jonas, "/read", person=1)
        for _ in range(2):
            assert ada.get("/who").text == "Ada Fontaine"
            assert jonas.get("/who").text == "Jonas Weidmann"
        assert app.test_client().get("/who").text == "nobody"

    def test_ends_at_sign_out(self, app: Flask) -> None:
        client = app.test_client()
        sign_in(client, "/read")
        assert client.post("/out").text == "bye"
        assert client.get("/who").text == "nobody"

    def test_an_old_cookie_revives_nothing_that_is_kept_on_the_server(
        self, app: Flask, request: pytest.FixtureRequest
    ) -> None:
        client, thief = app.test_client(), app.test_client()
        sign_in(client, "/read")
        old = cookie_of(client)
        client.post("/out")
        thief.set_cookie("session", old)
        in_cookie = request.node.callspec.params["settings"] in IN_COOKIE
        assert thief.get("/who").text == ("Ada Fontaine" if in_cookie else "nobody")

    def test_nor_does_the_cookie_of_an_earlier_sign_in(
        self, app: Flask, request: pytest.FixtureRequest
    ) -> None:
        client, thief = app.test_client(), app.test_client()
        sign_in(client, "/read")
        old = cookie_of(client)
        sign_in(client, "/write")
        thief.set_cookie("session", old)
        in_cookie = request.node.callspec.params["settings"] in IN_COOKIE
        assert thief.get("/who").text == ("Ada Fontaine" if in_cookie else "nobody")
        assert client.get("/who").text == "Ada Fontaine"

    def test_the_cookie_holds_no_token_and_no_frob(
        self, app: Flask, sandbox: Sandbox, request: pytest.FixtureRequest
    ) -> None:
        client = app.test_client()
        location = consent(client.get("/read").location)
        frob = location.partition("frob=")[2]
        client.get(location)
        [token] = sandbox.state.tokens
        text = read(cookie_of(client))
        readable = request.node.callspec.params["settings"] == "session"
        assert (token in text) is readable
        assert ("Ada Fontaine" in text) is readable
        assert frob not in text

    def test_a_dead_token_is_deleted(self, app: Flask, sandbox: Sandbox) -> None:
        client = app.test_client()
        sign_in(client, "/read")
        for token in list(sandbox.state.tokens):
            sandbox.revoke(token)
        assert client.get("/read").status_code == 302
        assert client.get("/who").text == "nobody"


@pytest.mark.slow
@pytest.mark.parametrize("settings", ["cachelib"], indirect=True)
def test_the_server_forgets_a_token_when_the_session_would_end(
    make_app: MakeApp, settings: dict[str, Any]
) -> None:
    app = make_app(**settings, PERMANENT_SESSION_LIFETIME=1)
    with app.test_request_context():
        tokens = sign_in_context().tokens
        visitor_api().keep({**RECORD})
        assert tokens.get(TOKEN) is not None
        end = time.monotonic() + 20
        while tokens.get(TOKEN) is not None:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_redis_is_given_json_and_no_pickle(make_app: MakeApp, redis: RedisServer) -> None:
    from redis import Redis

    client: Any = Redis.from_url(redis.url)
    client.flushall()
    app = with_views(make_app(IPERNITY_TOKEN_STORE="server", IPERNITY_CACHE=redis.url))
    sign_in(app.test_client(), "/read")
    [key] = client.keys()
    assert json.loads(client.get(key))["user"]["username"] == "Ada Fontaine"
    assert 0 < client.ttl(key) <= app.permanent_session_lifetime.total_seconds()
    assert b"Ada" not in key
    client.close()


def test_a_sealed_token_opens_with_the_key_before_until_it_is_taken_away(
    make_app: MakeApp,
) -> None:
    app = with_views(make_app(IPERNITY_TOKEN_STORE="sealed"))
    client = app.test_client()
    sign_in(client, "/read")
    app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["test"])
    assert client.get("/who").text == "Ada Fontaine"
    app.config["SECRET_KEY_FALLBACKS"] = []
    assert client.get("/who").text == "nobody"


def test_a_sealed_token_that_was_altered_is_none(make_app: MakeApp) -> None:
    app = with_views(make_app(IPERNITY_TOKEN_STORE="sealed"))
    client = app.test_client()
    sign_in(client, "/read")
    with client.session_transaction() as kept:
        sealed = kept["ipernity_sealed_token"]
        kept["ipernity_sealed_token"] = (
            sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
        )
    assert client.get("/who").text == "nobody"


def test_two_applications_with_different_keys_cannot_open_each_others_tokens(
    make_app: MakeApp,
) -> None:
    one, two = (make_app(IPERNITY_TOKEN_STORE="sealed", SECRET_KEY=key) for key in ("1", "2"))
    with one.test_request_context():
        visitor_api().keep({**RECORD})
        sealed = ipernity.session_get("sealed_token")
    with two.test_request_context():
        ipernity.session_set("sealed_token", sealed)
        assert ipernity.api.token is None


def app_with(**config: object) -> Callable[[], Ipernity]:
    app = Flask("tests")
    app.config.update(IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret", **config)
    return lambda: Ipernity(app)


def test_server_without_a_store_on_the_server_says_what_to_write() -> None:
    with pytest.raises(ConfigurationError, match='IPERNITY_CACHE = "redis://'):
        app_with(IPERNITY_TOKEN_STORE="server")()


@pytest.mark.parametrize("value", ["cookie", "", None, object(), 5])
def test_a_store_that_is_none_stops_the_start(value: object) -> None:
    with pytest.raises(ConfigurationError, match='"sealed", "server" or an object with get'):
        app_with(IPERNITY_TOKEN_STORE=value)()


def test_an_address_that_is_none_of_redis_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="IPERNITY_CACHE"):
        app_with(IPERNITY_TOKEN_STORE="server", IPERNITY_CACHE="redis://localhost:x/0")()


@pytest.mark.parametrize(
    ("package", "config", "extra"),
    [
        ("cryptography", {"IPERNITY_TOKEN_STORE": "sealed"}, "sealed"),
        (
            "redis",
            {"IPERNITY_TOKEN_STORE": "server", "IPERNITY_CACHE": "redis://localhost/0"},
            "redis",
        ),
    ],
)
def test_a_missing_package_stops_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, config: dict[str, object], extra: str
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, "flask_ipernity.caching.redis", raising=False)
    with pytest.raises(ConfigurationError, match=rf'pip install "Flask-Ipernity\[{extra}\]"'):
        app_with(**config)()


def test_the_schema_of_the_documentation_is_that_of_the_example(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = database_tokens(monkeypatch, tmp_path)
    names["engine"].dispose()
    table = names["Record"].__table__
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    statements: list[Any] = [CreateTable(table), *(CreateIndex(index) for index in table.indexes)]
    text = (DOCS / "sign-in.rst").read_text(encoding="utf-8")
    shown = " ".join(re.sub(r"\s+", " ", text).split())
    for statement in statements:
        made = re.sub(r"\s+", " ", str(statement.compile(dialect=dialect))).strip()
        assert made.replace("( ", "(").replace(" )", ")") in shown.replace("( ", "(").replace(
            " )", ")"
        )


def test_the_example_with_a_database_works(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, tmp_path: Path
) -> None:
    for name, value in sandbox.config().items():
        monkeypatch.setenv(f"FLASK_{name}", json.dumps(value))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'tokens.sqlite'}")
    names = runpy.run_path(str(DOCS / "examples/token_store.py"))
    names["app"].test_client_class = Browser
    client = names["app"].test_client()
    assert sign_in(client, "/").text == "Hello Ada Fontaine"
    rows = create_engine(names["engine"].url)
    with rows.connect() as connection:
        assert connection.exec_driver_sql("select count(*) from ipernity_token").scalar() == 1
    rows.dispose()
    names["engine"].dispose()
