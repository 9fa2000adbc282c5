"""Where a browser goes with what follows a sign-in, told by the URL parser of node (WHATWG)."""

from __future__ import annotations

import json
import subprocess
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, request
from werkzeug.utils import redirect

from flask_ipernity import ipernity
from flask_ipernity.web import next_url
from flask_ipernity.web.next_url import destination
from tests.support import needs
from tests.support.apps import MakeApp
from tests.support.visitor import consent

OWN = ("http://localhost", "https://club.example:8443")

_RESOLVE = """
const {base, values} = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(values.map(value => {
  try {
    const url = new URL(value, base);
    return {origin: url.origin, user: url.username, path: url.pathname + url.search};
  } catch (error) {
    return {error: String(error)};
  }
})));
"""


def browser(base: str, values: list[str]) -> list[dict[str, str]]:
    """Resolve *values* against *base* as a browser does."""
    run = subprocess.run(
        [needs.program("node"), "-e", _RESOLVE],
        input=json.dumps({"base": base, "values": values}),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    resolved: list[dict[str, str]] = json.loads(run.stdout)
    return resolved


ODD = (
    *map(chr, range(0x21)),
    "\x7f",
    "\x80",
    "\x85",
    "\x9f",
    "\u00a0",
    "\u00ad",
    "\u1680",
    "\u180e",
    "\u2000",
    "\u200b",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u2060",
    "\u3000",
    "\ufeff",
    "\uff0f",
    "\uff3c",
    "\u2044",
    "\u2215",
    "\u29f8",
    "\ufffd",
    "\ud800",
    "\U0001f600",
)
SLASHES = (
    "",
    "/",
    "//",
    "///",
    "////",
    "\\",
    "\\\\",
    "/\\",
    "\\/",
    "/\\/",
    "//\\",
    "\\//",
    "/./",
    "/../",
    "/.//",
    "/..//",
    "/%2e//",
    "/%2E%2e//",
    "/%2f/",
    "/%2f%2f",
    "/%5c",
    "/%5c%5c",
    "/%09/",
    "/%0d%0a/",
    "/%00/",
    "/;//",
    "/?//",
    "/#//",
    "/@",
)
SCHEMES = (
    "",
    "http:",
    "https:",
    "HTTP:",
    "hTTps:",
    "ws:",
    "ftp:",
    "file:",
    "javascript:",
    "data:",
    "blob:",
    "about:",
    "mailto:",
    "http\t:",
    "ht\ntp:",
    "http%3a",
    "://",
    ":",
)
HOSTS = (
    "evil.example",
    "evil.example:80",
    "evil%2eexample",
    "evil。example",
    "ｅvil.example",
    "[::1]",
    "[",
    "]",
    "127.1",
    "2130706433",
    "0x7f.1",
    "xn--evil-epa.example",
    "%65vil.example",
    "a@evil.example",
    "a:b@evil.example",
    "localhost@evil.example",
    "localhost:80\\@evil.example",
    "localhost#@evil.example",
    "localhost?@evil.example",
    "localhost.evil.example",
    "localhost:evil",
    "localhost:99999",
    "localhost:8080",
    "club.example:8443@evil.example",
    "club.example:8443.evil.example",
    "club.example",
    "alert(1)",
)
LOCAL = (
    *("/", "/a", "/a/", "/a/b/c", "/a.b", "/a..b", "/..a", "/.a", "/a.", "/.well-known/x"),
    *("/a-b_c~d", "/a;b=c", "/a,b", "/a:b", "/a@b", "/a!$&'()*+=", "/a%20b", "/a%2Fb", "/a//b"),
    *("/%C3%BC", "/a?b", "/a?b=c&d=e", "/a?b=/c", "/a?b=//evil.example", "/a?b=%2F%2Fevil"),
    *("/a?next=https://evil.example/", "/a?b=%5C", "/a?b=c?d", "/a?b=..", "/a?b=/../c"),
    *("/albums?page=2&sort=posted-desc", "/search?q=a+b", "/doc/4711/1600", "/a?b='c'"),
)

#: Values in which an odd character stands for the star.
SHAPES = (
    *("*", "*/evil.example", "*//evil.example", "/*evil.example", "/*/evil.example"),
    *("//*evil.example", "/*\\evil.example", "\\*/evil.example", "/***//evil.example"),
    *("/a*", "/a?b=*", "/.*//evil.example", "ht*tp://evil.example", "http:*//evil.example"),
    *("java*script:alert(1)", f"{OWN[0]}*", f"{OWN[0]}*.evil.example", f"{OWN[0]}*@evil.example"),
)


def generated() -> list[str]:
    """Return values that are hostile, odd or harmless, each once and in a fixed order."""
    values = [
        f"{scheme}{slashes}{host}" for scheme, slashes, host in product(SCHEMES, SLASHES, HOSTS[:6])
    ]
    values += [
        f"{slashes}{host}{end}" for slashes, host, end in product(SLASHES, HOSTS, ("", "/", "/a"))
    ]
    values += [f"{origin}{host}" for origin, host in product(OWN, HOSTS)]
    values += [
        f"{origin}{slashes}{host}" for origin, slashes, host in product(OWN, SLASHES, HOSTS[:3])
    ]
    for odd in ODD:
        values += [shape.replace("*", odd) for shape in SHAPES]
    values += LOCAL
    values += [f"{origin}{path}" for origin, path in product(OWN, LOCAL)]
    values += [quote(value, safe="") for value in LOCAL]
    values += [
        "/" + "a" * 16384,
        "/" * 900,
        "/" + "../" * 200,
        "/" + "%2e%2e/" * 100,
        "/?" + "x" * 5000,
    ]
    return list(dict.fromkeys(values))


@pytest.mark.slow
@pytest.mark.parametrize("own", OWN)
def test_of_thousands_of_values_none_leads_a_browser_off_our_origin(
    make_app: MakeApp, own: str
) -> None:
    app, values = make_app(), generated()
    assert len(values) >= 2000
    with app.test_request_context("/ipernity/cb", base_url=own):
        sent = [
            redirect(destination(value, request)).get_wsgi_headers(request.environ)["Location"]
            for value in values
        ]
    resolved = browser(f"{own}/ipernity/cb?frob=1", sent)
    gone = [
        (value, location, place)
        for value, location, place in zip(values, sent, resolved, strict=True)
        if place.get("origin") != own or place["user"]
    ]
    assert gone == []
    # The list is worth its name: sent as they are, many would lead away.
    encodable = [value for value in values if "\ud800" not in value]
    assert sum(p.get("origin") != own for p in browser(f"{own}/x", encodable)) > 1000


@pytest.mark.slow
@pytest.mark.parametrize("own", OWN)
def test_ordinary_local_addresses_are_followed_unchanged(make_app: MakeApp, own: str) -> None:
    app = make_app()
    with app.test_request_context("/ipernity/cb", base_url=own):
        for path in LOCAL:
            assert destination(path, request) == path
            assert destination(own + path, request) == path
    places = browser(f"{own}/ipernity/cb", list(LOCAL))
    # WHATWG URL Standard: in a query of http, the apostrophe is encoded
    assert [place["path"].replace("%27", "'") for place in places] == list(LOCAL)


@pytest.mark.parametrize(
    "made", ["//evil.example", "/\\evil.example", "/a\r\nb", "evil", "/\u00fc", ""]
)
def test_what_is_sent_is_checked_whatever_was_made_of_it(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    monkeypatch.setattr(next_url, "iri_to_uri", lambda value: made)
    with make_app().test_request_context():
        assert destination("/a", request) == "/"


@pytest.mark.slow
def test_the_same_holds_for_what_is_sent_over_http(make_app: MakeApp) -> None:
    app: Flask = make_app()

    @app.post("/start")
    def start() -> Any:
        return ipernity.authorize(next_url=request.get_json())

    client, sent = app.test_client(), []
    for value in generated()[::100]:
        begun = client.post("/start", json=value)
        location = client.get(consent(begun.location)).headers["Location"]
        sent.append(location)
    places = browser("http://localhost/ipernity/cb", sent)
    assert [place for place in places if place.get("origin") != "http://localhost"] == []
