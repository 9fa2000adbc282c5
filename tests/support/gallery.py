"""Goes through the gallery as a browser does, the consent page of the sandbox included."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import urllib3
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class ConsentForm(HTMLParser):
    """Finds the hidden fields of the form ``fa``."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self._inside = values.get("name") == "fa"
        if self._inside and tag == "input" and values.get("type") == "hidden":
            self.fields[values["name"] or ""] = values["value"] or ""


def allow(authorize_url: str, user_id: str | None = None) -> str:
    """Allow the sign-in on the consent page; return where the browser is sent."""
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        page = pool.request("GET", authorize_url)
        assert page.status == 200
        fields = ConsentForm(page.data.decode()).fields
        if user_id:
            fields["user_id"] = user_id
        answer = pool.request(
            "POST", authorize_url, fields=fields, encode_multipart=False, redirect=False
        )
    assert answer.status == 302
    return urljoin(authorize_url, answer.headers["Location"])


def sign_in(client: FlaskClient, user_id: str | None = None, start: str = "/mine") -> TestResponse:
    """Sign in as the first person, or the one with *user_id*; return the answer to the callback."""
    started = client.get(start)
    assert started.status_code == 302
    back = urlsplit(allow(started.headers["Location"], user_id))
    return client.get(f"{back.path}?{back.query}")


def links(page: str, start: str) -> list[str]:
    """Return the addresses in *page* that begin with *start*, in order, each once."""
    found = re.findall(r'(?:href|src|poster)="([^"]*)"', page)
    return list(dict.fromkeys(unescape(one) for one in found if one.startswith(start)))
