"""Going through lists that come in pages."""

from __future__ import annotations

import gc
import threading
import time
from itertools import islice
from typing import Any

import pytest
from flask import Flask

from flask_ipernity import ipernity, ipernity_auth_required
from flask_ipernity.client import IpernityAPI, Walk
from flask_ipernity.errors import (
    BadAnswer,
    NotFoundError,
    ServiceUnavailableError,
    TokenError,
    UnknownMethod,
)
from flask_ipernity.sandbox import Sandbox
from tests.support.lists import Lists, documents, error, service
from tests.support.visitor import sign_in


def api_at(url: str, **settings: Any) -> IpernityAPI:
    settings.setdefault("retries", 0)
    return IpernityAPI("key", "secret", "12-abc", url=url, **settings)


def ids(records: Any) -> list[int]:
    return [int(record["doc_id"]) for record in records]


def settled(lists: Lists) -> list[int]:
    """Return the pages that were asked for, when no thread of a walk runs any more."""
    end = time.monotonic() + 10
    while walkers() and time.monotonic() < end:
        time.sleep(0.01)
    assert not walkers()
    return sorted(lists.pages)


def walkers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if "_fetch" in thread.name]


def test_all_records_come_in_order_by_the_longest_pages() -> None:
    with service(documents(950), latency=0.01) as (lists, url):
        assert ids(api_at(url).walk("doc.getList", user_id=7)) == list(range(1, 951))
        assert sorted(lists.pages) == list(range(1, 11))
        assert {call["per_page"] for call in lists.calls} == {"100"}
        assert {call["user_id"] for call in lists.calls} == {"7"}


@pytest.mark.slow
def test_the_following_pages_are_fetched_several_at_a_time() -> None:
    with service(documents(2000), latency=0.25) as (lists, url):
        began = time.monotonic()
        assert len(list(api_at(url).walk_docs())) == 2000
        took = time.monotonic() - began
        assert len(lists.calls) == 20
        assert 2 < lists.most_at_once <= 10
        # one after the other they take 5 s at the very least
        assert took < 4


@pytest.mark.slow
def test_no_more_pages_are_on_their_way_than_was_said() -> None:
    with service(documents(1000), latency=0.02) as (lists, url):
        list(api_at(url).walk_docs(ahead=3))
        assert lists.most_at_once <= 3
        lists.most_at_once = 0
        assert len(list(api_at(url).walk_docs(ahead=0))) == 1000
        assert lists.most_at_once == 1
        lists.most_at_once = 0
        list(api_at(url, pool_size=2).walk_docs())
        assert lists.most_at_once <= 2


def test_who_takes_few_records_causes_one_call() -> None:
    with service(documents(1000)) as (lists, url):
        assert ids(islice(api_at(url).walk_docs(), 10)) == list(range(1, 11))
        assert settled(lists) == [1]


def test_nothing_is_fetched_before_the_first_record_is_taken() -> None:
    with service(documents(1000)) as (lists, url):
        walk = api_at(url).walk_docs()
        assert lists.calls == []
        next(walk)
        assert lists.pages == [1]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["closed", "forgotten"])
def test_a_walk_that_is_left_leaves_no_thread_and_asks_for_nothing_more(how: str) -> None:
    with service(documents(5000), latency=0.01) as (lists, url):
        walk = api_at(url).walk_docs(ahead=4)
        assert ids(islice(walk, 120)) == list(range(1, 121))
        if how == "closed":
            walk.close()
            assert list(walk) == []
        else:
            del walk
            gc.collect()
        assert settled(lists) == [1, 2, 3, 4, 5]


def test_a_limit_ends_the_walk_and_no_page_too_many_is_fetched() -> None:
    with service(documents(1000)) as (lists, url):
        assert ids(api_at(url).walk_docs(limit=250)) == list(range(1, 251))
        assert settled(lists) == [1, 2, 3]
        lists.calls.clear()
        assert ids(api_at(url).walk_docs(limit=5)) == [1, 2, 3, 4, 5]
        assert [call["per_page"] for call in lists.calls] == ["5"]
        lists.calls.clear()
        assert list(api_at(url).walk_docs(limit=0)) == []
        assert lists.calls == []
        with pytest.raises(ValueError, match="limit=-1"):
            api_at(url).walk_docs(limit=-1)


