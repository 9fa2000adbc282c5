"""What comes back from the session or a token store may be anything, and is believed only in its
right shape.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_ipernity import ipernity
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sign_in.records import candidate_record, token_record
from tests.support.apps import MakeApp
from tests.support.cookies import cookie_of
from tests.support.fetch_metadata import BACKGROUND
from tests.support.tokens import DictTokens
from tests.support.views import with_views
from tests.support.visitor import consent, sign_in

CONFIRM = "/ipernity/cb/confirm"
USER = {"user_id": "7", "username": "seven"}

#: Values that are not the record of a signed-in visitor, wherever they are.
WRONG: list[Any] = [
    {},
    [1],
    [],
    5,
    True,
    {"token": "7-a"},
    {"token": "7-a", "user": USER},
    {"token": "7-a", "permissions": {}},
    {"token": "", "user": USER, "permissions": {}},
    {"token": 7, "user": USER, "permissions": {}},
    {"token": ["7-a"], "user": USER, "permissions": {}},
    {"token": "7-\ud800", "user": USER, "permissions": {}},
    {"token": "7-a\r\nX: y", "user": USER, "permissions": {}},
    {"token": "7-a", "user": None, "permissions": {}},
    {"token": "7-a", "user": [USER], "permissions": {}},
    {"token": "7-a", "user": {}, "permissions": {}},
    {"token": "7-a", "user": {"user_id": None}, "permissions": {}},
    {"token": "7-a", "user": {"user_id": ""}, "permissions": {}},
    {"token": "7-a", "user": USER, "permissions": "read"},
    {"token": "7-a", "user": USER, "permissions": ["doc"]},
    {"token": "7-a", "user": USER, "permissions": None},
]
#: What is in a store that stands for Redis, and is not even JSON of a mapping.
JUNK = ["half of a rec", "", '"7-a"', "{", "[" * 100_000, "NaN", "1e999"]


class Texts(dict[str, Any]):
    """A store of texts, as an object of the application's."""

    def set(self, key: str, value: Any, seconds: float = 0) -> bool:
        self[key] = value
        return True

    def delete(self, key: str) -> None:
        self.pop(key, None)


def assert_nobody_and_all_works(app: Flask, client: FlaskClient) -> None:
    """Assert that the visitor is nobody, and may sign in."""
    assert client.get("/who").text == "nobody"
    assert client.get("/ipernity/cb?frob=x").status_code == 400
    start = client.get("/read")
    assert start.status_code == 302
    assert client.get(consent(start.location)).location == "/read"
    assert client.get("/who").text == "Ada Fontaine"
    assert client.post("/out").text == "bye"
    assert client.get("/who").text == "nobody"


