"""Sign-ins that another site has started: whoever comes back is asked which account it is to be.

A link in a mail costs one more click. A page that leads a visitor here twice, the second time with
a frob of the attacker, gets nothing.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, redirect, request, session
from flask_login import LoginManager, login_required

from flask_ipernity import Ipernity, ipernity, sign_in_failed
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import Browser, MakeApp
from tests.support.fetch_metadata import navigation
from tests.support.signals import heard
from tests.support.views import with_views
from tests.support.visitor import consent, sign_in

CONFIRM = "/ipernity/cb/confirm"


def site(sandbox: Sandbox, **config: Any) -> Flask:
    app = Flask("tests")
    app.config.update(SECRET_KEY="test", IPERNITY_LOGIN=True, IPERNITY_PERMISSIONS={"doc": "read"})
    app.config.update(sandbox.config())
    app.config.update(config)
    app.test_client_class = Browser
    LoginManager(app)
    Ipernity(app)
    with_views(app)
    app.add_url_rule("/member", "member", login_required(lambda: "member"))
    app.add_url_rule("/basket", "basket", lambda: str(session.setdefault("basket", 1)))

    @app.route("/start", methods=["GET", "POST"])
    def start() -> Any:
        return ipernity.authorize(next_url=request.args.get("next"))

    return app


@pytest.fixture
def app(sandbox: Sandbox) -> Flask:
    return site(sandbox)


def form_token(text: str) -> str:
    return text.partition('name="token" value="')[2].partition('"')[0]


#: Where another site may lead, and what the browser says of it.
STARTS = {
    "protected view": ("GET", "/read", navigation("cross-site")),
    "more permissions": ("GET", "/write", navigation("cross-site")),
    "login view": ("GET", "/ipernity/login?next=/who", navigation("cross-site")),
    "view of one's own": ("GET", "/start?next=/who", navigation("cross-site")),
    "form of another site": ("POST", "/start?next=/who", navigation("cross-site")),
    "form over http": ("POST", "/start?next=/who", {"Origin": "http://evil.example"}),
    "form of a sandbox": ("POST", "/start?next=/who", {"Origin": "null"}),
}


@pytest.mark.parametrize(("method", "path", "headers"), STARTS.values(), ids=STARTS)
def test_two_navigations_by_another_site_sign_nobody_in(
    app: Flask, method: str, path: str, headers: dict[str, str]
) -> None:
    attacker, victim = app.test_client(), app.test_client()
    forged = consent(attacker.get("/write").location, 1)
    victim.open(path, method=method, headers=headers)
    back = victim.get(forged, headers=navigation("cross-site"))
    assert (back.status_code, back.location) == (303, CONFIRM)
    assert victim.get("/who").text == "nobody"
    assert victim.get("/member").status_code == 302
    page = victim.get(CONFIRM).text
    assert "Jonas Weidmann" in page
    victim.post(CONFIRM, data={"token": form_token(page), "answer": "cancel"})
    assert victim.get("/who").text == "nobody"


@pytest.mark.parametrize(
    ("method", "path", "headers"), list(STARTS.values())[:4], ids=list(STARTS)[:4]
)
def test_a_visitor_who_has_followed_a_link_has_one_more_click(
    app: Flask, method: str, path: str, headers: dict[str, str]
) -> None:
    client = app.test_client()
    start = client.open(path, method=method, headers=headers)
    assert client.get(consent(start.location)).location == CONFIRM
    token = form_token(client.get(CONFIRM).text)
    landed = client.post(CONFIRM, data={"token": token, "answer": "continue"})
    assert landed.location == ("/who" if "next" in path else path)
    assert client.get("/who").text == "Ada Fontaine"


@pytest.mark.parametrize("site_of_start", ["none", "same-origin", "same-site", None])
def test_who_starts_here_is_not_asked(app: Flask, site_of_start: str | None) -> None:
    client = app.test_client()
    headers = navigation(site_of_start) if site_of_start else {"Origin": "http://localhost"}
    start = client.get("/read", headers=headers)
    assert client.get(consent(start.location)).location == "/read"


def test_nor_is_who_is_signed_in_with_that_account(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, "/read")
    start = client.get("/write", headers=navigation("cross-site"))
    assert client.get(consent(start.location)).location == "/write"


def test_of_two_tabs_only_the_one_that_another_site_has_opened_is_asked(app: Flask) -> None:
    client = app.test_client()
    client.get("/read", headers=navigation("cross-site"))
    start = client.get("/write", headers=navigation("none"))
    assert client.get(consent(start.location)).location == "/write"


def test_a_callback_of_ones_own_refuses_and_the_link_there_signs_in(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_views(make_app(IPERNITY_CALLBACK=False))

    @app.route("/back")
    def back() -> Any:
        return redirect(ipernity.set_token(), 303)

    sandbox.callback_url = "http://localhost/back"
    client = app.test_client()
    start = client.get("/read?a=b", headers=navigation("cross-site"))
    with heard(sign_in_failed, app) as said:
        page = client.get(consent(start.location), headers=navigation("cross-site"))
    assert page.status_code == 400
    assert said == [{"reason": "elsewhere"}]
    assert client.get("/who").text == "nobody"
    link = page.text.partition('class="button" href="')[2].partition('"')[0].replace("&amp;", "&")
    start = client.get(link, headers=navigation("same-origin"))
    assert client.get(consent(start.location)).location == "/read?a=b"
    assert client.get("/who").text == "Ada Fontaine"


# --- a cookie that browsers do not send when another site leads here


def bounced_to(text: str) -> str:
    return text.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&")


@pytest.fixture
def strict(sandbox: Sandbox) -> Flask:
    return site(sandbox, SESSION_COOKIE_SAMESITE="Strict")


@pytest.mark.parametrize(
    "path", ["/read", "/member", "/ipernity/login?next=/read", "/start?next=/read"]
)
@pytest.mark.parametrize("headers", [navigation("cross-site"), {}], ids=["modern", "old"])
def test_with_a_strict_cookie_the_start_goes_over_a_page_of_our_own_and_writes_nothing(
    strict: Flask, path: str, headers: dict[str, str]
) -> None:
    client, without_cookie = strict.test_client(), strict.test_client()
    client.get("/basket")
    page = without_cookie.get(path, headers=headers)
    assert (page.status_code, "Set-Cookie" in page.headers) == (200, False)
    assert page.headers["Cache-Control"] == "no-store"
    start = client.get(bounced_to(page.text), headers=navigation("same-origin") if headers else {})
    back = client.get(consent(start.location))
    asked = bool(headers)
    assert back.location == (CONFIRM if asked else "/member" if path == "/member" else "/read")
    with client.session_transaction() as kept:
        assert kept["basket"] == 1


def test_with_a_strict_cookie_a_signed_in_visitor_is_not_swapped(strict: Flask) -> None:
    attacker, victim = strict.test_client(), strict.test_client()
    start = victim.get("/read", headers=navigation("none"))
    victim.get(consent(start.location) + "&same_site=1")
    assert victim.get("/who").text == "Ada Fontaine"
    start = attacker.get("/write", headers=navigation("none"))
    forged = consent(start.location, 1)
    # The browser sends these two without the cookie, and the pages that follow with it.
    elsewhere = strict.test_client()
    first = elsewhere.get("/write", headers=navigation("cross-site"))
    second = elsewhere.get(forged, headers=navigation("cross-site"))
    for page in (first, second):
        assert "Set-Cookie" not in page.headers
    victim.get(bounced_to(first.text), headers=navigation("same-origin"))
    query = bounced_to(second.text)
    back = victim.get(f"/ipernity/cb{query}", headers=navigation("same-origin"))
    assert back.location == CONFIRM
    assert victim.get("/who").text == "Ada Fontaine"


def test_with_a_strict_cookie_a_callback_of_ones_own_works(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = with_views(make_app(IPERNITY_CALLBACK=False, SESSION_COOKIE_SAMESITE="Strict"))

    @app.route("/back")
    def back() -> Any:
        return redirect(ipernity.set_token(), 303)

    sandbox.callback_url = "http://localhost/back"
    client, without_cookie = app.test_client(), app.test_client()
    location = consent(client.get("/read", headers=navigation("none")).location)
    sandbox.clear_calls()
    page = without_cookie.get(location, headers=navigation("cross-site"))
    assert (page.status_code, "Set-Cookie" in page.headers) == (200, False)
    assert sandbox.calls == []
    again = f"/back{bounced_to(page.text)}"
    assert client.get(again, headers=navigation("same-origin")).location == "/read"
    # A browser that blocks cookies does not go round.
    assert app.test_client().get(again, headers=navigation("same-origin")).status_code == 400


def test_a_link_of_another_site_cannot_pass_for_a_page_of_ours(strict: Flask) -> None:
    victim = strict.test_client()
    again = "/ipernity/cb/again?next=/read"
    assert victim.get(again, headers=navigation("cross-site")).status_code == 400
    assert "Set-Cookie" not in victim.get(again, headers=navigation("cross-site")).headers


@pytest.mark.parametrize("site_of_start", ["none", "same-origin", "same-site"])
def test_with_a_strict_cookie_a_new_visitor_of_ones_own_starts_at_once(
    strict: Flask, site_of_start: str
) -> None:
    assert strict.test_client().get("/read", headers=navigation(site_of_start)).status_code == 302
