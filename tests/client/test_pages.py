"""Pages for templates."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask, render_template_string, request

from flask_ipernity import Ipernity, NotFoundError, UnknownMethod, ipernity
from flask_ipernity.client import IpernityAPI, Page
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


PAGER = '{% from "flask_ipernity/macros.html" import pager %}{{ pager(page) }}'


def links(app: Flask, address: str) -> list[str]:
    """Return where the pager of the page at *address* leads, as a browser reads it."""
    text = app.test_client().get(address).text
    return [unescape(href) for href in re.findall('href="([^"]*)"', text)]


@pytest.fixture(scope="module")
def searching() -> Flask:
    app = Flask("searching")
    app.config.update(SECRET_KEY="k", IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret")
    Ipernity(app)

    @app.route("/pages/<int:page>", endpoint="in the path")
    @app.route("/search")
    @app.route("/of/<user_id>/search", endpoint="of somebody")
    def search(page: int = 1, user_id: str = "") -> str:
        number = request.args.get("page", page, type=int)
        return render_template_string(PAGER, page=Page(["x"], number, 1, 3, 3))

    return app


@pytest.mark.parametrize(
    "query",
    [
        "q=the",
        "q=the&tag=a&tag=b",
        "q=%C3%BC%26%3D%23+%22%3C&empty=",
        "endpoint=x&self=y&page.x=1",
        "q=%F0%9F%8C%85&q=/a/b?c",
        "q=%00%0D%0A&q=%2B",
    ],
)
def test_the_pager_keeps_the_query(searching: Flask, query: str) -> None:
    wanted = parse_qsl(query, keep_blank_values=True)
    for address in (f"/search?{query}&page=2", f"/search?page=2&{query}", f"/of/7/search?{query}"):
        found = links(searching, address)
        assert found
        for link in found:
            parts = urlsplit(link)
            assert parts.path == urlsplit(address).path
            pairs = parse_qsl(parts.query, keep_blank_values=True)
            assert [pair for pair in pairs if pair[0] != "page"] == wanted
            assert len(pairs) == len(wanted) + 1
    assert [searching.test_client().get(link).status_code for link in found] == [200] * len(found)


def test_a_page_in_the_path_stays_there(searching: Flask) -> None:
    assert links(searching, "/pages/2?q=the")[:2] == ["/pages/1?q=the", "/pages/1?q=the"]
    assert links(searching, "/pages/2?page=2&q=the")[0] == "/pages/1?q=the"


@pytest.mark.parametrize("query", ["_external=1", "_scheme=javascript", "_anchor=x", "_method=GET"])
def test_a_visitor_does_not_choose_where_links_lead(searching: Flask, query: str) -> None:
    assert set(links(searching, f"/search?{query}")) <= {f"/search?page={n}" for n in (1, 2, 3)}


@pytest.mark.parametrize(
    ("told", "number", "there"),
    [
        (30, 1, True),
        (30, 2, True),
        (30, 3, False),
        (30, 999, False),
        (30, 0, False),
        (30, -1, False),
        (30, None, True),
        (0, 1, True),
        (0, None, True),
        (0, 2, False),
    ],
)
@pytest.mark.parametrize("pages", [{}, {"pages": None}], ids=["with pages", "without"])
def test_a_page_that_is_not_there_is_not_found_where_that_is_wanted(
    told: int, number: int | None, there: bool, pages: dict[str, Any]
) -> None:
    with service(documents(told, **pages)) as (_, url):
        app = Flask("pages")
        app.config.update(SECRET_KEY="k", IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret")
        app.config["IPERNITY_API_URL"] = url
        Ipernity(app)

        @app.get("/<error_out>")
        def view(error_out: str) -> dict[str, Any]:
            found = ipernity.api.page("doc.getList", page=number, error_out=error_out == "yes")
            return {"page": found.page}

        client = app.test_client()
        assert client.get("/yes").status_code == (200 if there else 404)
        assert client.get("/no").status_code == 200


def test_a_list_that_counts_nothing_ends_where_it_is_empty() -> None:
    records: dict[str, list[Any]] = {"1": [{"doc_id": "1"}], "2": []}
    answer: Any = lambda params: {"docs": {"doc": records[params["page"]]}}  # noqa: E731
    with service(answer) as (_, url):
        api = IpernityAPI("key", "secret", url=url)
        assert len(api.page("doc.getList", error_out=True)) == 1
        with pytest.raises(NotFoundError, match="has no page 2"):
            api.page("doc.getList", page=2, error_out=True)
