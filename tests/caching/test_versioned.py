"""Results under versions: what a store must never be believed, and what it costs to ask it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask
from redis import Redis

from flask_ipernity import QuotaExceeded, ServiceUnavailableError, ipernity
from flask_ipernity.caching import backends
from flask_ipernity.caching import versioned as module
from flask_ipernity.caching.backends import CachelibTextStore, FailSafe, MemoryTextStore
from flask_ipernity.caching.redis import RedisTextStore
from flask_ipernity.caching.results import CacheKey, Result, ResultCache, cache_key
from flask_ipernity.caching.single_flight import WAIT_LIMIT, CacheEntry
from flask_ipernity.caching.versioned import LEASE, LEASE_MARGIN, VersionedResults
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.site.api import site_context
from tests.support.apps import MakeApp
from tests.support.caching_app import caching
from tests.support.model import Clock
from tests.support.redis import RedisServer

MAX_AGE = 100.0
NOW = Clock().now

ADA = cache_key("ada", "doc.getList", None, "key")
JONAS = cache_key("jonas", "doc.getList", None, "key")


class FullStore(MemoryTextStore):
    """Can be read, and takes nothing while it is full, as Redis does without memory."""

    is_full = False

    def set(self, key: str, text: str, seconds: float) -> bool:
        if self.is_full:
            raise OSError("OOM command not allowed when used memory > 'maxmemory'.")
        return super().set(key, text, seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for name in ("results", "versioned"):
        monkeypatch.setattr(f"flask_ipernity.caching.{name}.time", clock)
    monkeypatch.setattr(backends, "monotonic", clock)
    monkeypatch.setattr("cachelib.simple.time", clock)
    return clock


@pytest.fixture
def store() -> FullStore:
    return FullStore()


@pytest.fixture
def results(store: FullStore, clock: Clock) -> VersionedResults:
    return VersionedResults(FailSafe(store), "test", MAX_AGE)


def keep(results: VersionedResults, key: CacheKey, text: str = "{}") -> None:
    """Keep *text* under *key* for half of the longest life."""
    end = NOW + MAX_AGE / 2
    results.lookup(key).write(CacheEntry(Result(text), end, end))


def kept(results: VersionedResults, key: CacheKey) -> str | None:
    entry = results.lookup(key).entry
    return entry and entry.value.text


def test_what_is_kept_is_there_again(results: VersionedResults) -> None:
    assert kept(results, ADA) is None
    keep(results, ADA, '{"a": 1}')
    assert kept(results, ADA) == '{"a": 1}'
    assert kept(results, JONAS) is None


@pytest.mark.parametrize(
    "text",
    [
        # as it was written before records were JSON
        ',,, 1700000050.0 1700000060.0 0\n{"a": 1}',
        "",
        "null",
        "5",
        "[]",
        '{"versions": [], "fresh_until": 1, "stale_until": 2, "is_stale": 0, "text": ""}',
        '[[null, null, null, null], "now", "then", false, "{}"]',
        '[[null, null, null, null], 1700000050.0, 1700000060.0, false, "{}", 6]',
        "\x80\ufffd",
    ],
)
def test_records_of_other_versions_of_the_package_are_misses_and_are_replaced(
    results: VersionedResults, store: FullStore, text: str
) -> None:
    keep(results, ADA)
    [name] = store._held._held
    store.set(name, text, 60)
    assert kept(results, ADA) is None
    keep(results, ADA)
    assert kept(results, ADA) == "{}"


def test_a_life_that_is_longer_than_any_is_not_believed(
    results: VersionedResults, store: FullStore, clock: Clock
) -> None:
    keep(results, ADA)
    [name] = store._held._held
    [text] = store.get_many(name)
    assert text is not None
    record = json.loads(text)
    longest = clock.now + MAX_AGE + WAIT_LIMIT
    for stale_until, expected in ((longest, "{}"), (longest + 1, None)):
        store.set(name, json.dumps([record[0], record[1], stale_until, *record[3:]]), 1000)
        assert kept(results, ADA) == expected


def test_a_store_that_takes_nothing_is_not_read_while_something_is_to_be_forgotten(
    results: VersionedResults, store: FullStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "STORE_RETRY_AFTER", 0.0)
    keep(results, ADA)
    store.is_full = True
    results.forget("ada", {"doc"})
    for _ in range(3):
        assert kept(results, ADA) is None
    store.is_full = False
    assert kept(results, ADA) is None
    keep(results, ADA)
    assert kept(results, ADA) == "{}"


def test_what_could_not_be_forgotten_is_bounded(
    results: VersionedResults, store: FullStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "STORE_RETRY_AFTER", 0.0)
    monkeypatch.setattr(module, "MAX_UNSENT", 10)
    keep(results, JONAS)
    store.is_full = True
    for number in range(10):
        results.forget(f"viewer {number}", {"doc"})
    store.is_full = False
    assert kept(results, JONAS) == "{}"
    store.is_full = True
    for number in range(11):
        results.forget(f"viewer {number}", {"doc"})
        assert len(results._unsent) <= 10
    store.is_full = False
    # all are forgotten in their place
    assert kept(results, JONAS) is None


def test_a_version_is_never_used_twice(results: VersionedResults, store: FullStore) -> None:
    """Another process may have changed a version since the first try to send it."""
    sent: list[Mapping[str, str]] = []

    def set_many(texts: Mapping[str, str], seconds: float, delete: Collection[str] = ()) -> bool:
        sent.append(dict(texts))
        return len(sent) > 1

    store.set_many = set_many  # type: ignore[method-assign]
    results.forget("ada", None)
    results.lookup(ADA)
    first, second = sent
    assert first.keys() == second.keys()
    assert set(first.values()).isdisjoint(second.values())


@pytest.mark.parametrize("what", ["viewer", "service", "method", "all"])
def test_what_is_asked_for_before_it_is_forgotten_is_not_given_afterwards(
    results: VersionedResults, what: str
) -> None:
    before = results.lookup(ADA)
    match what:
        case "viewer":
            results.forget("ada", None)
        case "service":
            results.forget("ada", ["doc", "album"])
        case "method":
            results.clear("doc.getList")
        case _:
            results.clear(None)
    end = NOW + 50
    before.write(CacheEntry(Result("{}"), end, end))
    assert kept(results, ADA) is None
    assert results.lookup(ADA).flight_key != before.flight_key


@pytest.mark.parametrize(
    "forget",
    [
        lambda results: results.forget("jonas", None),
        lambda results: results.forget("ada", ["album"]),
        lambda results: results.clear("doc.get"),
    ],
)
def test_other_results_stay(results: VersionedResults, forget: Any) -> None:
    keep(results, ADA)
    forget(results)
    assert kept(results, ADA) == "{}"


@pytest.mark.parametrize("end", ["release", "write", "delete"])
def test_a_lease_is_given_back_at_the_end(results: VersionedResults, end: str) -> None:
    holder = results.lookup(ADA)
    assert holder.acquire()
    assert not results.lookup(ADA).acquire()
    until = NOW + 50
    match end:
        case "release":
            holder.release()
        case "write":
            holder.write(CacheEntry(Result("{}"), until, until))
        case _:
            holder.delete()
    assert results.lookup(ADA).acquire()


@pytest.mark.parametrize("end", ["release", "write", "delete"])
def test_a_holder_that_is_slow_does_not_end_the_lease_of_another(
    results: VersionedResults, clock: Clock, end: str
) -> None:
    slow = results.lookup(ADA)
    assert slow.acquire()
    clock.now += LEASE + 0.01
    other = results.lookup(ADA)
    assert other.acquire()
    until = clock.now + 50
    match end:
        case "release":
            slow.release()
        case "write":
            slow.write(CacheEntry(Result("{}"), until, until))
        case _:
            slow.delete()
    assert not results.lookup(ADA).acquire()
    other.release()
    assert results.lookup(ADA).acquire()


def test_a_lease_that_ends_soon_is_left_to_end(results: VersionedResults, clock: Clock) -> None:
    """Deleting it may take so long that it is another's by then."""
    holder = results.lookup(ADA)
    assert holder.acquire()
    clock.now += LEASE - LEASE_MARGIN + 0.01
    holder.release()
    assert not results.lookup(ADA).acquire()
    clock.now += LEASE_MARGIN
    assert results.lookup(ADA).acquire()


