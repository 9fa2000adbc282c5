"""What an attacker, a bad browser or a bad service may try around sign-in."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask, session
from flask_session import Session
from jinja2 import FileSystemLoader

from flask_ipernity import Ipernity, TokenError, ipernity, sign_in_failed, signed_in, token_revoked
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sign_in.visitor import visitor_api
from tests.support.apps import Browser, MakeApp
from tests.support.cookies import cookie_of
from tests.support.signals import heard
from tests.support.stub import Stub, error, ok
from tests.support.views import with_views
from tests.support.visitor import consent, sign_in


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return with_views(make_app())


def pending(app: Flask, client: Any) -> int:
    with client.session_transaction() as kept:
        return len(kept.get("ipernity_sign_ins", []))


# --- starting


def test_a_link_in_a_mail_or_on_another_site_may_start_a_sign_in(app: Flask) -> None:
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    client = app.test_client()
    assert client.get("/read", headers=headers).status_code == 302
    assert pending(app, client) == 1


@pytest.mark.parametrize("path", ["/read", "/start"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"X-Purpose": "preview"},
        {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_picture_a_frame_a_prefetch_or_a_foreign_script_starts_nothing(
    app: Flask, path: str, headers: dict[str, str]
) -> None:
    app.add_url_rule("/start", view_func=lambda: ipernity.authorize())
    client = app.test_client()
    page = client.get(path, headers=headers)
    assert page.status_code in (400, 401)
    assert "authorize" not in page.text
    assert pending(app, client) == 0


def test_a_callback_in_a_frame_starts_nothing_either(app: Flask) -> None:
    client = app.test_client()
    headers = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "cross-site"}
    page = client.get("/ipernity/cb?frob=1-a", headers=headers)
    assert page.status_code == 400
    assert "authorize" not in page.text
    assert pending(app, client) == 0


def test_a_callback_that_nobody_asked_for_does_not_prepare_the_next_one(
    app: Flask, sandbox: Sandbox
) -> None:
    location = consent(app.test_client().get("/read").location)
    sandbox.clear_calls()
    victim = app.test_client()
    assert [victim.get(location).status_code for _ in range(2)] == [400, 400]
    again = victim.get("/ipernity/cb/again?next=/who", headers={"Sec-Fetch-Site": "cross-site"})
    assert again.status_code == 400
    assert pending(app, victim) == 0
    assert victim.get(location).status_code == 400
    assert sandbox.calls == []
    same = victim.get("/ipernity/cb/again?next=/who", headers={"Sec-Fetch-Site": "same-origin"})
    assert victim.get(consent(same.location)).location == "/who"


def test_the_address_at_ipernity_has_no_frob_and_none_is_asked_for(
    app: Flask, sandbox: Sandbox
) -> None:
    client = app.test_client()
    location = client.get("/read").location
    assert location is not None
    assert "frob" not in location
    client.get(consent(location))
    assert [call.method for call in sandbox.calls] == ["auth.getToken"]


def test_long_addresses_do_not_make_the_cookie_too_long_for_a_browser(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    for number in range(6):
        noise = "".join(sha256(bytes([number, part])).hexdigest() for part in range(14))
        client.get(f"/write?tab={number}&q={noise}")
    assert pending(app, client) == 5
    assert len(cookie_of(client)) < 3500
    location = client.get("/write?last=1").location
    assert client.get(consent(location)).location == "/write?last=1"


# --- who asks


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_a_call_that_is_no_get_gets_401_and_no_post_is_replayed(
    make_app: MakeApp, method: str
) -> None:
    app = with_views(make_app())

    @app.route("/only", methods=["POST", "PUT", "DELETE", "PATCH"])
    def only() -> Any:
        return ipernity.authorize()

    client = app.test_client()
    assert client.open("/read", method="POST").status_code == 401
    headers = {"Referer": "http://localhost/only"}
    start = client.open("/only", method=method, headers=headers)
    landed = client.get(consent(start.location))
    assert landed.location == "/"


def test_the_page_that_the_form_was_on_follows_the_sign_in(app: Flask) -> None:
    client = app.test_client()
    page = client.post(
        "/read",
        headers={"Referer": "http://localhost/who?a=b", "Accept": "application/json"},
    )
    assert (page.status_code, page.mimetype) == (401, "application/problem+json")
    assert page.headers["WWW-Authenticate"] == "Ipernity"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.json is not None
    start = client.get(page.json["sign_in"]).location
    assert client.get(consent(start)).location == "/who?a=b"


# --- the session


@pytest.fixture
def server_side(sandbox: Sandbox) -> tuple[Flask, SimpleCache]:
    app, cache = Flask("tests"), SimpleCache()
    app.config.update(
        SESSION_TYPE="cachelib", SESSION_CACHELIB=cache, IPERNITY_PERMISSIONS={"doc": "read"}
    )
    app.config.update(sandbox.config())
    app.test_client_class = Browser
    Session(app)
    Ipernity(app)
    with_views(app)

    @app.route("/basket")
    def basket() -> Any:
        return str(session.setdefault("basket", 1))

    return app, cache


def test_the_session_has_a_new_name_after_sign_in_and_after_sign_out(
    server_side: tuple[Flask, SimpleCache],
) -> None:
    app, cache = server_side
    client = app.test_client()
    client.get("/basket")
    names = [cookie_of(client)]
    start = client.get("/read").location
    assert cookie_of(client) == names[0]
    client.get(consent(start))
    names.append(cookie_of(client))
    assert client.get("/who").text == "Ada Fontaine"
    client.post("/out")
    names.append(cookie_of(client))
    assert len(set(names)) == 3
    assert [cache.get(f"session:{name}") for name in names[:2]] == [None, None]
    assert client.get("/basket").text == "1"
    thief = app.test_client()
    thief.set_cookie("session", names[1])
    assert thief.get("/who").text == "nobody"


def test_what_the_former_visitor_has_left_under_our_prefix_is_gone(app: Flask) -> None:
    client = app.test_client()
    with client.session_transaction() as kept:
        kept.update(ipernity_cache={"old": 1}, ipernity_other="old", basket=1)
    sign_in(client, "/read")
    with client.session_transaction() as kept:
        assert "ipernity_cache" not in kept
        assert "ipernity_other" not in kept
        assert kept["basket"] == 1


def test_a_sign_in_in_another_tab_survives_this_one_and_a_dead_token(
    app: Flask, sandbox: Sandbox
) -> None:
    client = app.test_client()
    first = client.get("/read?tab=1").location
    sign_in(client, "/read?tab=2")
    for token in list(sandbox.state.tokens):
        sandbox.revoke(token)
    assert client.get("/read?tab=3").status_code == 302
    assert pending(app, client) == 2
    assert client.get(consent(first)).status_code == 303
    assert client.get("/who").text == "Ada Fontaine"


def test_what_a_view_does_to_the_user_stays_in_the_view(app: Flask) -> None:
    @app.route("/rename")
    def rename() -> Any:
        (ipernity.api.user_info or {})["username"] = "Mallory"
        session["touched"] = True
        return "renamed"

    client = app.test_client()
    sign_in(client, "/read")
    client.get("/rename")
    assert client.get("/who").text == "Ada Fontaine"


def test_a_signal_handler_cannot_change_who_is_stored(app: Flask) -> None:
    def hear(sender: object, user: dict[str, Any]) -> None:
        user["username"] = "Mallory"

    client = app.test_client()
    with signed_in.connected_to(hear, app):
        sign_in(client, "/read")
    assert client.get("/who").text == "Ada Fontaine"


# --- the service


def test_with_the_service_down_all_that_needs_no_call_works(app: Flask, sandbox: Sandbox) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    sandbox.stop()
    assert client.get("/who").text == "Ada Fontaine"
    assert app.test_client().get("/who").text == "nobody"
    assert app.test_client().get("/read").status_code == 302
    assert client.post("/out").text == "bye"
    assert client.get("/who").text == "nobody"
    sandbox.start()


@pytest.mark.parametrize("code", [1, 2, 106, 107, 108])
def test_a_frob_that_the_service_rejects_is_a_page_and_no_loop(
    app: Flask, sandbox: Sandbox, code: int
) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    location = consent(client.get("/write").location)
    sandbox.fault("auth.getToken", str(code))
    with heard(sign_in_failed, app) as said, heard(token_revoked, app) as revoked:
        page = client.get(location)
    assert page.status_code == 400
    assert "Sign in with Ipernity" in page.text
    assert said == [{"reason": "expired"}]
    assert revoked == []
    assert client.get("/who").text == "Ada Fontaine"


USER = '"user":{"user_id":"7","username":"seven"}'
PERMISSIONS = '"permissions":{"doc":"read"}'


def auth(*members: str) -> bytes:
    return ok(f'"auth":{{{",".join(members)}}},')


@pytest.mark.parametrize(
    ("answer", "status", "who"),
    [
        (auth('"token":"7-a"', PERMISSIONS), 502, "nobody"),
        (auth('"token":"7-a"', '"user":[]', PERMISSIONS), 502, "nobody"),
        (auth('"token":"7-a"', '"user":{"username":"seven"}', PERMISSIONS), 502, "nobody"),
        (auth('"token":"7-a"', '"user":{"user_id":""}', PERMISSIONS), 502, "nobody"),
        (auth(USER, PERMISSIONS), 502, "nobody"),
        (auth('"token":""', USER, PERMISSIONS), 502, "nobody"),
        (auth('"token":7', USER, PERMISSIONS), 502, "nobody"),
        (ok('"auth":[],'), 502, "nobody"),
        (ok(), 502, "nobody"),
        (error("abc"), 502, "nobody"),
        (error(2), 400, "nobody"),
        (auth('"token":"7-a"', USER), 403, "seven"),
        (auth('"token":"7-a"', USER, '"permissions":[]'), 403, "seven"),
        (auth('"token":"7-a"', USER, '"permissions":{"doc":["x"]}'), 403, "seven"),
        (auth('"token":"7-a"', USER, '"permissions":{"doc":"all"}'), 403, "seven"),
        (auth('"token":"7-a"', USER, '"permissions":{"new":"read","doc":"read"}'), 303, "seven"),
        (
            auth('"token":"7-a"', '"user":{"user_id":7,"username":"seven"}', PERMISSIONS),
            303,
            "seven",
        ),
    ],
)
def test_whatever_the_service_answers_nobody_is_half_signed_in(
    make_app: MakeApp, answer: bytes, status: int, who: str
) -> None:
    with Stub(answer) as stub:
        app = with_views(make_app(IPERNITY_API_URL=stub.url))
        client = app.test_client()
        client.get("/read")
        assert client.get("/ipernity/cb?frob=7-abc").status_code == status
        assert client.get("/who").text == who
        assert len(stub.requests) == 1
        assert client.get("/ipernity/cb?frob=7-abc").status_code in (400, status)


@pytest.mark.parametrize("store", ["session", "sealed", "server"])
@pytest.mark.parametrize("ask", [False, True])
def test_half_a_character_in_the_answer_is_replaced(
    make_app: MakeApp, store: str, ask: bool
) -> None:
    user = r'"user":{"user_id":"7","username":"se\ud800v\u0000n","realname":["\udfff"],"\ud801":1}'
    with Stub(auth('"token":"7-a"', user, PERMISSIONS)) as stub:
        app = with_views(
            make_app(
                IPERNITY_API_URL=stub.url,
                IPERNITY_TOKEN_STORE=store,
                IPERNITY_CACHE="memory",
                IPERNITY_CONFIRM_SIGN_IN=ask,
            )
        )
        client = app.test_client()
        client.get("/read")
        page = client.get("/ipernity/cb?frob=7-abc")
        assert page.status_code == 303
        if ask:
            text = client.get(page.location).text
            assert "se?v?n" in text
            token = text.partition('name="token" value="')[2].partition('"')[0]
            client.post(page.location, data={"token": token, "answer": "continue"})
        assert client.get("/who").text == "se?v?n"


@pytest.mark.parametrize("token", [r"7-\ud800", r"7-a\r\nX: y", r"7-\u0000", "7-ü", ""])
def test_a_token_that_cannot_be_one_signs_nobody_in(make_app: MakeApp, token: str) -> None:
    with Stub(auth(f'"token":"{token}"', USER, PERMISSIONS)) as stub:
        client = with_views(make_app(IPERNITY_API_URL=stub.url)).test_client()
        client.get("/read")
        assert client.get("/ipernity/cb?frob=7-abc").status_code == 502
        assert client.get("/who").text == "nobody"


def test_a_dead_token_is_told_once_though_many_requests_find_it(
    app: Flask, sandbox: Sandbox
) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    cookie = cookie_of(client)
    for token in list(sandbox.state.tokens):
        sandbox.revoke(token)
    told, lock = [], Lock()

    def hear(sender: object, **values: Any) -> None:
        with lock:
            told.append(values["user"]["username"])

    def visit(number: int) -> int:
        tab = app.test_client()
        tab.set_cookie("session", cookie)
        return tab.get("/read").status_code

    with token_revoked.connected_to(hear, app), ThreadPoolExecutor(8) as pool:
        assert set(pool.map(visit, range(16))) == {302}
    assert told == ["Ada Fontaine"]


def test_a_token_that_was_granted_again_may_die_again(make_app: MakeApp) -> None:
    token = {"token": "7-a", "user": {"user_id": "7"}, "permissions": {}}
    with Stub(error(107)) as stub:
        app = make_app(IPERNITY_API_URL=stub.url)
        with heard(token_revoked, app) as said:
            for _ in range(2):
                with app.test_request_context():
                    visitor_api().keep(token)
                    with pytest.raises(TokenError):
                        ipernity.api.test.echo(echo="x")
                    assert ipernity.api.token is None
    assert len(said) == 2


# --- the way back


def test_a_callback_over_http_is_warned_of_once(
    make_app: MakeApp, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = with_views(make_app())
    sandbox.callback_url = "http://club.example/ipernity/cb"
    for _ in range(2):
        client = app.test_client()
        start = client.get("/read", base_url="http://club.example").location
        client.get(consent(start), base_url="http://club.example")
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == 1
    assert "https" in warned[0].getMessage()


@pytest.mark.parametrize(
    ("base_url", "debug"),
    [
        ("https://club.example", False),
        ("http://club.example", True),
        ("http://localhost:5000", False),
        ("http://127.0.0.1:5000", False),
        ("http://[::1]:5000", False),
    ],
)
def test_a_callback_over_https_or_on_this_machine_is_not(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, base_url: str, debug: bool
) -> None:
    app = make_app(DEBUG=debug)
    app.test_client().get("/ipernity/cb?frob=1-a", base_url=base_url)
    assert "one-time code" not in caplog.text


def test_with_a_strict_cookie_the_way_back_goes_over_a_page_of_our_own(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_views(make_app(SESSION_COOKIE_SAMESITE="Strict"))
    client, without_cookie = app.test_client(), app.test_client()
    location = consent(client.get("/read", headers={"Sec-Fetch-Site": "none"}).location)
    sandbox.clear_calls()
    page = without_cookie.get(location)
    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    assert page.headers["Cache-Control"] == "no-store"
    assert sandbox.calls == []
    query = page.text.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&")
    again = f"/ipernity/cb{query}"
    assert app.test_client().get(again).status_code == 400
    assert client.get(again).location == "/read"
    assert client.get("/who").text == "Ada Fontaine"


def test_templates_of_the_application_replace_ours(make_app: MakeApp, tmp_path: Path) -> None:
    folder = tmp_path / "flask_ipernity"
    folder.mkdir()
    (folder / "error.html").write_text("own {{ status }} {{ title }}", encoding="utf-8")
    (folder / "confirm.html").write_text("own {{ user.username }}", encoding="utf-8")
    app = with_views(make_app(IPERNITY_CONFIRM_SIGN_IN=True))
    app.jinja_loader = FileSystemLoader(tmp_path)
    client = app.test_client()
    assert client.get("/ipernity/cb").text == "own 400 Sign-in did not finish"
    client.get(consent(client.get("/read").location))
    assert client.get("/ipernity/cb/confirm").text == "own Ada Fontaine"


def test_forms_of_ours_carry_the_token_of_an_application_that_asks_for_one(
    make_app: MakeApp,
) -> None:
    app = with_views(make_app(IPERNITY_CONFIRM_SIGN_IN=True))
    app.jinja_env.globals["csrf_token"] = lambda: "of the application"
    client = app.test_client()
    client.get(consent(client.get("/read").location))
    page = client.get("/ipernity/cb/confirm").text
    assert '<input type="hidden" name="csrf_token" value="of the application">' in page
