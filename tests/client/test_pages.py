"""Pages for templates."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template_string, request

from flask_ipernity.client import IpernityAPI, Page
from flask_ipernity.errors import UnknownMethod
from tests.support.lists import documents, service


def page(number: int, pages: int, **edges: int) -> list[int | None]:
    return list(Page([1], number, 1, pages, pages).iter_pages(**edges))


def test_a_page_tells_its_place() -> None:
    with service(documents(95)) as (lists, url):
        found = IpernityAPI("key", "secret", url=url).page(
            "doc.getList", page=2, per_page=24, user_id=7
        )
        assert (lists.calls[0]["page"], lists.calls[0]["per_page"]) == ("2", "24")
        assert lists.calls[0]["user_id"] == "7"
    assert [int(doc["doc_id"]) for doc in found] == list(range(25, 49))
    assert (len(found), len(found.items)) == (24, 24)
    assert (found.page, found.per_page, found.pages, found.total) == (2, 24, 4, 95)
    assert (found.has_prev, found.prev_num, found.has_next, found.next_num) == (True, 1, True, 3)
    assert (found.first, found.last) == (25, 48)


@pytest.mark.parametrize("number", [None, 0, -5, 1])
def test_what_is_below_one_is_the_first_page(number: int | None) -> None:
    with service(documents(30)) as (_, url):
        found = IpernityAPI("key", "secret", url=url).page("doc.getList", page=number)
    assert (found.page, found.has_prev, found.prev_num) == (1, False, None)
    assert (found.per_page, found.pages) == (20, 2)


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ("2", 2),
        (" 2 ", 2),
        (2.0, 2),
        (2.9, 2),
        ("2.9", 1),
        ("x", 1),
        ("", 1),
        ("-3", 1),
        ("0", 1),
        (float("nan"), 1),
        (float("inf"), 1),
        (True, 1),
        ("9" * 5000, 1),
        (10**30, 1),
        ([2], 1),
        ("\ud83d", 1),
    ],
)
def test_a_page_is_what_a_visitor_writes_into_the_address(given: Any, number: int) -> None:
    with service(documents(30)) as (lists, url):
        found = IpernityAPI("key", "secret", url=url).page("doc.getList", page=given)
        assert lists.pages == [number]
    assert (type(found.page), found.page) == (int, number)
    assert list(found.iter_pages()) == [1, 2]


@pytest.mark.parametrize(("given", "sent"), [("7", "7"), (7.0, "7"), ("x", None), ("", None)])
def test_so_is_the_number_of_records(given: Any, sent: str | None) -> None:
    with service(documents(30, per_page=None)) as (lists, url):
        found = IpernityAPI("key", "secret", url=url).page("doc.getList", per_page=given)
        assert lists.calls[0].get("per_page") == sent
    assert type(found.pages) is int


def test_a_page_after_the_last_and_an_empty_list_are_empty() -> None:
    with service(documents(30)) as (_, url):
        found = IpernityAPI("key", "secret", url=url).page("doc.getList", page=9)
    assert (list(found), found.has_next, found.next_num) == ([], False, None)
    assert (found.first, found.last) == (0, 0)
    with service(documents(0)) as (_, url):
        empty = IpernityAPI("key", "secret", url=url).page("doc.getList")
    assert (len(empty), empty.total, empty.pages, list(empty.iter_pages())) == (0, 0, 0, [])


def test_pages_that_the_service_does_not_tell_are_counted() -> None:
    with service(documents(95, pages=None)) as (_, url):
        found = IpernityAPI("key", "secret", url=url).page("doc.getList", per_page=10)
    assert found.pages == 10


def test_records_may_be_named_and_nonsense_is_refused() -> None:
    listing: Any = {"things": {"total": "1", "per_page": "5", "thing": [{"id": "1"}]}}
    with service(lambda params: listing) as (_, url):
        api = IpernityAPI("key", "secret", url=url)
        assert list(api.page("doc.getList", elem_name="thing")) == [{"id": "1"}]
        with pytest.raises(ValueError, match="no list"):
            api.page("doc.get", doc_id=1)
        with pytest.raises(UnknownMethod):
            api.page("doc.getLst")


def test_links_lead_to_the_edges_and_around_the_page() -> None:
    assert page(1, 1) == [1]
    assert page(10, 20) == [1, 2, None, 8, 9, 10, 11, 12, 13, 14, None, 19, 20]
    assert page(1, 20) == [1, 2, 3, 4, 5, None, 19, 20]
    assert page(20, 20) == [1, 2, None, 18, 19, 20]
    assert page(10, 20, left_edge=0, right_edge=0, left_current=1, right_current=1) == [
        None,
        9,
        10,
        11,
        None,
    ]
    assert page(99, 3) == [1, 2, 3]


def test_the_pager_links_to_pages_of_the_view_that_shows_it(app: Flask) -> None:
    @app.route("/people/<user_id>")
    def person(user_id: str) -> str:
        number = request.args.get("page", 1, type=int)
        return render_template_string(
            '{% from "flask_ipernity/macros.html" import pager %}{{ pager(page, sort="new") }}'
            '{{ pager(page, endpoint="other", previous="‹", following="›") }}',
            page=Page(["x"], number, 1, 30, 30),
        )

    @app.route("/other")
    def other() -> str:
        return ""

    text = app.test_client().get("/people/7?page=9&_external=1&_scheme=x&sort=old").text
    own, another = text.split("</nav>")[:2]
    assert '<a href="/people/7?page=8&amp;sort=new" rel="prev">Previous</a>' in own
    assert '<a href="/people/7?page=10&amp;sort=new" rel="next">Next</a>' in own
    assert '<a href="/people/7?page=9&amp;sort=new" aria-current="page">9</a>' in own
    assert own.count("<li>…</li>") == 2
    assert '<a href="/other?page=8" rel="prev">‹</a>' in another
    first = app.test_client().get("/people/7").text.split("</nav>")[0]
    assert 'rel="prev"' not in first


def test_a_list_of_one_page_has_no_pager(app: Flask) -> None:
    with app.test_request_context("/"):
        text = render_template_string(
            '{% from "flask_ipernity/macros.html" import pager %}[{{ pager(page) }}]',
            page=Page(["x"], 1, 20, 1, 1),
        )
    assert text == "[]"
