"""The extension's pages work whatever the application has set up for its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import jinja2
import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from flask_login import LoginManager

from flask_ipernity import Ipernity, NotFoundError, UploadError, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox
from tests.support.served import served
from tests.support.visitor import consent


class Brackets(Flask):
    jinja_options = {
        "variable_start_string": "[[",
        "variable_end_string": "]]",
        "block_start_string": "[%",
        "block_end_string": "%]",
        "comment_start_string": "[#",
        "comment_end_string": "#]",
    }


class Strict(Flask):
    jinja_options = {"undefined": jinja2.StrictUndefined, "trim_blocks": True}


class Lines(Flask):
    jinja_options = {"line_statement_prefix": "<p", "line_comment_prefix": "<h"}


class Plain(Flask):
    def select_jinja_autoescape(self, filename: str | None) -> bool:
        return False


class OwnLoader(Flask):
    @property
    def jinja_loader(self) -> jinja2.BaseLoader:
        return jinja2.DictLoader({"home.html": "home"})

    def create_global_jinja_loader(self) -> Any:
        return self.jinja_loader


def failing_context(app: Flask) -> None:
    @app.context_processor
    def fail() -> dict[str, Any]:
        raise RuntimeError("the database is away")


#: Kinds of applications, and what else is set up.
APPS: dict[str, tuple[type[Flask], Callable[[Flask], None]]] = {
    "usual": (Flask, lambda app: None),
    "other delimiters": (Brackets, lambda app: None),
    "strict": (Strict, lambda app: None),
    "line statements": (Lines, lambda app: None),
    "no escaping": (Plain, lambda app: None),
    "own loader": (OwnLoader, lambda app: None),
    "failing context": (Flask, failing_context),
}


@pytest.fixture(scope="module")
def service() -> Any:
    with Sandbox(callback_url="http://localhost/ipernity/cb") as running:
        yield running


def site(service: Sandbox, kind: str, **config: object) -> Flask:
    make, set_up = APPS[kind]
    app = make("site")
    app.config.update(service.config(), SECRET_KEY="k", IPERNITY_LOGIN=True, TESTING=True)
    app.config.update(config)
    LoginManager(app)
    Ipernity(app)
    set_up(app)

    @app.get("/missing")
    def missing() -> str:
        raise NotFoundError("error", 1, "gone", "doc.get")

    app.add_url_rule("/mine", "mine", ipernity_auth_required()(lambda: "mine"))
    return app


each_app = pytest.mark.parametrize("kind", APPS)


@each_app
def test_an_error_has_its_page(service: Sandbox, kind: str) -> None:
    page = site(service, kind).test_client().get("/missing", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "<h1>Not found</h1>" in page.text
    assert "It does not exist" in page.text
    assert "{" not in page.text


@each_app
def test_a_visitor_confirms_a_sign_in_and_signs_out(service: Sandbox, kind: str) -> None:
    client = site(service, kind, IPERNITY_CONFIRM_SIGN_IN=True).test_client()
    question = client.get(client.get(consent(client.get("/mine").location)).location)
    assert question.status_code == 200
    form = fields(question.text)
    assert client.post("/ipernity/cb/confirm", data=form | {"answer": "continue"}).location
    assert client.get("/mine").text == "mine"
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert "Sign out?" in client.get("/ipernity/logout", headers=elsewhere).text
    client.post("/ipernity/logout")
    assert client.get("/mine").status_code == 302


def fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


@each_app
def test_a_name_is_never_markup(service: Sandbox, kind: str) -> None:
    client = site(service, kind, IPERNITY_CONFIRM_SIGN_IN=True).test_client()
    person = service.people[0]
    name, person.username = person.username, '<b onclick="x">%(name)s {{ 7*7 }}'
    try:
        question = client.get(client.get(consent(client.get("/mine").location)).location).text
    finally:
        person.username = name
    assert "<b onclick" not in question
    assert "&lt;b onclick=&#34;x&#34;&gt;%(name)s {{ 7*7 }}" in question


def with_token(app: Flask) -> None:
    """Do what Flask-WTF's CSRFProtect does, as far as templates see it."""
    app.jinja_env.globals["csrf_token"] = lambda: 'token "of" the form'


@each_app
def test_the_forms_carry_the_token_against_forged_requests(service: Sandbox, kind: str) -> None:
    app = site(service, kind, IPERNITY_CONFIRM_SIGN_IN=True)
    with_token(app)
    client = app.test_client()
    question = client.get(client.get(consent(client.get("/mine").location)).location).text
    assert fields(question)["csrf_token"] == 'token "of" the form'
    sign_out = client.get("/ipernity/logout", headers={"Sec-Fetch-Site": "cross-site"}).text
    assert fields(sign_out)["csrf_token"] == 'token "of" the form'


