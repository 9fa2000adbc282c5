"""The stores on the server: one contract, and what happens when one fails."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask

from flask_ipernity import ConfigurationError, Ipernity, ipernity
from flask_ipernity.caching import backends as module
from flask_ipernity.caching.backends import (
    CachelibTextStore,
    MemoryTextStore,
    TextStore,
    text_store,
)
from flask_ipernity.caching.results import MEMORY_BYTES, MEMORY_RESULTS, CacheKey, Result, cache_key
from flask_ipernity.caching.single_flight import CacheEntry
from flask_ipernity.caching.versioned import LEASE, VersionedResults
from flask_ipernity.client.transport import Reply
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.site.api import site_context
from tests.support.apps import MakeApp
from tests.support.caching_app import SERVER_SIDE, caching, how, signed_in
from tests.support.model import Clock
from tests.support.redis import RedisServer


class Least:
    """The least that an object of one's own must be."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def get(self, key: str) -> Any:
        return self.kept.get(key)

    def set(self, key: str, value: Any, seconds: int) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


class Dead(Least):
    """Fails, until it is told not to."""

    fails = True
    tries = 0

    def get(self, key: str) -> Any:
        self.tries += 1
        if self.fails:
            raise OSError("no route to host")
        return super().get(key)

    def set(self, key: str, value: Any, seconds: int) -> None:
        self.get(key)
        super().set(key, value, seconds)

    def delete(self, key: str) -> None:
        self.get(key)
        super().delete(key)


@pytest.mark.parametrize("store", SERVER_SIDE, indirect=True)
class TestEveryStore:
    """The contract of a store of texts."""

    @pytest.fixture
    def texts(self, make_app: MakeApp, store: Any) -> Any:
        app = caching(make_app, store)
        with app.app_context():
            yield text_store(store)

    def test_returns_what_was_set(self, texts: TextStore) -> None:
        assert texts.set("one", "Zoë\n1", 60)
        assert texts.get_many("one", "two") == ["Zoë\n1", None]

    def test_forgets_what_was_deleted(self, texts: TextStore) -> None:
        texts.set("one", "1", 60)
        texts.delete("one")
        texts.delete("one")
        assert texts.get_many("one") == [None]

    def test_adds_only_where_nothing_is(self, texts: TextStore) -> None:
        assert texts.add("one", "1", 60)
        assert not texts.add("one", "2", 60)
        assert texts.get_many("one") == ["1"]
        texts.delete("one")
        assert texts.add("one", "3", 60)

    @pytest.mark.slow
    @pytest.mark.parametrize("how", ["set", "add"])
    def test_forgets_what_is_too_old(self, texts: TextStore, how: str) -> None:
        getattr(texts, how)("one", "1", 1)
        end = time.monotonic() + 20
        while texts.get_many("one") != [None]:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_the_least_object_will_do(make_app: MakeApp) -> None:
    store = Least()
    client = caching(make_app, store).test_client()
    assert [how(client, "test.hello") for _ in range(3)] == ["miss", "hit", "hit"]
    assert all(isinstance(value, str) for value in store.kept.values())


def test_memory_is_bounded_by_count_and_bytes() -> None:
    texts = MemoryTextStore(max_count=100, max_bytes=100_000)
    for number in range(1000):
        texts.set(str(number), "x" * 100, 60)
    found = [text for text in texts.get_many(*map(str, range(1000))) if text]
    assert len(found) == 100
    for number in range(1000):
        texts.set(str(number), "x" * 10_000, 60)
    assert 5 < sum(map(len, filter(None, texts.get_many(*map(str, range(1000)))))) / 10_000 < 10


@pytest.mark.slow
def test_many_thousand_documents_do_not_grow_it(make_app: MakeApp) -> None:
    app = caching(make_app, "memory")
    reply = Reply({"doc": {"title": "x" * 200}, "api": {"status": "ok"}}, tries=1)
    calls = app.extensions["ipernity"].parts[site_context]
    calls.transport.send = lambda *args, **kwargs: reply
    with app.app_context():
        api = ipernity.api_for(None)
        for number in range(30_000):
            api.doc.get(doc_id=number)
    held = calls.cache.results
    assert len(held) == MEMORY_RESULTS
    assert held._bytes <= MEMORY_BYTES