def test_who_gets_the_lease_after_waiting_reads_what_the_holder_has_written(
    results: VersionedResults,
) -> None:
    holder, waiting = results.lookup(ADA), results.lookup(ADA)
    assert holder.acquire()
    assert not waiting.acquire()
    end = NOW + 50
    holder.write(CacheEntry(Result('{"a": 1}'), end, end))
    assert waiting.acquire()
    assert waiting.entry is not None
    assert waiting.entry.value.text == '{"a": 1}'


@pytest.mark.parametrize(
    "error", [ValueError("mine"), KeyboardInterrupt(), QuotaExceeded(code=112)]
)
def test_a_load_that_fails_gives_the_lease_back(
    results: VersionedResults, error: BaseException
) -> None:
    def call() -> dict[str, Any]:
        raise error

    with pytest.raises(type(error)):
        ResultCache(results, 10, 10).find(ADA, call)
    assert results.lookup(ADA).acquire()


def test_what_another_process_has_loaded_meanwhile_is_not_replaced_by_what_was_there(
    results: VersionedResults, clock: Clock
) -> None:
    """The first process was slower than its lease, and then its call fails."""
    cache = ResultCache(results, 10, 50)
    cache.find(ADA, lambda: {"a": 1})
    clock.now += 11

    def call() -> dict[str, Any]:
        clock.now += LEASE
        until = clock.now + 10
        results.lookup(ADA).write(CacheEntry(Result('{"a": 2}'), until, until + 50))
        raise ServiceUnavailableError("down")

    assert cache.find(ADA, call)[0].text == '{"a": 2}'
    assert kept(results, ADA) == '{"a": 2}'


