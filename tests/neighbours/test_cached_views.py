"""Views that Flask-Caching keeps: below the guard, where only those who may see them do."""

from __future__ import annotations

import logging
import re
from functools import wraps
from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView

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


def kept_above(app: Flask) -> None:
    """Add views in which what the guard has answered is kept."""
    cache: Any = package("flask_caching").Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    guard = ipernity_auth_required()

    def members() -> str:
        return "for members"

    def around(view: Any) -> Any:
        return wraps(view)(lambda: view())

    class Mine(MethodView):
        decorators = [guard, cache.cached()]

        def get(self) -> str:
            return "mine"

    class Theirs(MethodView):
        get = cache.cached()(guard(Mine.get))

    views: dict[str, Any] = {
        "plain": cache.cached()(guard(members)),
        "between": cache.cached()(around(guard(members))),
        "outside": around(cache.cached()(guard(members))),
        "memoized": cache.memoize()(guard(members)),
        "twice": cache.cached()(guard(cache.cached()(members))),
        "class": Mine.as_view("class"),
        "method": Theirs.as_view("method"),
    }
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)


def kept_below(app: Flask) -> None:
    """Add views in which only those who may see it get what is kept."""
    cache: Any = package("flask_caching").Cache(app, config={"CACHE_TYPE": "SimpleCache"})

    def members() -> str:
        return "for members"

    guarded = ipernity_auth_required()(cache.cached()(members))
    app.add_url_rule("/below", "below", guarded)
    app.add_url_rule("/around", "around", wraps(guarded)(lambda: guarded()))
    app.add_url_rule("/open", "open", cache.cached()(lambda: "for all"))
    app.add_url_rule("/guarded", "guarded", ipernity_auth_required()(members))


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line.getMessage() for line in caplog.records if line.levelno >= logging.WARNING]


def test_the_first_request_names_each_view_that_is_kept_above_the_guard(
    club: Club, caplog: pytest.LogCaptureFixture
) -> None:
    client = club(after=kept_above).test_client()
    assert warnings_of(caplog) == []
    for _ in range(2):
        client.get("/missing")
    lines = "\n".join(warnings_of(caplog))
    told = re.findall(r"^The view (\w+) has @cache.cached\(\) above", lines, re.MULTILINE)
    assert len(told) == len(lines.splitlines())
    names = ["plain", "between", "outside", "memoized", "twice", "class", "method"]
    assert told == names


def test_views_that_are_kept_below_the_guard_are_not_named(
    club: Club, caplog: pytest.LogCaptureFixture
) -> None:
    for views in (kept_below, with_views):
        club(after=views).test_client().get("/missing")
    assert warnings_of(caplog) == []
