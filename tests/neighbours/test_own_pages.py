"""The extension's pages beside Flask-WTF, Flask-Talisman and Flask-Babel."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from tests.support import neighbours
from tests.support.neighbours import Club
from tests.support.visitor import consent


class Brackets(Flask):
    jinja_options = {"variable_start_string": "[[", "variable_end_string": "]]"}


def fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


@pytest.mark.parametrize("cls", [Flask, Brackets])
def test_the_forms_pass_the_protection_against_forged_requests(
    club: Club, cls: type[Flask]
) -> None:
    config = {"IPERNITY_CONFIRM_SIGN_IN": True, "IPERNITY_LOGIN": True}
    app = club(both, cls=cls, **config)
    client = app.test_client()
    question = client.get(client.get(consent(client.get("/private").location)).location).text
    form = fields(question) | {"answer": "continue"}
    forged = {name: value for name, value in form.items() if name != "csrf_token"}
    assert client.post("/ipernity/cb/confirm", data=forged).status_code == 400
    assert client.post("/ipernity/cb/confirm", data=form).status_code == 303
    sign_out = client.get("/ipernity/logout", headers={"Sec-Fetch-Site": "cross-site"}).text
    assert client.post("/ipernity/logout").status_code == 400
    assert client.post("/ipernity/logout", data=fields(sign_out)).status_code == 303


def both(app: Flask) -> None:
    neighbours.login(app)
    neighbours.csrf(app)


def test_the_style_sheet_is_allowed_by_the_default_policy(club: Club) -> None:
    client = club(neighbours.talisman).test_client()
    page = client.get("/missing", headers={"Accept": "text/html"})
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<style|<script|\bstyle=", page.text)
    (link,) = re.findall(r'<link rel="stylesheet" href="([^"]*)">', page.text)
    assert client.get(link).mimetype == "text/css"


def test_the_locale_of_flask_babel_decides(club: Club) -> None:
    client = club(neighbours.babel).test_client()
    page = client.get("/missing", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert "Nicht gefunden" in page.text
