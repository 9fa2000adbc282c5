"""Sign-in in a real Chromium.

The application is at ``localhost`` and Ipernity at ``127.0.0.1``: two sites, as in life.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from flask_ipernity import ipernity, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.chromium import consent
from tests.support.served import served
from tests.support.visitor import consent as allow


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A new browser profile."""
    context = chromium.new_context()
    context.set_default_timeout(30_000)
    yield context
    context.close()


HOME = """<!doctype html><title>Home</title>
<p id="who">{{ (ipernity.api.user_info or {}).username or "nobody" }}</p>
<a href="/private?page=2">Private</a> <a href="/again">Other account</a>
<form method="post" action="/out"><button>Sign out</button></form>
<form method="post" action="/private"><button>Send</button></form>
"""


def with_pages(app: Flask) -> Flask:
    from flask import redirect, render_template_string

    @app.route("/")
    def home() -> Any:
        return render_template_string(HOME)

    @app.route("/private", methods=["GET", "POST"])
    @ipernity_auth_required()
    def private() -> Any:
        return render_template_string(HOME)

    @app.route("/again")
    def again() -> Any:
        return ipernity.authorize(next_url="/private?page=3")

    @app.post("/out")
    def out() -> Any:
        ipernity.logout()
        return redirect("/", 303)

    return app


@contextmanager
def site_of(app: Flask, sandbox: Sandbox) -> Iterator[str]:
    with served(app) as port:
        url = f"http://localhost:{port}"
        sandbox.callback_url = f"{url}/ipernity/cb"
        yield url


@pytest.fixture
def site(make_app: MakeApp, sandbox: Sandbox) -> Iterator[str]:
    with site_of(with_pages(make_app(SESSION_COOKIE_SAMESITE="Lax")), sandbox) as url:
        yield url


def who(page: Page) -> str:
    return page.locator("#who").inner_text()


def signed_in(context: BrowserContext, site: str, person: str = "Ada Fontaine") -> Page:
    page = context.new_page()
    page.goto(f"{site}/private?page=2")
    consent(page, person)
    page.wait_for_url(f"{site}/private?page=2")
    return page


def test_a_visitor_signs_in_and_lands_where_she_wanted_to_go(
    context: BrowserContext, site: str
) -> None:
    page = context.new_page()
    page.goto(site)
    assert who(page) == "nobody"
    page.get_by_role("link", name="Private").click()
    consent(page)
    page.wait_for_url(f"{site}/private?page=2")
    assert who(page) == "Ada Fontaine"
    assert "frob" not in page.evaluate("document.referrer + location.href")


def test_a_visitor_refuses_and_may_start_again(context: BrowserContext, site: str) -> None:
    page = context.new_page()
    page.goto(f"{site}/private?page=2")
    consent(page, answer="Refuse")
    expect(page.get_by_role("heading")).to_have_text("Sign-in did not finish")
    page.get_by_role("link", name="Sign in with Ipernity").click()
    consent(page)
    page.wait_for_url(f"{site}/private?page=2")
    assert who(page) == "Ada Fontaine"


def test_two_tabs_at_once_both_arrive(context: BrowserContext, site: str) -> None:
    tabs = [context.new_page(), context.new_page()]
    for number, tab in enumerate(tabs):
        tab.goto(f"{site}/private?tab={number}")
    for tab in tabs:
        consent(tab)
        tab.wait_for_url(f"{site}/private?tab=*")
        assert who(tab) == "Ada Fontaine"
    assert {tab.url for tab in tabs} == {f"{site}/private?tab={number}" for number in range(2)}


def test_going_back_after_sign_in_and_agreeing_again_signs_nobody_out(
    context: BrowserContext, site: str
) -> None:
    page = signed_in(context, site)
    page.go_back()
    consent(page)
    expect(page.get_by_role("heading")).to_have_text("Sign-in did not finish")
    page.goto(site)
    assert who(page) == "Ada Fontaine"