def all_pages(client: FlaskClient) -> list[str]:
    missing = client.get("/missing", headers={"Accept": "text/html"})
    question = client.get(client.get(consent(client.get("/mine").location)).location)
    sign_out = client.get("/ipernity/logout", headers={"Sec-Fetch-Site": "cross-site"})
    return [missing.text, question.text, sign_out.text]


@pytest.mark.parametrize("prefix", ["/ipernity", "/photos/in"])
def test_no_page_has_an_inline_style_or_a_script(service: Sandbox, prefix: str) -> None:
    settings: dict[str, Any] = {"IPERNITY_CALLBACK_URL_PREFIX": prefix}
    app = site(service, "usual", IPERNITY_CONFIRM_SIGN_IN=True, **settings)
    client = app.test_client()
    service.callback_url = f"http://localhost{prefix}/cb"
    try:
        pages = all_pages(client)
    finally:
        service.callback_url = "http://localhost/ipernity/cb"
    for page in pages:
        assert not re.search(r"<style|<script|\bstyle=|\bon\w+=|javascript:", page)
        (link,) = re.findall(r'<link rel="stylesheet" href="([^"]*)">', page)
        assert link == f"{prefix}/static/pages.css"
        style = client.get(link)
        assert (style.status_code, style.mimetype) == (200, "text/css")
        style.close()


def test_the_style_sheet_is_below_the_path_of_the_application(service: Sandbox) -> None:
    client = site(service, "usual").test_client()
    page = client.get(
        "/missing", base_url="http://localhost/club", headers={"Accept": "text/html"}
    ).text
    assert 'href="/club/ipernity/static/pages.css"' in page


def replace(app: Flask, folder: Path, **templates: str) -> Flask:
    (folder / "flask_ipernity").mkdir(parents=True)
    for name, text in templates.items():
        (folder / f"flask_ipernity/{name}.html").write_text(text)
    app.template_folder = str(folder)
    return app


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("usual", "{{ detail }}|{{ mine }}|{{ 'x' | shout }}"),
        ("other delimiters", "[[ detail ]]|[[ mine ]]|[[ 'x' | shout ]]"),
    ],
)
def test_a_template_of_the_application_has_the_applications_environment(
    service: Sandbox, kind: str, text: str, tmp_path: Path
) -> None:
    app = replace(site(service, kind), tmp_path, error=text)
    app.context_processor(lambda: {"mine": "mine"})
    app.add_template_filter(str.upper, "shout")
    page = app.test_client().get("/missing", headers={"Accept": "text/html"})
    assert re.fullmatch(r"It does not exist[^|]*\|mine\|X", page.text)


def test_an_application_may_replace_the_layout_of_all_pages(
    service: Sandbox, tmp_path: Path
) -> None:
    layout = "{{ mine }}<h1>{{ title }}</h1>{% block main %}{% endblock %}"
    app = replace(site(service, "usual", IPERNITY_CONFIRM_SIGN_IN=True), tmp_path, page=layout)
    app.context_processor(lambda: {"mine": "mine"})
    with_token(app)
    for page in all_pages(app.test_client()):
        assert page.lstrip().startswith("mine<h1>")
        assert "stylesheet" not in page


def test_our_pages_escape_in_an_application_that_does_not(service: Sandbox, tmp_path: Path) -> None:
    layout = "<h1>{{ title }}</h1>{% block main %}{% endblock %}"
    app = replace(site(service, "no escaping"), tmp_path, page=layout)

    @app.get("/upload")
    def upload() -> str:
        raise UploadError("<img src=x onerror=alert(1)>", None, "%(file)s is empty.")

    page = app.test_client().get("/upload", headers={"Accept": "text/html"}).text
    assert "&lt;img src=x" in page
    assert "<img" not in page


def test_a_template_may_extend_the_layout_of_the_extension(
    service: Sandbox, tmp_path: Path
) -> None:
    text = '{% extends "flask_ipernity/page.html" %}{% block main %}own{% endblock %}'
    app = replace(site(service, "usual"), tmp_path, error=text)
    page = app.test_client().get("/missing", headers={"Accept": "text/html"}).text
    assert "<h1>Not found</h1>" in page
    assert "own" in page
    assert "stylesheet" in page


def test_a_page_of_the_application_is_none_of_ours(service: Sandbox) -> None:
    app = site(service, "strict")
    with app.test_request_context(), pytest.raises(jinja2.UndefinedError):
        render_template_string("{{ nothing }}")


POLICY = "default-src 'self'; object-src 'none'"


@pytest.mark.browser
def test_the_style_is_applied_under_a_strict_policy(service: Sandbox, chromium: Any) -> None:
    app = site(service, "usual")

    @app.after_request
    def policy(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    with served(app) as port:
        tab = chromium.new_page()
        problems: list[str] = []
        tab.on("console", lambda message: problems.append(message.text))
        tab.goto(f"http://127.0.0.1:{port}/missing")
        width = tab.evaluate("getComputedStyle(document.body).maxWidth")
        tab.close()
    assert width.endswith("px")
    assert not [text for text in problems if "Content Security Policy" in text]
