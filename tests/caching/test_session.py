"""Results in the session: what fits into a cookie, and who is never signed out by it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cachelib import FileSystemCache
from flask import Flask, request, session
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from flask_ipernity import Ipernity, ipernity, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sign_in import session_results
from flask_ipernity.site.api import site_context
from tests.support.apps import MakeApp
from tests.support.caching_app import caching, how, signed_in
from tests.support.chromium import consent
from tests.support.cookies import BROWSERS_TAKE, cookie_of, noise, read
from tests.support.served import served
from tests.support.threads import hold_first_reply
from tests.support.visitor import sign_in


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """An application whose results are in the cookie, and that has things of its own there."""
    app = caching(make_app, "session", SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)

    @app.route("/own/<int:length>")
    def own(length: int) -> str:
        ipernity.api.test.echo(echo=str(length))
        session["basket"] = noise(0, length)
        return "kept"

    @app.route("/read")
    @ipernity_auth_required()
    def read() -> str:
        return "read"

    # An application's own function, registered after ours, may use the session, too.
    app.after_request(lambda response: _count(response) if request.args.get("count") else response)
    return app


def _count(response: Any) -> Any:
    session["seen"] = session.get("seen", 0) + 1
    return response


def set_cookies(client: FlaskClient, path: str) -> list[str]:
    response = client.get(path)
    assert response.status_code < 400, response.text
    return response.headers.getlist("Set-Cookie")


@pytest.mark.slow
def test_two_hundred_calls_keep_the_cookie_small_and_the_visitor_signed_in(
    app: Flask, sandbox: Sandbox
) -> None:
    client = signed_in(app, sandbox)
    user_id = sandbox.people[0].user_id
    lengths = []
    for number in range(200):
        path = f"/call/doc.getList?user_id={user_id}&n={number}"
        if number % 3 == 0:
            path = f"/call/test.echo?echo={noise(number, 10 * number + 1)}"
        for line in set_cookies(client, path + "&count=1"):
            assert len(line) < BROWSERS_TAKE
            lengths.append(len(line))
        assert client.get("/who").text == "in"
    assert max(lengths) > 3000


def test_the_newest_are_kept_and_the_oldest_go_first(app: Flask, sandbox: Sandbox) -> None:
    client = signed_in(app, sandbox)
    for number in range(20):
        assert how(client, "test.echo", echo=noise(number, 200)) == "miss"
    after = cookie_of(client)
    kept = []
    for number in reversed(range(20)):
        client.set_cookie("session", after)
        kept.append(how(client, "test.echo", echo=noise(number, 200)) == "hit")
    count = sum(kept)
    assert 3 < count < 20
    assert kept == [True] * count + [False] * (20 - count)


def test_what_does_not_fit_is_not_kept_and_pushes_nothing_out(app: Flask, sandbox: Sandbox) -> None:
    client = signed_in(app, sandbox)
    how(client, "test.hello")
    for _ in range(2):
        assert how(client, "test.echo", echo=noise(1, 4000)) == "miss"
    assert how(client, "test.hello") == "hit"


def test_a_very_long_result_is_not_even_tried(
    app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be compressed, but trying that would take long."""
    client = signed_in(app, sandbox)
    how(client, "test.echo", echo="x" * 500)
    assert how(client, "test.echo", echo="x" * 500) == "hit"
    monkeypatch.setattr(session_results, "IN_COOKIE", session_results.Limits(500, 5000))
    assert [how(client, "test.echo", echo="y" * 500) for _ in range(2)] == ["miss", "miss"]


@pytest.mark.parametrize("length", [500, 2000, 2600, 3000])
def test_what_the_application_keeps_has_room_before_results(
    app: Flask, sandbox: Sandbox, length: int
) -> None:
    client = signed_in(app, sandbox)
    for number in range(12):
        how(client, "test.echo", echo=noise(number, 150))
    for line in set_cookies(client, f"/own/{length}?count=1"):
        assert len(line) < BROWSERS_TAKE
    assert client.get("/who").text == "in"
    assert read(cookie_of(client)).count("basket") == 1


def test_hits_write_nothing(app: Flask, sandbox: Sandbox) -> None:
    client = signed_in(app, sandbox)
    assert set_cookies(client, "/call/test.hello") != []
    for _ in range(3):
        assert set_cookies(client, "/call/test.hello") == []
    assert set_cookies(client, "/call/auth.checkToken") == []


def test_pages_that_make_no_call_do_not_depend_on_the_cookie(app: Flask, sandbox: Sandbox) -> None:
    client = signed_in(app, sandbox)
    how(client, "test.hello")
    response = client.get("/static/nothing.css")
    assert "Cookie" not in response.headers.get("Vary", "")
    assert "Set-Cookie" not in response.headers


def test_requests_in_the_background_read_and_write_nothing(app: Flask, sandbox: Sandbox) -> None:
    client = signed_in(app, sandbox)
    background = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    assert "Set-Cookie" not in client.get("/call/test.hello", headers=background).headers
    how(client, "test.hello")
    answer = client.get("/call/test.hello", headers=background)
    assert answer.json["how"] == "hit"  # type: ignore[index]


def test_nothing_is_kept_while_a_sign_in_is_under_way(app: Flask, sandbox: Sandbox) -> None:
    client = app.test_client()
    client.get("/read")
    assert set_cookies(client, "/call/test.hello") == []


