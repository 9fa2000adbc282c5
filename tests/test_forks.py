"""A process that was forked is a new process, whether Python or C has forked it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from cachelib import SimpleCache

from flask_ipernity import ipernity
from flask_ipernity.caching.backends import Breaker, MemoryTextStore
from flask_ipernity.caching.near_cache import NearCache
from flask_ipernity.caching.redis import Invalidations
from flask_ipernity.caching.single_flight import CacheEntry, MemoryStore
from flask_ipernity.errors import QuotaExceeded
from flask_ipernity.media.hosts import MediaOrigin, MediaURL
from flask_ipernity.media.relay import Relay
from flask_ipernity.media.slots import Slots
from flask_ipernity.per_process import PerProcess, ProcessLock
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.site.quota_pause import QuotaPause
from tests.support.apps import MakeApp
from tests.support.caching_app import caching
from tests.support.forks import FORKS, holds_in_a_child
from tests.support.media import FILE, picture
from tests.support.redis import RedisServer
from tests.support.stub import Stub, api_for, ok, together
from tests.support.waiting import until

Fork = Callable[[], int]


@pytest.fixture(params=FORKS)
def fork(request: pytest.FixtureRequest) -> Fork:
    """A way to fork."""
    return FORKS[request.param]


def test_a_child_has_connections_of_its_own_to_the_api(fork: Fork) -> None:
    with Stub(ok()) as stub:
        api = api_for(stub)
        api.test.hello()
        assert holds_in_a_child(lambda: api.test.hello()["hello"] == "hello world!", fork)
        api.test.hello()
        assert stub.connections == 2


def test_a_child_has_connections_of_its_own_to_the_media(fork: Fork) -> None:
    relay = Relay((5, 5), 4, "tests")
    with Stub(picture()) as stub:
        url = MediaURL(MediaOrigin("http", "127.0.0.1", stub.port, exempt=True), "/1.jpg")

        def fetch() -> bool:
            source = relay.open(url)
            whole = b"".join(iter(source.read, b""))
            source.close()
            return whole == FILE

        assert fetch()
        assert holds_in_a_child(fetch, fork)
        assert fetch()
        assert stub.connections == 2


def test_a_child_prefetches_as_much_as_its_parent_may() -> None:
    with Stub(together(2, ok())) as stub:
        transport = api_for(stub, pool_size=1)._transport
        ahead = transport.prefetch("test.hello", {"page": "2"})
        assert ahead is not None

        def prefetch() -> bool:
            # This is the second request, and so lets the parent's reply come as well.
            own = transport.prefetch("test.hello", {"page": "3"})
            return own is not None and own.take("test.hello", {"page": "3"}) is not None

        assert holds_in_a_child(prefetch)
        assert ahead.take("test.hello", {"page": "2"}) is not None


@pytest.mark.parametrize("store", ["memory", "cachelib"])
def test_a_child_asks_itself_what_a_thread_of_its_parent_is_asking(
    make_app: MakeApp, sandbox: Sandbox, fork: Fork, store: str
) -> None:
    app = caching(make_app, SimpleCache() if store == "cachelib" else store)
    sent, go_on = threading.Event(), threading.Event()

    def popular(hold: bool = False) -> bool:
        with app.app_context():
            caller = ipernity.api_for(None)
            if hold:
                send = caller.send

                def slow(*args: Any, **kwargs: Any) -> Any:
                    sent.set()
                    go_on.wait(10)
                    return send(*args, **kwargs)

                caller.send = slow  # type: ignore[method-assign]
            return "docs" in caller.explore.docs.getPopular()

    thread = threading.Thread(target=popular, args=(True,))
    thread.start()
    assert sent.wait(10)
    began = time.monotonic()
    try:
        assert holds_in_a_child(popular, fork)
        assert time.monotonic() - began < 5
    finally:
        go_on.set()
        thread.join()


def used_by_each_lock() -> dict[str, tuple[Any, Callable[[], object]]]:
    """Return objects that have a lock, and something that takes it."""
    store: MemoryStore[str, str] = MemoryStore(9, 999, len)
    texts, near = MemoryTextStore(), NearCache[str](Invalidations("redis://x", "a"), "a")
    breaker, pause, slots = Breaker("x", ""), QuotaPause(None, "key"), Slots(1)
    lock = ProcessLock()

    def take() -> None:
        with lock:
            pass

    return {
        "lock": (lock, take),
        "memory": (store._lock, lambda: store.set("a", CacheEntry("b", 1, 1))),
        "texts": (texts._adding, lambda: texts.add("a", "b", 1)),
        "near copies": (near._lock, lambda: near.get("a")),
        "a store that fails": (breaker._lock, lambda: breaker._set_failing(True)),
        "the pause": (pause._lock, lambda: pause.begin(QuotaExceeded())),
        "slots": (slots._lock, slots.take),
    }


@pytest.mark.parametrize("name", used_by_each_lock())
def test_a_lock_that_a_thread_of_the_parent_holds_is_free_in_a_child(name: str, fork: Fork) -> None:
    lock, use = used_by_each_lock()[name]
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            let_go.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    try:
        assert holds_in_a_child(lambda: [use()] != [], fork)
    finally:
        let_go.set()
        thread.join()


def test_slots_that_are_taken_in_the_parent_are_free_in_a_child(fork: Fork) -> None:
    slots = Slots(1)
    slot = slots.take()
    assert slot is not None
    assert slots.take() is None
    assert holds_in_a_child(lambda: slots.free == 1 and slots.take() is not None, fork)
    slot.release()
    slot.release()
    assert slots.free == 1


def test_what_is_inherited_is_discarded_once(fork: Fork) -> None:
    discarded: list[list[int]] = []
    values = PerProcess[list[int]](list, discarded.append)
    values().append(1)

    def check() -> bool:
        return values() == [] and values() is values() and discarded == [[1]]

    assert holds_in_a_child(check, fork)
    assert values() == [1]
    assert discarded == []


def test_a_lock_may_be_held_by_the_thread_that_forks(fork: Fork) -> None:
    lock = ProcessLock()

    def leave_and_enter() -> bool:
        lock.__exit__()
        with lock:
            return True

    with lock:
        assert holds_in_a_child(leave_and_enter, fork)


def test_a_child_has_a_subscription_of_its_own(redis: RedisServer, fork: Fork) -> None:
    redis.flush()
    listener = Invalidations(redis.url, "near:")

    def hears() -> bool:
        from redis import Redis

        listener.subscribe()
        listener.poll()
        with Redis.from_url(redis.url) as client:
            client.set("near:a", "1")
        until(lambda: "near:a" in (listener.poll() or ()))
        return True

    assert hears()

    def hears_in_the_child() -> bool:
        # What it knew in the parent is nothing here.
        return listener.poll() is None and hears()

    assert holds_in_a_child(hears_in_the_child, fork)
    assert hears()