def test_signing_out_in_one_tab_ends_the_other(context: BrowserContext, site: str) -> None:
    one, other = signed_in(context, site), context.new_page()
    other.goto(site)
    assert who(other) == "Ada Fontaine"
    one.get_by_role("button", name="Sign out").click()
    one.wait_for_url(f"{site}/")
    with other.expect_navigation() as sent:
        other.get_by_role("button", name="Send").click()
    assert sent.value.status == 401
    expect(other.get_by_role("heading")).to_have_text("Please sign in")
    other.get_by_role("link", name="Sign in with Ipernity").click()
    consent(other)
    other.wait_for_url(f"{site}/")
    assert who(other) == "Ada Fontaine"


@pytest.mark.parametrize("store", ["session", "sealed", "server"])
def test_another_account_is_confirmed(
    context: BrowserContext, make_app: MakeApp, sandbox: Sandbox, store: str
) -> None:
    app = with_pages(make_app(IPERNITY_TOKEN_STORE=store, IPERNITY_CACHE="memory"))
    with site_of(app, sandbox) as site:
        page = signed_in(context, site)
        for answer, name in (("Stay Ada Fontaine", "Ada"), ("Continue as Jonas", "Jonas")):
            page.get_by_role("link", name="Other account").click()
            consent(page, "Jonas Weidmann")
            page.wait_for_url(f"{site}/ipernity/cb/confirm")
            expect(page.get_by_role("heading")).to_have_text("Continue as Jonas Weidmann?")
            expect(page.get_by_text("You are signed in as Ada Fontaine")).to_be_visible()
            page.get_by_role("button", name=answer).click()
            page.wait_for_url(f"{site}/" if name == "Ada" else f"{site}/private?page=3")
            assert who(page).startswith(name)


def test_sign_in_works_with_a_strict_cookie(
    context: BrowserContext, make_app: MakeApp, sandbox: Sandbox
) -> None:
    with site_of(with_pages(make_app(SESSION_COOKIE_SAMESITE="Strict")), sandbox) as site:
        page = signed_in(context, site)
        assert who(page) == "Ada Fontaine"
        page.go_back()
        page.goto(site)
        assert who(page) == "Ada Fontaine"


@contextmanager
def hostile_site(app: Flask, site: str) -> Iterator[str]:
    """Serve a page of another site with two links: to a protected page, and then to a callback
    with a frob that the attacker has got from Ipernity for her own account.
    """
    start = app.test_client().get("/private?page=9", headers={"Sec-Fetch-Site": "none"})
    forged = allow(start.location, 1)
    hostile = Flask("hostile")
    links = f'<a href="{site}/private?page=9">first</a> <a href="{forged}">second</a>'
    hostile.add_url_rule("/", view_func=lambda: links)
    with served(hostile) as port:
        yield f"http://127.0.0.1:{port}/"


def two_navigations(page: Page, hostile: str) -> None:
    for name in ("first", "second"):
        page.goto(hostile)
        with page.expect_navigation():
            page.get_by_role("link", name=name).click()
        page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("same_site", [None, "Lax", "Strict"])
def test_two_navigations_by_another_site_sign_no_stranger_in(
    context: BrowserContext, make_app: MakeApp, sandbox: Sandbox, same_site: str | None
) -> None:
    app = with_pages(make_app(SESSION_COOKIE_SAMESITE=same_site))
    with site_of(app, sandbox) as site, hostile_site(app, site) as hostile:
        page = context.new_page()
        two_navigations(page, hostile)
        expect(page.get_by_role("heading")).to_have_text("Continue as Jonas Weidmann?")
        page.goto(site)
        assert who(page) == "nobody"
        page.goto(f"{site}/ipernity/cb/confirm")
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_url(f"{site}/")
        assert who(page) == "nobody"


@pytest.mark.parametrize("same_site", [None, "Lax", "Strict"])
def test_nor_do_they_swap_or_end_a_sign_in(
    context: BrowserContext, make_app: MakeApp, sandbox: Sandbox, same_site: str | None
) -> None:
    app = with_pages(make_app(SESSION_COOKIE_SAMESITE=same_site))
    with site_of(app, sandbox) as site, hostile_site(app, site) as hostile:
        page = signed_in(context, site)
        two_navigations(page, hostile)
        if "/confirm" in page.url:
            expect(page.get_by_text("You are signed in as Ada Fontaine")).to_be_visible()
        page.goto(site)
        assert who(page) == "Ada Fontaine"


