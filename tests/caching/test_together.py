"""Many at once: threads of a process, and processes that share a store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import urllib3
from cachelib import SimpleCache
from flask import Flask

from flask_ipernity import NotFoundError, PermissionDenied, ServiceUnavailableError, ipernity
from flask_ipernity.caching import versioned
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.site.api import site_context
from tests.support.apps import MakeApp
from tests.support.caching_app import caching
from tests.support.redis import RedisServer
from tests.support.servers import gunicorn
from tests.support.threads import at_once, hold_first_reply

ROOT = Path(__file__).parents[2]


def caller(app: Flask, method: str, **params: object) -> Callable[[], str]:
    def call() -> str:
        with app.app_context():
            ipernity.api_for(None).call(method, **params)
            assert ipernity.last_call
            return ipernity.last_call.cache

    return call


@pytest.mark.parametrize("store", ["memory", "redis", "cachelib"], indirect=True)
def test_fifty_threads_that_want_the_same_cost_one_call(
    caching_app: Flask, sandbox: Sandbox
) -> None:
    sandbox._faults.latency = 200
    results = at_once(50, caller(caching_app, "test.hello"))
    assert sorted(results) == ["hit"] * 49 + ["miss"]
    assert len(sandbox.calls) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "kind"),
    [("1", NotFoundError), ("110", PermissionDenied), ("500", ServiceUnavailableError)],
)
def test_fifty_threads_share_an_error_as_well(
    make_app: MakeApp, sandbox: Sandbox, fault: str, kind: type[Exception]
) -> None:
    app = caching(make_app, "memory", IPERNITY_RETRIES=0)
    sandbox.fault("*", fault)
    sandbox._faults.latency = 500
    results = at_once(50, caller(app, "doc.get", doc_id=1))
    assert all(type(result) is kind for result in results)
    assert len(sandbox.calls) <= 5


@pytest.mark.slow
def test_while_one_asks_the_others_get_what_is_old(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = caching(make_app, "memory", IPERNITY_CACHE_MAX_AGE=0.2)
    call = caller(app, "test.hello")
    assert call() == "miss"
    time.sleep(0.3)
    sandbox._faults.latency = 3000
    leader = threading.Thread(target=call)
    leader.start()
    while not app.extensions["ipernity"].parts[site_context].cache._cache._flights:
        time.sleep(0.01)
    began = time.monotonic()
    assert [call() for _ in range(5)] == ["stale"] * 5
    assert time.monotonic() - began < 2
    leader.join(20)
    assert len(sandbox.calls) == 2


def two_apps(make_app: MakeApp, **config: object) -> list[Flask]:
    """Return two applications that share a store, as two processes do."""
    store = SimpleCache()
    return [caching(make_app, store, **config) for _ in range(2)]


def test_processes_ask_once_together(make_app: MakeApp, sandbox: Sandbox) -> None:
    apps = two_apps(make_app)
    sandbox._faults.latency = 300
    calls = iter([caller(apps[number % 2], "test.hello") for number in range(20)])
    results = at_once(20, lambda: next(calls)())
    assert results.count("miss") == 1
    assert len(sandbox.calls) == 1


@pytest.mark.slow
def test_another_process_gets_what_is_old_while_one_asks(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    one, two = two_apps(make_app, IPERNITY_CACHE_MAX_AGE=0.2)
    assert caller(one, "test.hello")() == "miss"
    time.sleep(0.3)
    sandbox._faults.latency = 3000
    leader = threading.Thread(target=caller(one, "test.hello"))
    leader.start()
    while not one.extensions["ipernity"].parts[site_context].cache._cache._flights:
        time.sleep(0.01)
    time.sleep(0.2)
    assert caller(two, "test.hello")() == "stale"
    leader.join(20)


@pytest.mark.slow
def test_a_process_that_dies_while_it_asks_is_not_waited_for_for_ever(
    make_app: MakeApp, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versioned, "LEASE", 1.0)
    app, _ = two_apps(make_app)
    lookup = versioned.VersionedLookup
    acquire = lookup.acquire
    # What the other process has taken and never gives back.
    monkeypatch.setattr(lookup, "acquire", lambda self: acquire(self) and False)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(caller(app, "test.hello"))
        time.sleep(0.2)
        monkeypatch.setattr(lookup, "acquire", acquire)
        began = time.monotonic()
        assert waiting.result(60) == "miss"
    assert time.monotonic() - began < 30
    assert len(sandbox.calls) == 1


def test_a_read_from_before_a_write_is_not_given_to_those_who_ask_after_it(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = caching(make_app, "memory")
    token = sandbox.sign_in(0, {"doc": "delete"})
    doc = next(
        doc for doc in sandbox.state.docs.values() if doc.owner_id == sandbox.people[0].user_id
    )
    transport = app.extensions["ipernity"].parts[site_context].transport
    asked, go_on = hold_first_reply(transport, "doc.get")

    def title() -> Any:
        with app.app_context():
            return ipernity.api_for(token).doc.get(doc_id=doc.doc_id)["doc"]["title"]

    before = doc.title
    old: list[Any] = []
    reader = threading.Thread(target=lambda: old.append(title()))
    reader.start()
    assert asked.wait(20)
    with app.app_context():
        ipernity.api_for(token).doc.set(doc_id=doc.doc_id, title="New")
    assert title() == "New"
    go_on.set()
    reader.join(20)
    assert old == [before]
    assert title() == "New"


@pytest.mark.redis
@pytest.mark.slow
def test_four_processes_and_one_redis(sandbox: Sandbox, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        config = {**sandbox.config(), "IPERNITY_CACHE": redis.url, "IPERNITY_CACHE_MAX_AGE": 300}
        with (
            gunicorn(config, site="caching_site", workers=4) as site,
            urllib3.PoolManager(maxsize=64, retries=False) as pool,
        ):

            def get() -> Any:
                # Each on a connection of its own, so that all processes get some.
                response = pool.request(
                    "GET", f"{site.url}/hello", headers={"Connection": "close"}, timeout=60
                )
                assert response.status == 200
                return response.json()

            wait_for_all(get, 4)
            redis.flush()
            sandbox.clear_calls()
            sandbox._faults.latency = 500
            answers = at_once(200, get)
            assert len({answer["process"] for answer in answers}) == 4
            assert len(sandbox.calls) == 1

            sandbox._faults.latency = 0
            stop = threading.Event()
            seen: list[str] = []

            def keep_asking() -> None:
                while not stop.is_set():
                    seen.append(get()["how"])

            askers = ThreadPoolExecutor(4)
            asking = [askers.submit(keep_asking) for _ in range(4)]
            wait_until(lambda: len(seen) > 20)
            redis.kill()
            number = len(seen)
            wait_until(lambda: len(seen) > number + 50)
            assert "miss" in seen[number:]
            redis.start()
            # each process leaves it alone for some seconds
            wait_until(lambda: len(seen) > 200 and set(seen[-50:]) == {"hit"})
            stop.set()
            askers.shutdown()
            assert all(one.exception() is None for one in asking)


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def wait_for_all(get: Callable[[], Any], processes: int) -> None:
    """Wait until so many processes have answered."""
    seen: set[int] = set()

    def all_seen() -> bool:
        seen.update(answer["process"] for answer in at_once(8, get))
        return len(seen) == processes

    wait_until(all_seen)


@pytest.mark.redis
@pytest.mark.slow
def test_a_killed_worker_neither_blocks_nor_poisons_the_others(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with RedisServer(tmp_path) as redis:
        config = {**sandbox.config(), "IPERNITY_CACHE": redis.url, "TEST_LEASE": 2.0}
        with (
            gunicorn(config, site="caching_site", workers=2, threads=8) as site,
            urllib3.PoolManager(retries=False) as pool,
        ):
            with pytest.raises(urllib3.exceptions.HTTPError):
                pool.request("GET", f"{site.url}/die", timeout=60)
            answer = pool.request("GET", f"{site.url}/hello", timeout=60, retries=5)
            assert answer.json()["hello"]
            assert len(sandbox.calls) == 1


def test_with_the_service_unplugged_pages_that_were_served_still_come(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    from tests.support.caching_app import signed_in

    app = caching(make_app, "memory", IPERNITY_CACHE_MAX_AGE=0.2, IPERNITY_RETRIES=0)
    ada, nobody = signed_in(app, sandbox), app.test_client()
    path = f"/call/doc.getList?user_id={sandbox.people[0].user_id}"
    pages = [client.get(path).json["answer"] for client in (ada, nobody)]  # type: ignore[index]
    time.sleep(0.3)
    sandbox.stop()
    for _ in range(3):
        for client, page in zip((ada, nobody), pages, strict=True):
            assert client.get(path).json == {"answer": page, "how": "stale"}
    assert ada.get("/who").text == "in"
    assert nobody.get("/who").text == "out"
    assert ada.get("/call/doc.getList?user_id=1").status_code == 502
    assert ada.get("/who").text == "in"
