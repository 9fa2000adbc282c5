"""Results of API calls: their keys, and how they are kept in memory."""

from __future__ import annotations

import json
import threading
import tracemalloc
from typing import Any

import pytest

from flask_ipernity import NotFoundError
from flask_ipernity.caching import results as module
from flask_ipernity.caching.results import CacheKey, MemoryResults, Result, ResultCache, cache_key
from tests.support.threads import at_once


def key(viewer: str = "ada", method: str = "doc.getList", **params: str) -> CacheKey:
    return cache_key(viewer, method, "en", "key", *params.items())


def test_a_key_tells_all_that_a_result_depends_on() -> None:
    keys = {
        key(),
        key("jonas"),
        key(method="doc.get"),
        key(page="2"),
        key(lg="fr"),
        cache_key("ada", "doc.getList", None, "key"),
        cache_key("ada", "doc.getList", "en", "another key"),
    }
    assert len(keys) == len({one.digest for one in keys}) == 7
    assert key(a="1", b="2") == key(b="2", a="1")
    assert key(lg="en") == key()
    assert key().service == "doc"
    assert key(method="album.docs.getList").service == "album"


def test_keys_of_long_searches_take_no_memory() -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(500):
            key(text=f"{number}" + "x" * 20_000)
        assert tracemalloc.get_traced_memory()[0] - before < 2_000_000
    finally:
        tracemalloc.stop()
    assert key(text="x" * 20_000) == key(text="x" * 20_000) != key(text="y" * 20_000)


@pytest.mark.parametrize(
    ("forget", "left"),
    [
        (lambda cache: cache.forget("ada", None), ["jonas doc", "jonas album"]),
        (lambda cache: cache.forget("ada", {"doc"}), ["ada album", "jonas doc", "jonas album"]),
        (
            lambda cache: cache.forget("-", None),
            ["ada doc", "ada album", "jonas doc", "jonas album"],
        ),
        (lambda cache: cache.clear("doc.getList"), ["ada album", "jonas album"]),
        (lambda cache: cache.clear(None), []),
    ],
)
def test_what_is_forgotten_in_memory(forget: Any, left: list[str]) -> None:
    results = MemoryResults()
    cache = ResultCache(results, 60, 60)
    keys = {
        f"{viewer} {service}": key(viewer, f"{service}.getList")
        for viewer in ("ada", "jonas")
        for service in ("doc", "album")
    }
    for one in keys.values():
        cache.find(one, lambda: {"a": 1})
    forget(cache)
    assert [name for name, one in keys.items() if cache.has(one)] == left
    assert len(results) == len(left)


def test_a_call_from_before_a_write_is_not_kept_in_memory() -> None:
    cache = ResultCache(MemoryResults(), 60, 60)

    def call() -> dict[str, Any]:
        cache.forget("ada", {"doc"})
        return {"a": "old"}

    assert cache.find(key(), call)[1] == "miss"
    assert not cache.has(key())
    assert cache.find(key(), lambda: {"api": {}, "a": "new"})[0].read("doc.getList", {}) == {
        "api": {},
        "a": "new",
    }


def test_writes_and_reads_at_once_never_bring_back_what_was_forgotten() -> None:
    cache, lock = ResultCache(MemoryResults(), 60, 60), threading.Lock()
    written = forgotten = 0

    def write() -> None:
        nonlocal written, forgotten
        with lock:
            written += 1
            number = written
        cache.forget("ada", {"doc"})
        with lock:
            forgotten = max(forgotten, number)

    def read() -> None:
        oldest = forgotten
        found = cache.find(key(), lambda: {"api": {}, "a": written})[0].read("doc.getList", {})
        assert found["a"] >= oldest

    def work() -> None:
        for number in range(400):
            (write if number % 8 == 0 else read)()

    assert at_once(6, work) == [None] * 6


def test_an_answer_is_kept_as_it_was_and_each_reader_may_change_his() -> None:
    answer: Any = {"api": {}, "docs": {"doc": [{"title": "Zoë"}]}}
    result = Result(json.dumps(answer))
    first: Any = result.read("doc.getList", {})
    first["docs"]["doc"][0]["title"] = "mine"
    assert result.read("doc.getList", {}) == answer


def test_not_found_is_raised_as_it_was() -> None:
    result = Result.not_found(NotFoundError("error", 1, "gone [sic]", "doc.get", {}))
    assert result.is_not_found
    for _ in range(2):
        with pytest.raises(NotFoundError) as error:
            result.read("doc.get", {"doc_id": 1})
        assert (error.value.status, error.value.code) == ("error", 1)
        assert (error.value.message, error.value.params) == ("gone [sic]", {"doc_id": 1})
    assert not Result('{"a": []}').is_not_found


def test_long_texts_are_not_remembered_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PARSED", 100)
    module.snapshot.cache_clear()
    for length, remembered in ((80, 1), (81, 1)):
        answer: Any = {"api": {}, "a": "x" * length}
        result = Result(json.dumps(answer))
        assert len(result.text) == length + 20
        assert result.read("test.echo", {}) == result.read("test.echo", {}) == answer
        assert module.snapshot.cache_info().currsize == remembered


def test_memory_counts_the_bytes_of_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY_BYTES", 100_000)
    results = MemoryResults()
    cache = ResultCache(results, 60, 60)
    for number in range(200):
        cache.find(key(page=str(number)), lambda: {"a": "x" * 5000})
    assert 10 < len(results) <= 100_000 / 5000
