from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from flask import Flask, request
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_ipernity import ipernity
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