def test_pages_begin_where_told_and_are_as_long_as_told() -> None:
    with service(documents(100)) as (lists, url):
        walk = api_at(url).walk_data("doc.getList", page=4, per_page=30)
        assert len(walk) == 10
        assert ids(walk) == list(range(91, 101))
        assert lists.pages == [4]


def test_the_total_is_told_by_the_first_page_which_is_fetched_once() -> None:
    with service(documents(950)) as (lists, url):
        walk = api_at(url).walk_docs()
        assert (walk.total, len(walk)) == (950, 950)
        assert len(lists.calls) == 1
        assert len(list(walk)) == 950
        assert len(api_at(url).walk_docs(limit=30)) == 30
        assert not api_at(url).walk_docs(limit=0)


def test_a_total_that_nobody_tells_has_no_length() -> None:
    with service(documents(30, total=None)) as (_, url):
        walk = api_at(url).walk_docs()
        assert walk.total is None
        with pytest.raises(TypeError, match="does not say"):
            len(walk)
        assert len(list(walk)) == 30


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed",
    [
        {"pages": None},
        {"pages": None, "per_page": None},
        {"pages": None, "total": None},
        {"total": None},
        {"total": 10**12},
    ],
    ids=str,
)
def test_what_the_service_does_not_tell_is_worked_out(changed: dict[str, object]) -> None:
    with service(documents(250, **changed)) as (lists, url):
        assert ids(api_at(url).walk_docs()) == list(range(1, 251))
        assert sorted(lists.pages)[:3] == [1, 2, 3]
        assert len(lists.pages) <= 4


def test_an_empty_list_is_one_call() -> None:
    with service(documents(0)) as (lists, url):
        walk = api_at(url).walk_docs()
        assert list(walk) == []
        assert (walk.total, len(lists.calls)) == (0, 1)


def test_records_that_move_to_a_later_page_meanwhile_come_once() -> None:
    def answer(params: dict[str, str]) -> Any:
        # two documents are posted after each page
        posted = 2 * (int(params["page"]) - 1)
        first = (int(params["page"]) - 1) * 100 + 1 - posted
        found = [{"doc_id": str(number)} for number in range(first, min(first + 100, 301))]
        return {"docs": {"total": str(300 + posted), "per_page": "100", "doc": found}}

    with service(answer) as (_, url):
        assert ids(api_at(url).walk_docs()) == list(range(1, 301))


def test_records_without_an_id_come_once_too() -> None:
    def answer(params: dict[str, str]) -> Any:
        found = [{"name": "a"}, {"name": "b"}] if params["page"] == "1" else [{"name": "b"}]
        return {"things": {"total": "3", "per_page": "2", "thing": found}}

    with service(answer) as (_, url):
        walk = api_at(url).walk_data("doc.getList", "thing")
        assert list(walk) == [{"name": "a"}, {"name": "b"}]


def test_a_visitor_who_comes_again_meanwhile_comes_once() -> None:
    def answer(params: dict[str, str]) -> Any:
        found = [{"user_id": "1", "visited_at": params["page"]}, {"user_id": params["page"] + "0"}]
        return {"visits": {"total": "4", "per_page": "2", "visit": found}}

    with service(answer) as (_, url):
        walk = api_at(url).walk("doc.getVisitors", doc_id=1)
        assert [visit["user_id"] for visit in walk] == ["1", "10", "20"]


def test_a_total_that_cannot_be_true_takes_no_memory() -> None:
    with service(documents(30, total=10**12)) as (_, url):
        assert len(list(api_at(url).walk_docs())) == 30
        assert api_at(url).walk_docs().total is None


@pytest.mark.parametrize(
    ("method", "path", "records"),
    [
        ("doc.getFaves", ["faves", "fave"], [{"user_id": "1"}, {"user_id": "2"}]),
        ("group.docs.getList", ["group", "docs", "doc"], [{"doc_id": "1"}, {"doc_id": "2"}]),
        ("network.getList", ["network", "user"], [{"user_id": "1"}, {"user_id": "2"}]),
        ("tags.docs.getList", ["docs", "doc"], [{"doc_id": "1"}, {"doc_id": "2"}]),
    ],
)
def test_records_are_found_where_the_method_has_them(
    method: str, path: list[str], records: list[dict[str, str]]
) -> None:
    def answer(params: dict[str, str]) -> Any:
        inner: Any = {"total": "2", "per_page": params["per_page"], path[-1]: records}
        for key in reversed(path[:-1]):
            inner = {key: inner}
        return inner

    with service(answer) as (lists, url):
        assert list(api_at(url).walk(method)) == records
        assert lists.calls[0]["per_page"] == ("500" if method.startswith("tags") else "100")