@pytest.mark.slow
def test_results_push_no_token_out_of_memory(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = caching(make_app, "memory", IPERNITY_TOKEN_STORE="server")
    client = signed_in(app, sandbox)
    results = app.extensions["ipernity"].parts[site_context].cache.results
    for number in range(2 * MEMORY_RESULTS):
        key = CacheKey("-", "test", "test.hello", str(number))
        results.set(key, CacheEntry(Result("{}"), 1e10, 1e10))
    assert client.get("/who").text == "in"


def test_a_dead_store_means_misses_and_one_warning(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    store = Dead()
    client = caching(make_app, store).test_client()
    with caplog.at_level(logging.INFO, "flask_ipernity"):
        assert [how(client, "test.hello") for _ in range(5)] == ["miss"] * 5
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "IPERNITY_CACHE does not work (OSError)" in caplog.text
        # it is left alone for a while, so that one that hangs does not hold up everything
        assert store.tries == 1


def test_a_store_that_is_back_is_used_again(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORE_RETRY_AFTER", 0.0)
    store = Dead()
    client = caching(make_app, store).test_client()
    how(client, "test.hello")
    store.fails = False
    with caplog.at_level(logging.INFO, "flask_ipernity"):
        assert [how(client, "test.hello") for _ in range(2)] == ["miss", "hit"]
    assert "IPERNITY_CACHE works again" in caplog.text


def test_a_write_during_an_outage_counts_when_the_store_is_back(
    make_app: MakeApp, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORE_RETRY_AFTER", 0.0)
    store = Dead()
    store.fails = False
    client = signed_in(caching(make_app, store), sandbox)
    params = {"user_id": sandbox.people[0].user_id}
    assert [how(client, **params) for _ in range(2)] == ["miss", "hit"]
    store.fails = True
    client.post("/call/doc.set?doc_id=1&title=x")
    store.fails = False
    assert how(client, **params) == "miss"


def test_a_lease_that_a_dead_process_left_for_ever_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    store, clock = SimpleCache(), Clock()
    monkeypatch.setattr("flask_ipernity.caching.versioned.time", clock)
    results = VersionedResults(CachelibTextStore(store), "test", 60)
    key = cache_key("-", "test.hello", None, "key")
    assert results.lookup(key).acquire()
    store.set(next(iter(store._cache)), str(clock.now + LEASE), 0)
    assert not results.lookup(key).acquire()
    clock.now += LEASE
    holder = results.lookup(key)
    assert holder.acquire()
    assert not results.lookup(key).acquire()
    holder.release()
    assert results.lookup(key).acquire()


def test_a_sign_in_that_cannot_be_kept_ends_on_a_page_and_not_in_a_circle(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    from flask_ipernity import ipernity_auth_required
    from tests.support.visitor import consent

    store = Dead()
    app = caching(make_app, store, IPERNITY_TOKEN_STORE="server")
    app.add_url_rule("/read", "read", ipernity_auth_required()(lambda: "read"))
    client = app.test_client()
    response = client.get(consent(client.get("/read").location))
    assert response.status_code == 503
    assert "Sign-in did not finish" in response.text


def test_a_dead_store_of_tokens_makes_visitors_anonymous_until_it_is_back(
    make_app: MakeApp, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORE_RETRY_AFTER", 0.0)
    store = Dead()
    store.fails = False
    client = signed_in(caching(make_app, store, IPERNITY_TOKEN_STORE="server"), sandbox)
    assert client.get("/who").text == "in"
    store.fails = True
    assert client.get("/who").text == "out"
    store.fails = False
    assert client.get("/who").text == "in"


@pytest.mark.redis
def test_redis_killed_and_started_again(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STORE_RETRY_AFTER", 0.1)
    with RedisServer(tmp_path) as redis:
        client = caching(make_app, redis.url).test_client()
        assert [how(client, "test.hello") for _ in range(2)] == ["miss", "hit"]
        redis.kill()
        assert [how(client, "test.hello") for _ in range(3)] == ["miss"] * 3
        redis.start()
        end = time.monotonic() + 20
        while how(client, "test.hello") != "hit":
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.mark.parametrize("store", ["unix", "redis+unix"], indirect=True)
def test_a_redis_is_reached_by_its_socket(
    store: str, caching_app: Flask, redis: RedisServer, make_app: MakeApp
) -> None:
    client = caching_app.test_client()
    assert [how(client, "test.hello") for _ in range(3)] == ["miss", "hit", "hit"]
    # It is the same one, for all who share the application's key.
    other = caching(make_app, redis.url).test_client()
    assert how(other, "test.hello") == "hit"
    results = caching_app.extensions["ipernity"].parts[site_context].cache.results
    listener = results.texts.listener("ipernity:")
    listener.subscribe()
    assert listener.poll() is not None
    listener._end()


def test_a_redis_that_sentinel_names_is_given_as_an_object(
    redis: RedisServer, make_app: MakeApp
) -> None:
    from cachelib import RedisCache
    from redis import Redis

    redis.flush()
    with Redis.from_url(redis.url) as master:
        client = caching(make_app, RedisCache(master)).test_client()
        assert [how(client, "test.hello") for _ in range(3)] == ["miss", "hit", "hit"]


@pytest.mark.parametrize("scheme", ["redis", "rediss", "valkey", "valkeys"])
def test_the_addresses_that_name_a_server(scheme: str) -> None:
    assert text_store(f"{scheme}://127.0.0.1:1/0") is not None


def test_other_addresses_are_refused_at_start() -> None:
    app = Flask("wrong")
    app.config.update(IPERNITY_APP_KEY="k", IPERNITY_APP_SECRET="s")
    app.config["IPERNITY_CACHE"] = "memcached://localhost"
    with pytest.raises(ConfigurationError, match="IPERNITY_CACHE must be"):
        Ipernity(app)