@pytest.mark.parametrize("same_site", ["Lax", "Strict"])
def test_a_link_on_another_site_costs_one_more_click(
    context: BrowserContext, make_app: MakeApp, sandbox: Sandbox, same_site: str
) -> None:
    app = with_pages(make_app(SESSION_COOKIE_SAMESITE=same_site))
    with site_of(app, sandbox) as site, hostile_site(app, site) as other:
        page = context.new_page()
        page.goto(other)
        page.get_by_role("link", name="first").click()
        consent(page)
        page.wait_for_url(f"{site}/ipernity/cb/confirm")
        page.get_by_role("button", name="Continue as Ada Fontaine").click()
        page.wait_for_url(f"{site}/private?page=9")
        assert who(page) == "Ada Fontaine"


def test_a_page_that_polls_starts_nothing_and_its_address_does(
    context: BrowserContext, site: str
) -> None:
    page = context.new_page()
    page.goto(site)
    problem = page.evaluate("fetch('/private').then(answer => answer.json())")
    assert context.cookies(site) == []
    page.evaluate("address => { location = address }", problem["sign_in"])
    consent(page)
    page.wait_for_url(f"{site}/")
    assert who(page) == "Ada Fontaine"


def test_the_button_of_our_own_page_signs_out_after_a_link_of_another_site(
    context: BrowserContext, sandbox: Sandbox
) -> None:
    from flask_login import LoginManager

    from flask_ipernity import Ipernity

    app = Flask("tests")
    app.config.update(sandbox.config(), SECRET_KEY="test", IPERNITY_LOGIN=True)
    app.config.update(IPERNITY_PERMISSIONS={"doc": "read"})
    LoginManager(app)
    Ipernity(app)
    with site_of(with_pages(app), sandbox) as site:
        hostile = Flask("hostile")
        hostile.add_url_rule("/", view_func=lambda: f'<a href="{site}/ipernity/logout">a</a>')
        page = signed_in(context, site)
        with served(hostile) as port:
            page.goto(f"http://127.0.0.1:{port}/")
            page.get_by_role("link", name="a").click()
            expect(page.get_by_role("heading")).to_have_text("Sign out?")
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url(f"{site}/")
            assert who(page) == "nobody"


def test_frames_pictures_and_prefetches_of_another_site_do_nothing(
    context: BrowserContext, make_app: MakeApp, sandbox: Sandbox
) -> None:
    from flask_login import LoginManager

    from flask_ipernity import Ipernity

    app = Flask("tests")
    app.config.update(sandbox.config())
    # Cookies that the browser sends everywhere, so that only the extension stands in the way.
    app.config.update(SECRET_KEY="test", IPERNITY_LOGIN=True, IPERNITY_PERMISSIONS={"doc": "read"})
    app.config.update(SESSION_COOKIE_SAMESITE="None", SESSION_COOKIE_SECURE=True)
    LoginManager(app)
    Ipernity(app)
    hostile = Flask("hostile")
    with site_of(with_pages(app), sandbox) as site, served(hostile) as port:
        hostile.add_url_rule(
            "/",
            view_func=lambda: (
                f'<img src="{site}/ipernity/logout"><iframe src="{site}/ipernity/logout"></iframe>'
                f'<iframe src="{site}/ipernity/cb?frob=1-a"></iframe>'
                f'<a href="{site}/ipernity/logout">a kitten</a>'
            ),
        )
        page = signed_in(context, site)
        page.goto(f"http://127.0.0.1:{port}/", wait_until="networkidle")
        page.get_by_role("link", name="a kitten").click()
        expect(page.get_by_role("heading")).to_have_text("Sign out?")
        page.goto(site)
        assert who(page) == "Ada Fontaine"
        page.goto(f"{site}/ipernity/logout")
        assert who(page) == "nobody"
