"""Replies that are fetched before they are needed."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from flask_ipernity.client import IpernityAPI, Transport
from flask_ipernity.client.transport import Prefetched
from flask_ipernity.errors import ServiceUnavailableError
from tests.support.lists import documents, service


def api_at(url: str, token: str = "12-abc", **settings: Any) -> IpernityAPI:
    return IpernityAPI("key", "secret", token, url=url, retries=0, **settings)


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


def alive() -> list[object]:
    gc.collect()
    return [one for one in gc.get_objects() if type(one) is Prefetched]


PAGE: dict[str, Any] = {"page": 2, "per_page": 10}


def test_a_call_takes_its_prefetched_reply_and_only_once() -> None:
    with service(documents(50)) as (lists, url):
        api = api_at(url)
        prefetched = api.prefetch("doc.getList", **PAGE)
        assert prefetched is not None
        first = api.call("doc.getList", prefetched=prefetched, **PAGE)
        assert lists.pages == [2]
        second = api.call("doc.getList", prefetched=prefetched, **PAGE)
        assert lists.pages == [2, 2]
        assert first == second
        assert first is not second


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("doc.getList", {"page": 3, "per_page": 10}),
        ("doc.getList", {"page": 2}),
        ("album.getList", PAGE),
        ("doc.getList", {**PAGE, "auth_token": "34-def"}),
    ],
)
def test_another_call_does_not_take_it(method: str, params: dict[str, Any]) -> None:
    with service(documents(50)) as (lists, url):
        api = api_at(url)
        prefetched = api.prefetch("doc.getList", **PAGE)
        assert eventually(lambda: len(lists.calls) == 1)
        api.call(method, prefetched=prefetched, **params)
        assert len(lists.calls) == 2
        api.call("doc.getList", prefetched=prefetched, **PAGE)
        assert len(lists.calls) == 2


def test_neither_does_the_same_call_of_another_object() -> None:
    with service(documents(50)) as (lists, url):
        transport = Transport(url, retries=0)
        one, other = (IpernityAPI("key", "secret", "1-a", transport=transport) for _ in range(2))
        prefetched = one.prefetch("doc.getList", **PAGE)
        other.call("doc.getList", **PAGE)
        one.call("doc.getList", prefetched=prefetched, **PAGE)
        assert lists.pages == [2, 2]


@pytest.mark.slow
def test_threads_that_walk_the_same_list_by_one_transport_take_no_answer_of_each_other() -> None:
    with service(documents(600), latency=0.005) as (lists, url):
        transport = Transport(url, retries=0)
        found: list[list[dict[str, Any]]] = []

        def work() -> None:
            api = IpernityAPI("key", "secret", "1-a", transport=transport)
            records: list[Any] = list(api.walk_docs(per_page=50))
            found.append(records)

        threads = [threading.Thread(target=work, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert [len(records) for records in found] == [600] * 4
        assert len({id(record) for records in found for record in records}) == 2400
        assert sorted(lists.pages) == sorted([*range(1, 13)] * 4)


def test_of_threads_that_take_the_same_reply_one_gets_it() -> None:
    prefetched = Prefetched("doc.getList", {"api_sig": "1"})
    taken: list[object] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait(5)
        try:
            taken.append(prefetched.take("doc.getList", {"api_sig": "1"}))
        except ServiceUnavailableError as error:
            taken.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    failure = ServiceUnavailableError("down")
    prefetched.set(failure)
    for thread in threads:
        thread.join(5)
    assert [one for one in taken if one is not None] == [failure]
    assert len(taken) == 8


def test_a_failed_reply_raises_where_it_is_taken_with_its_tries() -> None:
    with service(lambda params: b"down") as (lists, url):
        api = api_at(url)
        prefetched = api.prefetch("doc.getList", **PAGE)
        with pytest.raises(ServiceUnavailableError) as caught:
            api.call("doc.getList", prefetched=prefetched, **PAGE)
        assert (caught.value.tries, len(lists.calls)) == (1, 1)


def test_no_more_are_sent_at_once_than_the_pool_has_connections() -> None:
    with service(documents(100), latency=0.2) as (lists, url):
        api = api_at(url, pool_size=3)
        begun = [api.prefetch("doc.getList", page=page) for page in range(1, 6)]
        assert [one is None for one in begun] == [False, False, False, True, True]
        assert eventually(lambda: len(lists.calls) == 3)
        for page, one in enumerate(begun[:3], 1):
            api.call("doc.getList", page=page, prefetched=one)
        assert len(lists.calls) == 3
        assert api.prefetch("doc.getList", page=4) is not None


def test_a_writing_call_is_never_prefetched() -> None:
    with service(documents(1)) as (lists, url):
        assert api_at(url).prefetch("doc.set", doc_id=1, title="x") is None
        assert lists.calls == []


def test_without_a_thread_nothing_is_prefetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: object) -> None:
        raise RuntimeError("can't start new thread")

    with service(documents(400)) as (_, url):
        api = api_at(url, pool_size=1)
        with monkeypatch.context() as patched:
            patched.setattr("flask_ipernity.client.transport.Thread.start", start)
            assert [api.prefetch("doc.getList", **PAGE) for _ in range(3)] == [None] * 3
        # none of the failed ones takes the place of another
        assert api.prefetch("doc.getList", **PAGE) is not None


@pytest.mark.slow
@pytest.mark.parametrize("how", ["closed", "limit"])
def test_pages_that_nobody_takes_are_freed_while_the_walk_is_still_held(how: str) -> None:
    def longer(params: dict[str, str]) -> Any:
        # Pages after the first have twice as many records, so that fewer are taken than prefetched.
        answer = documents(1000)(params)
        if (page := int(params["page"])) > 1:
            answer["docs"]["doc"] += [{"doc_id": f"{page}000{number}"} for number in range(100)]
        return answer

    with service(longer) as (_, url):
        assert eventually(lambda: alive() == [])
        walk = api_at(url).walk_docs(limit=450 if how == "limit" else None)
        list(islice(walk, 120))
        # a page is prefetched, and not yet taken
        assert alive()
        if how == "closed":
            walk.close()
        else:
            list(walk)
        assert eventually(lambda: alive() == [])
        assert walk.total == 1000


def test_a_reply_that_is_dropped_is_freed_when_it_has_arrived() -> None:
    with service(documents(50), latency=0.1) as (lists, url):
        api = api_at(url)
        prefetched = api.prefetch("doc.getList", **PAGE)
        assert prefetched is not None
        held = weakref.ref(prefetched)
        del prefetched
        assert eventually(lambda: held() is None)
        assert lists.pages == [2]
