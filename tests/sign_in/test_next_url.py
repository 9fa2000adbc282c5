from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask, render_template_string, request
from flask_login import LoginManager, login_required
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_ipernity import ConfigurationError, Ipernity, ipernity, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.visitor import consent

HOSTILE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil",
    "/\\evil.example",
    "\\/evil",
    "\\\\evil",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\u00a0//evil.example",
    "\u3000//evil.example",
    "https:evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/ok\r\nSet-Cookie: a=b",
    "/ok\x00",
    "/ok\x0b",
    "//localhost@evil.example",
    "//localhost:80\\@evil",
    "http://localhost@evil.example/",
    "http://localhost.evil.example/",
    "http://localhost:80@evil.example/",
    "http://localhost//evil.example/",
    "@evil.example",
    "",
    "?x",
    "#x",
    "/" + "a" * 16384,
    "https://localhost/other-scheme",
    "http://localhost:8080/other-port",
    "/\ud800",
    "/ipernity/cb",
    "/ipernity/cb?frob=1-a",
    "/ipernity//cb?frob=1-a",
    "/a/../ipernity/cb?frob=1-a",
    "/a/%2e%2E/ipernity/cb",
    "/./ipernity/cb",
    "/ipernity/%63b",
    "/a/..",
]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app()

    @app.route("/start", methods=["POST"])
    def start() -> Any:
        return ipernity.authorize(next_url=request.get_json())

    return app


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_address_leads_to_the_front_page(app: Flask, value: str) -> None:
    client = app.test_client()
    start = client.post("/start", json=value)
    assert client.get(consent(start.location)).location == "/"


@pytest.mark.parametrize(
    ("value", "lands"),
    [
        ("/", "/"),
        ("/albums?page=2&sort=a%20b", "/albums?page=2&sort=a%20b"),
        ("/a#photo", "/a"),
        ("http://localhost/a?b=c", "/a?b=c"),
        ("http://localhost", "/"),
        ("/fotos/größe", "/fotos/gr%C3%B6%C3%9Fe"),
        ("/search?q=a b", "/search?q=a%20b"),
        ("/?next=//evil.example", "/?next=//evil.example"),
        ("/%2f/evil", "/%2f/evil"),
        ("/%09/evil", "/%09/evil"),
    ],
)
def test_a_local_address_is_kept(app: Flask, value: str, lands: str) -> None:
    client = app.test_client()
    start = client.post("/start", json=value)
    assert client.get(consent(start.location)).location == lands


def test_below_a_url_prefix_the_visitor_lands_below_it(app: Flask, sandbox: Sandbox) -> None:
    sandbox.callback_url = "http://localhost/photos/ipernity/cb"
    client = Client(DispatcherMiddleware(Flask("root"), {"/photos": app}))
    for value, lands in (("/photos/a?b=c", "/photos/a?b=c"), ("//evil.example", "/photos/")):
        start = client.post("/photos/start", json=value)
        assert client.get(consent(start.location)).location == lands


OUTSIDE = ["/wall", "/", "/photosx/wall", "/photo", "http://localhost/wall", "/shop/basket?a=b"]


@pytest.mark.parametrize("value", OUTSIDE)
def test_below_a_url_prefix_no_sign_in_leads_outside_of_the_application(
    app: Flask, sandbox: Sandbox, value: str
) -> None:
    sandbox.callback_url = "http://localhost/photos/ipernity/cb"
    client = Client(DispatcherMiddleware(Flask("root"), {"/photos": app}))
    start = client.post("/photos/start", json=value)
    assert client.get(consent(start.location)).location == "/photos/"


@pytest.mark.parametrize(
    ("value", "lands"),
    [
        ("/shop", "/shop"),
        ("/shop/basket?a=b", "/shop/basket?a=b"),
        ("/blog/2026/", "/blog/2026/"),
        ("/shopping", "/photos/"),
        ("/shop/../wall", "/photos/"),
        ("//shop/", "/photos/"),
        ("/photos/a", "/photos/a"),
        ("/photos", "/photos"),
    ],
)
def test_but_to_paths_that_a_setting_names(
    make_app: MakeApp, sandbox: Sandbox, value: str, lands: str
) -> None:
    app = make_app(IPERNITY_NEXT_PATHS=("/shop", "/blog/"))
    app.add_url_rule("/s", "s", lambda: ipernity.authorize(next_url=request.args["next"]))
    sandbox.callback_url = "http://localhost/photos/ipernity/cb"
    client = Client(DispatcherMiddleware(Flask("root"), {"/photos": app}))
    start = client.get("/photos/s", query_string={"next": value})
    assert client.get(consent(start.location)).location == lands


