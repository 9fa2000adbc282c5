"""Copies of what Redis holds: never older than what Redis would have said."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from flask_ipernity import ipernity
from flask_ipernity.caching import near_cache as module
from flask_ipernity.caching import redis
from flask_ipernity.caching.json_copy import Snapshot
from flask_ipernity.caching.near_cache import NearCache
from flask_ipernity.caching.redis import Invalidations
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.site.api import site_context
from tests.support.apps import MakeApp
from tests.support.caching_app import caching
from tests.support.forks import holds_in_a_child
from tests.support.model import Clock
from tests.support.redis import RedisServer
from tests.support.waiting import until
from tests.support.walks import SharedWalk, application


@pytest.fixture
def url(redis: RedisServer) -> str:
    """The address of an empty Redis."""
    with Redis.from_url(redis.url) as client:
        client.flushall()
    return redis.url


def commands(url: str) -> int:
    """Return how many times anybody has read from Redis."""
    with Redis.from_url(url) as client:
        return int(client.info("commandstats").get("cmdstat_mget", {}).get("calls", 0))


def hello(app: Flask, token: str | None = None) -> str:
    with app.app_context():
        ipernity.api_for(token).test.hello()
        assert ipernity.last_call
        return ipernity.last_call.cache


def ready(app: Flask) -> None:
    """Call until a copy is near."""
    near = app.extensions["ipernity"].parts[site_context].cache.results.near
    end = time.monotonic() + 20
    while not near._held:
        hello(app)
        assert time.monotonic() < end


def test_what_was_just_read_is_not_read_again(
    make_app: MakeApp, url: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "NEAR_AGE", 60.0)
    app = caching(make_app, url)
    ready(app)
    before = commands(url)
    assert [hello(app) for _ in range(50)] == ["hit"] * 50
    assert commands(url) == before
    assert len(sandbox.calls) == 1


def test_it_is_read_again_after_a_second_at_most(
    make_app: MakeApp, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    app = caching(make_app, url)
    ready(app)
    before = commands(url)
    monkeypatch.setattr(module, "monotonic", clock)
    clock.now += time.monotonic() + 1.01
    assert hello(app) == "hit"
    assert commands(url) == before + 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_two_processes_on_one_redis_give_no_wrong_answer_in_thousands_of_steps(
    url: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    for name in ("caching.results", "site.quota_pause", "caching.versioned"):
        monkeypatch.setattr(f"flask_ipernity.{name}.time", clock)
    apps = [application(IPERNITY_CACHE=url) for _ in range(2)]
    walk = SharedWalk(apps, clock, seed)
    near = [app.extensions["ipernity"].parts[site_context].cache.results.near for app in apps]
    given = 0
    for one in near:
        get = one.get

        def counted(key: str, get: Any = get) -> Any:
            nonlocal given
            found = get(key)
            given += found is not None
            return found

        monkeypatch.setattr(one, "get", counted)
    for _ in range(4000):
        walk.step()
    # It is no test of copies that are never given.
    assert given > 100
    assert all(walk.seen.get(how, 0) > 50 for how in ("hit", "miss", "stale")), walk.seen


def test_another_process_is_told_of_what_is_cleared_written_or_flushed(
    make_app: MakeApp, url: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No copy goes because it is old.
    monkeypatch.setattr(module, "NEAR_AGE", 60.0)
    token = sandbox.sign_in(0, {"doc": "delete"})
    one, two = (caching(make_app, url) for _ in range(2))
    for app in (one, two):
        ready(app)

    def clear() -> None:
        with one.app_context():
            ipernity.cache_clear()

    def write() -> None:
        with one.app_context():
            api = ipernity.api_for(token)
            api.call("doc.setPerms", doc_id=own, share=4)

    def flush() -> None:
        with Redis.from_url(url) as client:
            client.flushall()

    own = next(
        doc.doc_id
        for doc in sandbox.state.docs.values()
        if doc.owner_id == sandbox.people[0].user_id
    )

    def read() -> str:
        with two.app_context():
            ipernity.api_for(token).doc.get(doc_id=own)
            assert ipernity.last_call
            return ipernity.last_call.cache

    for change in (clear, write, flush):
        for _ in range(30):
            read()
            assert [read(), read()] == ["hit"] * 2
            change()
            if change is flush:
                # Redis answers who flushes before it tells the others.
                assert until(lambda: read() == "miss")
            else:
                assert read() == "miss", change


def test_a_copy_from_before_a_change_is_not_held() -> None:
    class Told:
        def __init__(self) -> None:
            self.keys: list[str] | None = []

        def subscribe(self) -> None:
            self.keys = []

        def poll(self) -> list[str] | None:
            keys, self.keys = self.keys, []
            return keys

    told = Told()
    near: NearCache[str] = NearCache(told, "version")
    assert near.get("a") is None
    version = near.version()
    near.drop(["a"])
    near.put("a", "old", version)
    assert near.get("a") is None

    def hold(*keys: str) -> None:
        for key in keys:
            near.get(key)
            near.put(key, key, near.version())

    hold("a", "b")
    told.keys = ["a", "a:lease"]
    assert [near.get("a"), near.get("b")] == [None, "b"]
    hold("a")
    told.keys = ["version:doc"]
    assert [near.get("a"), near.get("b")] == [None, None]
    hold("a", "b")
    told.keys = None
    assert [near.get("a"), near.get("b")] == [None, None]
    for number in range(10 * module.MAX_COPIES):
        hold(str(number))
    assert len(near._held) <= module.MAX_COPIES


def test_without_news_from_redis_each_call_reads(
    make_app: MakeApp, url: str, sandbox: Sandbox
) -> None:
    with Redis.from_url(url) as client:
        may = ("on", "nopass", "~*", "&*", "+@all", "-client|tracking")
        client.execute_command("ACL", "SETUSER", "plain", *may)
        app = caching(make_app, url.replace("redis://", "redis://plain:x@"))
        hello(app)
        before = commands(url)
        assert [hello(app) for _ in range(5)] == ["hit"] * 5
        assert commands(url) == before + 5
        client.execute_command("ACL", "DELUSER", "plain")
    assert len(sandbox.calls) == 1


def changed_until(watch: Invalidations, key: str) -> None:
    end = time.monotonic() + 20
    while key not in (watch.poll() or ()):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_watch_hears_what_is_set_deleted_and_expired_under_its_prefix(url: str) -> None:
    watch = Invalidations(url, "mine:")
    assert watch.poll() is None
    watch.subscribe()
    assert watch.poll() == ()
    with Redis.from_url(url) as client:
        client.set("other:1", "x")
        client.set("mine:1", "x")
        changed_until(watch, "mine:1")
        client.delete("mine:1")
        changed_until(watch, "mine:1")
        client.set("mine:2", "x", px=50)
        changed_until(watch, "mine:2")
        changed_until(watch, "mine:2")
        assert watch.poll() == ()
        for number in range(2 * redis.MAX_CHANGES):
            client.set(f"mine:{number}", "x")
        assert watch.poll() is None


@pytest.mark.redis
def test_a_watch_notices_that_redis_is_gone_and_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "RESUBSCRIBE_AFTER", 0.0)
    with RedisServer(tmp_path) as server:
        watch = Invalidations(server.url, "mine:")
        watch.subscribe()
        assert watch.poll() == ()
        server.kill()
        assert watch.poll() is None
        watch.subscribe()
        assert watch.poll() is None
        server.start()
        watch.subscribe()
        assert watch.poll() == ()
        with Redis.from_url(server.url) as client:
            client.client_kill_filter(_type="pubsub")
        assert watch.poll() is None
        monkeypatch.setattr(redis, "SUBSCRIPTION_LIFETIME", 0.0)
        watch.subscribe()
        assert watch.poll() == ()
        watch.subscribe()
        assert watch.poll() is None
        watch.subscribe()
        assert watch.poll() == ()


def test_a_process_that_was_forked_leaves_the_connection_to_the_other(url: str) -> None:
    watch = Invalidations(url, "mine:")
    watch.subscribe()
    assert watch.poll() == ()
    assert holds_in_a_child(lambda: watch.poll() is None)
    with Redis.from_url(url) as client:
        client.set("mine:1", "x")
    changed_until(watch, "mine:1")


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": "1"},
        {"docs": {"doc": [{"id": "1", "thumb": {"w": "1"}}, {"id": "2"}], "n": None}, "api": {}},
        {"a": [[], [[]], [1, [2, {"b": [3]}]], {}], "c": {"d": {"e": {"f": []}}}},
    ],
)
def test_a_copy_is_equal_and_shares_nothing_that_can_be_changed(value: Any) -> None:
    text = json.dumps(value)
    original = Snapshot(json.loads(text))
    first, second = original.copy(), original.copy()
    assert json.dumps(first) == json.dumps(second) == text

    def spoil(one: Any) -> None:
        for inner in list(one.values() if isinstance(one, dict) else one):
            if isinstance(inner, dict | list):
                spoil(inner)
        one.clear()

    spoil(first)
    assert json.dumps(second) == json.dumps(original.copy()) == text