def test_a_sign_in_and_a_sign_out_take_the_results_with_them(app: Flask, sandbox: Sandbox) -> None:
    client = app.test_client()
    assert how(client, "test.hello") == "miss"
    sign_in(client, "/read")
    assert "hello" not in read(cookie_of(client))
    assert how(client, "test.hello") == "miss"
    assert how(client, "test.hello") == "hit"
    with app.test_request_context(headers={"Cookie": f"session={cookie_of(client)}"}):
        ipernity.logout()
        assert [key for key in session if key.startswith("ipernity_")] == []


def test_a_call_from_before_a_write_is_not_shared_with_a_request_after_it(
    app: Flask, sandbox: Sandbox
) -> None:
    ada = signed_in(app, sandbox)
    cookie = cookie_of(ada)
    owner = sandbox.people[0].user_id
    doc = next(doc for doc in sandbox.state.docs.values() if doc.owner_id == owner)
    path = f"/call/doc.get?doc_id={doc.doc_id}"
    transport = app.extensions["ipernity"].parts[site_context].transport
    asked, go_on = hold_first_reply(transport, "doc.get")

    def title() -> Any:
        client = app.test_client()
        client.set_cookie("session", cookie)
        return client.get(path).json["answer"]["doc"]["title"]  # type: ignore[index]

    before = doc.title
    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(title)
        assert asked.wait(20)
        # else the second would wait for the first for as long as it hangs
        late = threading.Timer(5, go_on.set)
        late.start()
        ada.post(f"/call/doc.set?doc_id={doc.doc_id}&title=New")
        assert title() == "New"
        late.cancel()
        go_on.set()
        assert reader.result(20) == before


def test_what_version_0_1_left_in_the_session_does_no_harm(app: Flask) -> None:
    client = app.test_client()
    with client.session_transaction() as old:
        old["ipernity_cache"] = {"test.helloNone{}": [{"hello": "old"}, 9999999999.0]}
    assert [how(client, "test.hello") for _ in range(2)] == ["miss", "hit"]


def test_without_a_secret_key_nothing_is_kept_and_nothing_fails(make_app: MakeApp) -> None:
    client = caching(make_app, "session", SECRET_KEY=None).test_client()
    assert [how(client, "test.hello") for _ in range(2)] == ["miss", "miss"]


def test_a_session_on_the_server_is_bounded_too(
    make_app: MakeApp, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_session import Session

    monkeypatch.setattr(session_results, "ON_SERVER", session_results.Limits(5000, 5000))
    app = caching(
        make_app,
        "session",
        SESSION_TYPE="cachelib",
        SESSION_CACHELIB=FileSystemCache(str(tmp_path)),
    )
    Session(app)
    client = signed_in(app, sandbox)
    for number in range(30):
        assert how(client, "test.echo", echo=f"{number}{'x' * 500}") == "miss"
    assert how(client, "test.echo", echo=f"29{'x' * 500}") == "hit"
    assert how(client, "test.echo", echo=f"0{'x' * 500}") == "miss"
    with client.session_transaction() as kept:
        assert 4000 < sum(len(entry[3]) for entry in kept["ipernity_cache"]) <= 5000


@pytest.mark.parametrize("per_page", [100, 50])
@pytest.mark.parametrize("extra", ["dates,count,owner", "dates,count,owner,license,original,geo"])
def test_a_session_on_the_server_keeps_a_list_of_a_hundred_with_extras(
    tmp_path: Path, per_page: int, extra: str
) -> None:
    from flask_session import Session

    with Sandbox(extra_documents=110) as sandbox:
        app = Flask("tests")
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(str(tmp_path)))
        app.config.update(sandbox.config(), SECRET_KEY="k", IPERNITY_CACHE_REQUESTS=True)
        Session(app)
        Ipernity(app)

        @app.route("/")
        def documents() -> Any:
            user_id = sandbox.people[0].user_id
            answer: Any = ipernity.api.doc.getList(user_id=user_id, per_page=per_page, extra=extra)
            assert ipernity.last_call is not None
            return [len(answer["docs"]["doc"]), ipernity.last_call.cache]

        client = app.test_client()
        assert [client.get("/").json for _ in range(2)] == [[per_page, "miss"], [per_page, "hit"]]


@pytest.mark.slow
def test_a_real_browser_stays_signed_in_over_two_hundred_calls(
    chromium: Browser, app: Flask, sandbox: Sandbox
) -> None:
    @app.route("/four/<int:first>")
    def four(first: int) -> str:
        for number in range(first, first + 4):
            ipernity.api.test.echo(echo=noise(number, 5 * number + 1))
        return "done"

    with served(app) as port:
        site = f"http://localhost:{port}"
        sandbox.callback_url = f"{site}/ipernity/cb"
        page = chromium.new_page()
        page.set_default_timeout(30_000)
        page.goto(f"{site}/read")
        consent(page)
        page.wait_for_url(f"{site}/read")
        sandbox.clear_calls()
        for first in range(0, 200, 4):
            page.goto(f"{site}/four/{first}")
        assert len(sandbox.calls) == 200
        page.goto(f"{site}/call/test.echo?echo={noise(199, 996)}")
        assert '"how":"hit"' in page.content()
        page.goto(f"{site}/who")
        assert page.inner_text("body") == "in"
        page.close()