@pytest.mark.parametrize("wrong", ["/shop", ["shop"], ["//evil.example"], [5], None])
def test_paths_outside_are_a_tuple_of_paths(make_app: MakeApp, wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="IPERNITY_NEXT_PATHS must be a tuple of paths"):
        make_app(IPERNITY_NEXT_PATHS=wrong)


@pytest.mark.parametrize("prefix", ["", "/photos"])
@pytest.mark.parametrize("path", ["/wall?sort=new&tag=a%20b", "/gr%C3%B6%C3%9Fe", "/", "/?a=//b"])
def test_the_link_of_the_documentation_leads_back_with_its_query(
    sandbox: Sandbox, prefix: str, path: str
) -> None:
    app = Flask("tests")
    app.config.update(sandbox.config(), SECRET_KEY="test", IPERNITY_LOGIN=True)
    LoginManager(app)
    Ipernity(app)
    docs = (Path(__file__).parents[2] / "docs/login.rst").read_text(encoding="utf-8")
    [link] = re.findall(r'<a href="({{ url_for\([^"]*)"', docs)
    for rule in ("/", "/<name>"):
        app.add_url_rule(rule, rule, lambda name="": render_template_string(link))
    sandbox.callback_url = f"http://localhost{prefix}/ipernity/cb"
    client = Client(DispatcherMiddleware(Flask("root"), {"/photos": app}) if prefix else app)
    start = client.get(unescape(client.get(f"{prefix}{path}").text))
    assert client.get(consent(start.location)).location == f"{prefix}{path}"


HOSTILE_PREFIXES = [
    "//evil.example",
    "///evil.example",
    "////evil.example/x",
    "https://evil.example",
    "javascript:alert(1)",
    "/\\evil.example",
    "/a/..//evil.example",
    "evil.example",
    "/x\ty",
]


@pytest.mark.parametrize("prefix", HOSTILE_PREFIXES)
def test_a_prefix_that_a_visitor_has_made_up_leads_nowhere_else(
    sandbox: Sandbox, prefix: str
) -> None:
    app = Flask("tests")
    app.config.update(sandbox.config(), SECRET_KEY="test", IPERNITY_LOGIN=True)
    LoginManager(app)
    Ipernity(app)
    app.add_url_rule("/start", "start", lambda: ipernity.authorize(next_url="//x"))
    app.add_url_rule("/members", "members", login_required(lambda: "members"))
    app.add_url_rule("/mine", "mine", ipernity_auth_required()(lambda: "mine"))
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    headers = {"X-Forwarded-Prefix": prefix}
    client = app.test_client()
    for protected in ("/members", "/mine"):
        begun = client.get(protected, headers=headers).location
        assert urlsplit(begun).path == "/apps/authorize"
    places = [client.get("/ipernity/logout", headers=headers).location]
    back = urlsplit(consent(client.get("/start", headers=headers).location))
    places.append(client.get(f"{back.path}?{back.query}", headers=headers).location)
    back = urlsplit(consent(client.get("/start", headers=headers).location, 1))
    places.append(client.get(f"{back.path}?{back.query}", headers=headers).location)
    assert places == ["/", "/", "/ipernity/cb/confirm"]
    pages = [
        client.get("/ipernity/cb?frob=x", headers=headers).text,
        client.get("/ipernity/logout", headers={**headers, "Sec-Fetch-Site": "cross-site"}).text,
    ]
    for page in pages:
        links = re.findall(r'href="([^"]*)"', page)
        assert links
        assert all(re.fullmatch(r"/(?!/)[\w/?=.&;%-]*", link) for link in links), links


def test_behind_a_proxy_the_public_origin_counts(app: Flask, sandbox: Sandbox) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_proto=1, x_host=1, x_prefix=1)  # type: ignore[method-assign]
    headers = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "club.example",
        "X-Forwarded-Prefix": "/photos",
    }
    client = app.test_client()
    for value, lands in (
        ("https://club.example/photos/a", "/photos/a"),
        ("http://club.example/photos/a", "/photos/"),
        ("https://localhost/photos/a", "/photos/"),
    ):
        start = client.post("/start", json=value, headers=headers)
        back = urlsplit(consent(start.location))
        landed = client.get(f"{back.path}?{back.query}", headers=headers)
        assert landed.location == lands


def test_a_forged_host_does_not_get_into_the_session(app: Flask) -> None:
    client = app.test_client()
    evil = quote("evil.example")
    start = client.post("/start", json=f"http://{evil}/", headers={"Host": "localhost"})
    with client.session_transaction() as kept:
        assert [entry["next"] for entry in kept["ipernity_sign_ins"]] == ["/"]
    assert start.status_code == 302