def test_a_wrong_record_in_the_store_is_none_and_is_deleted_with_one_warning(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    store = Texts()
    app = with_views(make_app(IPERNITY_TOKEN_STORE="server", IPERNITY_CACHE=store))
    client = app.test_client()
    sign_in(client, "/read")
    [(name, right)], cookie = store.items(), cookie_of(client)
    for junk in [*map(json.dumps, WRONG), *JUNK]:
        for path, headers in (("/who", {}), ("/who", BACKGROUND["fetch"]), ("/ipernity/cb", {})):
            store[name] = junk
            client.set_cookie("session", cookie)
            response = client.get(path, headers=headers)
            assert response.text == "nobody" or response.status_code == 400
            assert store == {}
        assert client.get("/read").status_code == 302
    assert_nobody_and_all_works(app, client)
    assert len([text for text in caplog.messages if "wrong shape" in text]) == 1
    store[name] = right
    client.set_cookie("session", cookie)
    assert client.get("/who").text == "Ada Fontaine"


def test_nor_is_one_in_a_store_of_ones_own(make_app: MakeApp) -> None:
    class Store(DictTokens):
        wrong: Any = None

        def get(self, key: str) -> Any:
            return super().get(key) if self.wrong is None else self.wrong

    store = Store()
    client = with_views(make_app(IPERNITY_TOKEN_STORE=store)).test_client()
    sign_in(client, "/read")
    cookie = cookie_of(client)
    for store.wrong in [*WRONG, "7-a", b"7-a", object()]:
        client.set_cookie("session", cookie)
        assert client.get("/who").text == "nobody"
        assert client.get("/read").status_code == 302


#: Our keys in the session.
KEYS = ["token", "sign_ins", "candidate", "cache", "token_key", "candidate_key"]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("store", ["session", "server"])
def test_what_an_application_writes_under_our_names_hurts_nobody(
    make_app: MakeApp, key: str, store: str
) -> None:
    app = with_views(
        make_app(
            IPERNITY_TOKEN_STORE=store,
            IPERNITY_CACHE="memory" if store == "server" else "session",
            IPERNITY_CACHE_REQUESTS=True,
        )
    )
    app.add_url_rule("/call", "call", lambda: ipernity.api.test.hello())
    values: list[Any] = [
        {},
        [1],
        5,
        {"token": "7-a", "user": [USER], "permissions": {}},
        None,
        "ü",
        [{}],
        [{"next": "/", "permissions": {}, "at": "x"}],
        [{"next": "/", "permissions": {"doc": "all"}, "at": 9e99}],
        [{"next": 5, "permissions": {}, "at": 9e99}],
        [["doc.get", "x", 9e9]],
        [[1, 2, 3, 4]],
        [["test.hello", "x", "y", None]],
        {"auth": {}, "started": {}, "at": 0, "id": ""},
    ]
    for value in values:
        client = app.test_client()
        with client.session_transaction() as kept:
            kept[f"ipernity_{key}"] = value
        assert client.get("/who").text == "nobody"
        assert client.get("/call").status_code == 200
        assert client.get(CONFIRM).status_code == 400
        assert client.get("/ipernity/cb?frob=x").status_code == 400
        assert client.get("/read").status_code == 302
        assert client.post("/out").text == "bye"
    assert_nobody_and_all_works(app, client)


def test_nothing_of_another_shape_is_a_record() -> None:
    started = {"next": "/", "permissions": {}, "at": 1}
    right = {"token": "7-a", "user": USER, "permissions": {}}
    candidate = {"auth": right, "started": started, "at": 1, "id": "x"}
    assert candidate_record(candidate) == candidate
    for value in WRONG:
        assert token_record(value) is None
        assert candidate_record(value) is None
        for key in ("auth", "started", "id"):
            assert candidate_record({**candidate, key: value}) is None


def test_halves_of_surrogate_pairs_in_a_record_reach_no_page(make_app: MakeApp) -> None:
    store = Texts()
    app = with_views(make_app(IPERNITY_TOKEN_STORE="server", IPERNITY_CACHE=store))
    client = app.test_client()
    sign_in(client, "/read")
    [name] = store
    for shown, expected in (("\ud800", "?"), ("\udfff\ud800", "??"), ("a\0", "a?")):
        user = {**USER, "username": shown, "inner": [{shown: shown}]}
        store[name] = json.dumps({"token": "7-a", "user": user, "permissions": {shown: shown}})
        assert client.get("/who").text == expected


def test_records_of_earlier_versions_are_read(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = with_views(make_app())
    token = sandbox.sign_in(0, {"doc": "read"})
    right = {"token": token, "user": {"user_id": 7, "username": "seven"}, "permissions": []}
    for value, who in ((token, "Ada Fontaine"), (right, "seven")):
        client = app.test_client()
        with client.session_transaction() as kept:
            kept["ipernity_token"] = value
        assert client.get("/who").text == who


@pytest.mark.parametrize("state", ["valid", "revoked", "unknown"])
@pytest.mark.parametrize("person", [0, 1])
def test_a_token_that_is_stored_without_its_user_is_asked_for_it_at_the_next_sign_in(
    make_app: MakeApp, sandbox: Sandbox, state: str, person: int
) -> None:
    client = with_views(make_app()).test_client()
    token = sandbox.sign_in(0, {"doc": "read"})
    with client.session_transaction() as kept:
        kept["ipernity_token"] = token
    location = consent(client.get("/write").location, person)
    if state == "revoked":
        sandbox.revoke(token)
    if state == "unknown":
        sandbox.fault("auth.checkToken", "500")
    lands = CONFIRM if (state == "valid" and person == 1) or state == "unknown" else "/write"
    assert client.get(location).location == lands


# --- two applications that share a session


@pytest.mark.parametrize("store", ["session", "sealed", "server", "object"])
def test_two_sites_on_one_host_do_not_take_each_others_visitors(
    make_app: MakeApp, sandbox: Sandbox, store: str
) -> None:
    tokens: Any = DictTokens() if store == "object" else store
    config = {"IPERNITY_TOKEN_STORE": tokens, "IPERNITY_CACHE": "memory"}
    one, other = with_views(make_app(**config)), with_views(make_app())
    two = with_views(make_app(**config, IPERNITY_APP_KEY="another", IPERNITY_APP_SECRET="x"))
    if store == "server":
        # Both use one store, as with Redis.
        parts = [app.extensions["ipernity"].parts for app in (one, two)]
        contexts = [next(p for p in part.values() if hasattr(p, "tokens")) for part in parts]
        contexts[1].tokens._backend = contexts[0].tokens._backend
    client, at_two = one.test_client(), two.test_client()
    sign_in(client, "/read")
    sandbox.clear_calls()

    def visit_two(path: str, method: str = "GET") -> Any:
        at_two.set_cookie("session", cookie_of(client))
        response = at_two.open(path, method=method)
        client.set_cookie("session", cookie_of(at_two))
        return response

    assert visit_two("/who").text == "nobody"
    assert visit_two("/read").status_code == 302
    assert visit_two("/ipernity/cb?frob=x").status_code in (400, 502)
    assert visit_two("/out", "POST").text == "bye"
    assert not [call for call in sandbox.calls if call.params.get("auth_token")]
    assert client.get("/who").text == "Ada Fontaine"
    assert client.get("/read").status_code == 200
    assert other.test_client().get("/who").text == "nobody"


def test_what_an_application_writes_for_a_sealed_token_hurts_nobody(make_app: MakeApp) -> None:
    app = with_views(make_app(IPERNITY_TOKEN_STORE="sealed"))
    values: list[Any] = ["ü", "x", 5, [], {"a": 1}, "gAAAAA" + "A" * 80]
    for value in values:
        client = app.test_client()
        with client.session_transaction() as kept:
            kept["ipernity_sealed_token"] = kept["ipernity_sealed_candidate"] = value
        assert client.get("/who").text == "nobody"
        assert client.get(CONFIRM).status_code == 400


def test_a_sign_in_that_one_site_has_started_is_not_ended_by_the_other(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    one = with_views(make_app())
    two = with_views(make_app(IPERNITY_APP_KEY="another", IPERNITY_APP_SECRET="x"))
    client, at_two = one.test_client(), two.test_client()
    location = consent(client.get("/read").location)
    at_two.set_cookie("session", cookie_of(client))
    sandbox.clear_calls()
    assert at_two.get("/ipernity/cb?frob=1-a").status_code == 400
    assert sandbox.calls == []
    at_two.get("/write")
    client.set_cookie("session", cookie_of(at_two))
    assert client.get(location).location == "/read"