def test_a_list_without_pages_is_one_call() -> None:
    with service(lambda params: {"tags": {"count": "1", "tag": [{"id": "3"}]}}) as (lists, url):
        assert list(api_at(url).walk("tags.user.getList", user_id=1)) == [{"id": "3"}]
        assert len(lists.calls) == 1
        assert "page" not in lists.calls[0]


def failing_from(page: int, failure: Any) -> Any:
    good = documents(1000)
    return lambda params: failure if int(params["page"]) >= page else good(params)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (error(107), TokenError),
        (error(1), NotFoundError),
        (b"down", ServiceUnavailableError),
        (None, ServiceUnavailableError),
        ({"docs": []}, BadAnswer),
        ({"docs": {"doc": "x"}}, BadAnswer),
        ({"docs": {"total": "x", "doc": []}}, BadAnswer),
    ],
    ids=repr,
)
@pytest.mark.parametrize("ahead", [0, 5])
def test_an_error_comes_at_its_place(failure: Any, kind: type[Exception], ahead: int) -> None:
    with service(failing_from(3, failure)) as (_, url):
        walk = api_at(url).walk_docs(ahead=ahead)
        assert ids(islice(walk, 200)) == list(range(1, 201))
        with pytest.raises(kind):
            next(walk)
        assert list(walk) == []


def test_an_error_on_the_first_page_is_asked_for_once() -> None:
    with service(failing_from(1, b"down")) as (lists, url):
        with pytest.raises(ServiceUnavailableError):
            list(api_at(url).walk_docs())
        assert len(lists.calls) == 1


class Watching(IpernityAPI):
    """Notes each call that comes by, and the thread that it comes by in."""

    def call(self, method_name: str, **params: object) -> dict[str, Any]:
        seen.append((threading.current_thread(), params.get("page")))
        return super().call(method_name, **params)


seen: list[tuple[threading.Thread, object]] = []


def test_each_page_comes_by_the_caller_s_own_call_in_the_caller_s_thread() -> None:
    seen.clear()
    with service(documents(500)) as (lists, url):
        api = Watching("key", "secret", url=url)
        assert len(list(api.walk_docs())) == 500
        assert [page for _, page in seen] == [1, 2, 3, 4, 5]
        assert {thread for thread, _ in seen} == {threading.current_thread()}
        assert sorted(lists.pages) == [1, 2, 3, 4, 5]


def test_pages_that_were_fetched_for_another_token_are_not_given() -> None:
    def answer(params: dict[str, str]) -> Any:
        good = documents(300)(params)
        for doc in good["docs"]["doc"]:
            doc["for"] = params["auth_token"]
        return good

    with service(answer) as (_, url):
        api = api_at(url)
        walk = api.walk("doc.getList")
        first = list(islice(walk, 100))
        api.token = "34-def"
        assert {doc["for"] for doc in first} == {"12-abc"}
        assert {doc["for"] for doc in walk} == {"34-def"}


def test_a_visitor_whose_token_dies_in_a_walk_is_forgotten(app: Flask, sandbox: Sandbox) -> None:
    @app.route("/all")
    @ipernity_auth_required()
    def everything() -> dict[str, Any]:
        api = ipernity.api
        walk = api.walk_docs(per_page=2)
        found = [next(walk)]
        sandbox.revoke(str(api.token))
        try:
            found.extend(walk)
        except TokenError as error:
            return {"of_visitor": error.of_visitor, "token": api.token, "found": len(found)}
        return {}

    client = app.test_client()
    told = sign_in(client, "/all").json
    assert told == {"of_visitor": True, "token": None, "found": 2}
    assert client.get("/all").status_code == 302


def test_a_service_that_gives_the_same_page_for_ever_comes_to_an_end() -> None:
    page = [{"doc_id": "1"}, {"doc_id": "2"}]
    with service(lambda params: {"docs": {"doc": page}}) as (lists, url):
        assert ids(api_at(url).walk_docs()) == [1, 2]
        assert len(lists.calls) == 2