def test_a_further_key_is_read_with_each_result(store: FullStore, clock: Clock) -> None:
    received: list[str] = []
    results = VersionedResults(store, "test", MAX_AGE, also=("pause", received.append))
    results.lookup(ADA)
    assert received == []
    store.set("pause", "now", 60)
    waiting = results.lookup(ADA)
    assert received == ["now"]
    assert results.lookup(ADA).acquire()
    waiting.acquire()
    assert received == ["now"] * 3


class CountingClient:
    """Counts the commands, and how often they were sent, of a Redis client."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.round_trips: list[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.round_trips.append([name])
            return method(*args, **kwargs)

        return call

    def pipeline(self, **kwargs: Any) -> Any:
        pipeline = self._client.pipeline(**kwargs)
        execute = pipeline.execute

        def counted() -> Any:
            self.round_trips.append([command[0][0].lower() for command in pipeline.command_stack])
            return execute()

        pipeline.execute = counted
        return pipeline


@pytest.fixture
def counted(
    redis: RedisServer, make_app: MakeApp, sandbox: Sandbox
) -> tuple[Flask, CountingClient]:
    """An application with results in an empty Redis, and what counts its commands."""
    with Redis.from_url(redis.url) as client:
        client.flushall()
    app = caching(make_app, redis.url)
    texts = app.extensions["ipernity"].parts[site_context].cache.results.texts._texts
    assert isinstance(texts, RedisTextStore)
    client = texts._client = CountingClient(texts._client)  # type: ignore[assignment]
    return app, client


def test_a_miss_is_four_commands_in_three_round_trips(
    counted: tuple[Flask, CountingClient], sandbox: Sandbox
) -> None:
    app, client = counted
    with app.app_context():
        ipernity.api_for(None).test.hello()
        assert client.round_trips == [["mget"], ["set"], ["set", "del"]]
        client.round_trips.clear()
        ipernity.api_for(None).test.hello()
        assert client.round_trips == [["mget"]]
        # one that has nothing to keep
        client.round_trips.clear()
        sandbox.fault("test.hello", "109")
        ipernity.cache_clear()
        client.round_trips.clear()
        with pytest.raises(Exception, match="109"):
            ipernity.api_for(None).test.hello()
        assert [len(commands) for commands in client.round_trips] == [1, 1, 1]


def test_a_write_forgets_in_one_round_trip(
    counted: tuple[Flask, CountingClient], sandbox: Sandbox
) -> None:
    app, client = counted
    token = sandbox.sign_in(0, {"doc": "delete"})
    owner = sandbox.people[0].user_id
    doc = next(doc for doc in sandbox.state.docs.values() if doc.owner_id == owner)
    with app.app_context():
        ipernity.api_for(token).doc.set(doc_id=doc.doc_id, title="New")
    pause, forgotten = client.round_trips
    assert pause == ["mget"]
    assert len(forgotten) > 1
    assert set(forgotten) == {"set"}


def test_a_pause_of_another_process_is_seen_by_the_lookup(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    store = SimpleCache()
    one, two = (caching(make_app, store, IPERNITY_RETRIES=0) for _ in range(2))
    sandbox.fault("*", "112", times=1)
    for app in (one, two, two):
        with app.app_context(), pytest.raises(QuotaExceeded):
            ipernity.api_for(None).test.hello()
    assert len(sandbox.calls) == 1


def test_the_least_cachelib_object_takes_many_texts_at_once(clock: Clock) -> None:
    texts = CachelibTextStore(SimpleCache())
    assert texts.set("c", "3", 60)
    assert texts.set_many({"a": "1", "b": "2"}, 60, delete=["c"])
    assert texts.get_many("a", "b", "c") == ["1", "2", None]
