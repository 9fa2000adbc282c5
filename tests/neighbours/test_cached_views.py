"""Views that Flask-Caching keeps: below the guard, where only those who may see them do."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from flask_ipernity import ipernity_auth_required
from tests.support.neighbours import Club, package, who
from tests.support.visitor import sign_in


def with_views(app: Flask) -> None:
    cache: Any = package("flask_caching").Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    app.config["DRAWN"] = drawn = []

    @app.get("/club")
    @ipernity_auth_required()
    @cache.cached()  # type: ignore[untyped-decorator]
    def club() -> Any:
        drawn.append(1)
        return "for members"

    @app.get("/mine")
    @ipernity_auth_required()
    @cache.cached(make_cache_key=lambda: f"mine {who()}")  # type: ignore[untyped-decorator]
    def mine() -> Any:
        drawn.append(1)
        return who()


@pytest.fixture
def site(club: Club) -> Flask:
    return club(after=with_views)


def test_a_page_for_members_is_drawn_once_and_shown_to_no_stranger(site: Flask) -> None:
    ada, mei = site.test_client(), site.test_client()
    for client, person in ((ada, 0), (mei, 2)):
        assert sign_in(client, "/club", person).text == "for members"
    assert site.config["DRAWN"] == [1]
    assert site.test_client().get("/club").status_code == 302


def test_a_page_of_each_visitor_is_kept_under_a_key_of_each_visitor(site: Flask) -> None:
    ada, mei = site.test_client(), site.test_client()
    assert sign_in(ada, "/mine", 0).text == "Ada Fontaine"
    assert sign_in(mei, "/mine", 2).text == "Mei Tanabe"
    assert ada.get("/mine").text == "Ada Fontaine"
    assert site.config["DRAWN"] == [1, 1]