LISTS: dict[str, dict[str, str]] = {
    "pages": {"pages": "100"},
    "total": {"total": "200", "per_page": "2"},
    "both": {"pages": "100", "total": "200", "per_page": "2"},
}


@pytest.mark.parametrize("cycle", [1, 2, 3])
@pytest.mark.parametrize("said", ["pages", "total", "both"])
@pytest.mark.parametrize("token", [None, "1-a"])
def test_a_list_that_repeats_its_pages_ends_after_the_repetition_and_says_so(
    cycle: int, said: str, token: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(params: dict[str, str]) -> Any:
        first = 2 * ((int(params["page"]) - 1) % cycle)
        return {"docs": {**LISTS[said], "doc": [{"doc_id": str(first + n)} for n in (1, 2)]}}

    with service(answer) as (lists, url):
        api = IpernityAPI("key", "secret", token, url=url)
        assert ids(api.walk_docs(ahead=0)) == list(range(1, 2 * cycle + 1))
        assert len(lists.calls) <= cycle + 2
        assert "sends the same records again" in caplog.text
        lists.calls.clear()
        assert ids(api.walk_docs()) == list(range(1, 2 * cycle + 1))
        # Those that were prefetched after the middle of the last page with something new.
        assert len(lists.calls) <= cycle + 10


@pytest.mark.slow
@pytest.mark.parametrize("added", [1, 2, 5, 20])
@pytest.mark.parametrize("per_page", [1, 3])
def test_a_list_to_which_many_records_are_added_meanwhile_is_read_to_its_end(
    added: int, per_page: int, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(params: dict[str, str]) -> Any:
        page = int(params["page"])
        # New ones come first, once the first page was read.
        records = [*range(-added if page > 1 else 0, 0), *range(1, 11)]
        start = (page - 1) * per_page
        listing = {"total": str(len(records)), "per_page": str(per_page)}
        some = [{"doc_id": str(one)} for one in records[start : start + per_page]]
        return {"docs": {**listing, "doc": some}}

    with service(answer) as (_, url):
        found = ids(api_at(url).walk_docs(per_page=per_page, ahead=0))
        assert set(range(1, 11)) <= set(found)
        assert len(found) == len(set(found))
        assert "again" not in caplog.text


@pytest.mark.slow
def test_a_list_that_grows_without_end_is_a_bad_answer() -> None:
    def answer(params: dict[str, str]) -> Any:
        page = int(params["page"])
        return {"docs": {"pages": str(page + 1), "total": "2", "doc": [{"doc_id": str(page)}]}}

    with service(answer) as (_, url):
        walk = api_at(url).walk_docs()
        assert ids(islice(walk, 14)) == list(range(1, 15))
        with pytest.raises(BadAnswer, match="does not end"):
            next(walk)


def test_a_list_that_grows_meanwhile_is_read_to_its_end() -> None:
    def answer(params: dict[str, str]) -> Any:
        page = int(params["page"])
        pages = 3 if page == 1 else 5
        return {"docs": {"pages": str(pages), "total": "2", "doc": [{"doc_id": str(page)}]}}

    with service(answer) as (_, url):
        assert ids(api_at(url).walk_docs()) == [1, 2, 3, 4, 5]


def test_what_is_no_list_is_told_at_once() -> None:
    api = IpernityAPI("key", "secret", url="http://127.0.0.1:9/")
    with pytest.raises(UnknownMethod):
        api.walk("doc.getLst")
    with pytest.raises(ValueError, match="answers no list"):
        api.walk("doc.get", doc_id=1)


def test_the_walks_of_pyipernity_ask_for_their_lists() -> None:
    empty = {"total": "0"}
    lists_of = {"docs": empty, "albums": empty, "folders": empty}
    one = {"album": {"docs": empty}, "folder": {"albums": empty}}
    with service(lambda params: {**lists_of, **one}) as (lists, url):
        api = api_at(url)
        walks: list[Walk[Any]] = [
            api.walk_docs(),
            api.walk_albums(),
            api.walk_album_docs(12),
            api.walk_doc_search(text="sea"),
            api.walk_folders(),
            api.walk_folder_albums(3),
        ]
        assert [list(walk) for walk in walks] == [[]] * 6
        assert [call.get("album_id") for call in lists.calls] == [
            None,
            None,
            "12",
            None,
            None,
            None,
        ]
        assert lists.calls[3]["text"] == "sea"
        assert lists.calls[5]["folder_id"] == "3"
