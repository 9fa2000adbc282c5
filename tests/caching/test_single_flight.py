"""The mechanism that keeps answers, with threads and a clock that the test sets."""

from __future__ import annotations

import threading

import pytest

from flask_ipernity.caching import single_flight as module
from flask_ipernity.caching.single_flight import Cache, CacheEntry, Lifetime, MemoryStore
from tests.support.threads import at_once


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Failure(Exception):
    pass


class Service:
    """Counts questions; answers with ``says``, or raises it."""

    def __init__(self, says: str | BaseException = "yes") -> None:
        self.says = says
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        if isinstance(self.says, BaseException):
            raise self.says
        return self.says


def life(value: str) -> Lifetime:
    return Lifetime(60, 600) if value != "no" else Lifetime(5)


def cache_with(clock: Clock, most: int = 100, most_bytes: int = 10_000) -> Cache[str, str]:
    return Cache(MemoryStore(most, most_bytes, len), life, stale_on=(Failure,), clock=clock)


def test_an_answer_is_given_again_until_its_life_is_over() -> None:
    clock, service = Clock(), Service()
    cache = cache_with(clock)
    assert cache.get("key", service) == cache.get("key", service) == "yes"
    clock.now += 59
    cache.get("key", service)
    assert service.asked == 1
    clock.now += 1
    cache.get("key", service)
    assert service.asked == 2


def test_a_negative_answer_has_its_own_shorter_life() -> None:
    clock, service = Clock(), Service("no")
    cache = cache_with(clock)
    cache.get("key", service)
    clock.now += 4
    assert cache.get("key", service) == "no"
    assert service.asked == 1
    clock.now += 1
    service.says = "yes"
    assert cache.get("key", service) == "yes"


def test_keys_do_not_mix() -> None:
    cache = cache_with(Clock())
    cache.get("one", Service("1"))
    assert cache.get("two", Service("2")) == "2"
    assert cache.get("one", Service("3")) == "1"


def test_a_hundred_threads_that_want_the_same_ask_once() -> None:
    cache, started, go_on = cache_with(Clock()), threading.Event(), threading.Event()
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        started.set()
        go_on.wait(10)
        return "yes"

    def let_go() -> None:
        started.wait(10)
        go_on.set()

    threading.Thread(target=let_go).start()
    assert at_once(100, lambda: cache.get("key", ask)) == ["yes"] * 100
    assert len(asked) == 1


def test_different_keys_are_asked_side_by_side() -> None:
    cache, both = cache_with(Clock()), threading.Barrier(2, timeout=10)

    def ask() -> str:
        both.wait()
        return "yes"

    names = iter(["one", "two"])
    assert at_once(2, lambda: cache.get(next(names), ask)) == ["yes", "yes"]


def test_a_failure_is_shared_by_those_who_wait_and_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache, waiting = cache_with(Clock()), threading.Semaphore(0)
    count = 0

    class CountedEvent(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waiting.release()
            return super().wait(timeout)

    def ask() -> str:
        nonlocal count
        count += 1
        for _ in range(19):
            assert waiting.acquire(timeout=10)
        raise Failure("down")

    monkeypatch.setattr(module, "Event", CountedEvent)
    results = at_once(20, lambda: cache.get("key", ask))
    assert all(isinstance(result, Failure) for result in results)
    assert count == 1
    assert len({id(result) for result in results}) == 20
    assert cache.get("key", Service()) == "yes"


@pytest.mark.parametrize("end", [ValueError("mine"), SystemExit(), GeneratorExit()])
def test_a_leader_that_ends_in_a_way_of_its_own_lets_the_next_one_ask(end: BaseException) -> None:
    cache, started, go_on = cache_with(Clock()), threading.Event(), threading.Event()
    ends: list[BaseException] = []

    def die() -> str:
        started.set()
        go_on.wait(10)
        raise end

    def leader() -> None:
        try:
            cache.get("key", die)
        except BaseException as error:
            ends.append(error)

    service = Service()
    thread = threading.Thread(target=leader)
    thread.start()
    started.wait(10)
    threading.Timer(0.2, go_on.set).start()
    assert at_once(10, lambda: cache.get("key", service)) == ["yes"] * 10
    thread.join(10)
    assert ends == [end]
    assert service.asked == 1


def test_a_leader_that_never_comes_back_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WAIT_LIMIT", 0.1)
    cache, started, go_on = cache_with(Clock()), threading.Event(), threading.Event()

    def hang() -> str:
        started.set()
        go_on.wait(30)
        return "old"

    thread = threading.Thread(target=cache.get, args=("key", hang))
    thread.start()
    started.wait(10)
    assert cache.get("key", Service("new")) == "new"
    go_on.set()
    thread.join(10)
    assert cache.get("key", Service("newer")) == "new"


def test_an_old_answer_stands_in_when_the_question_fails_in_a_named_way() -> None:
    clock, service = Clock(), Service()
    cache = cache_with(clock)
    cache.get("key", service)
    clock.now += 61
    service.says = Failure("down")
    assert cache.get("key", service) == "yes"
    assert service.asked == 2
    # for a moment nobody is made to wait for the next failure
    assert cache.get("key", service) == "yes"
    assert service.asked == 2
    clock.now += module.STALE_GRACE
    cache.get("key", service)
    assert service.asked == 3
    clock.now += 600
    with pytest.raises(Failure):
        cache.get("key", service)


def test_no_old_answer_stands_in_for_other_errors() -> None:
    clock, service = Clock(), Service()
    cache = cache_with(clock)
    cache.get("key", service)
    clock.now += 61
    service.says = ValueError("no longer yours")
    with pytest.raises(ValueError, match="no longer yours"):
        cache.get("key", service)


def test_a_negative_answer_does_not_stand_in() -> None:
    clock, service = Clock(), Service("no")
    cache = cache_with(clock)
    cache.get("key", service)
    clock.now += 6
    service.says = Failure("down")
    with pytest.raises(Failure):
        cache.get("key", service)


def test_a_dropped_answer_is_asked_for_anew() -> None:
    cache, service = cache_with(Clock()), Service()
    cache.get("key", service)
    cache.drop("key")
    assert cache.peek("key") is None
    cache.get("key", service)
    assert service.asked == 2


def test_an_answer_to_a_question_from_before_the_drop_is_not_kept() -> None:
    cache = cache_with(Clock())

    def ask() -> str:
        cache.drop("key")
        return "old"

    assert cache.get("key", ask) == "old"
    assert cache.get("key", Service("new")) == "new"


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_loaded_for_detached_keys_is_not_kept_and_nobody_joins(fails: bool) -> None:
    clock = Clock()
    cache = cache_with(clock)
    cache.get("a key", Service("old"))
    cache.get("other", Service("old"))
    clock.now += 61
    service = Service("new")

    def load() -> str:
        cache.detach(lambda key: key == "a key")
        assert cache.get("a key", service) == "new"
        if fails:
            raise Failure("down")
        return "late"

    assert cache.get("a key", load) == ("new" if fails else "late")
    assert cache.peek("a key") == "new"

    def load_other() -> str:
        cache.detach(lambda key: key == "a key")
        return "newer"

    cache.get("other", load_other)
    assert cache.peek("other") == "newer"


def test_a_value_that_is_being_written_is_written_before_it_is_dropped() -> None:
    """Else it would come back after the drop."""
    writing, dropped = threading.Event(), threading.Event()

    class SlowStore(MemoryStore[str, str]):
        def set(self, key: str, entry: CacheEntry[str]) -> None:
            writing.set()
            # longer than the drop takes, if it does not wait
            dropped.wait(0.3)
            super().set(key, entry)

    cache: Cache[str, str] = Cache(SlowStore(10, 1000, len), life)
    loader = threading.Thread(target=cache.get, args=("key", Service()))
    loader.start()
    assert writing.wait(10)
    cache.drop("key")
    dropped.set()
    loader.join(10)
    assert cache.peek("key") is None


def test_a_value_that_arrives_while_the_store_is_read_is_not_loaded_again() -> None:
    """Its flight is over when it is looked for, and the store was read before it was written."""
    service = Service()

    class SlowToRead(MemoryStore[str, str]):
        reads = 0

        def get(self, key: str) -> CacheEntry[str] | None:
            entry = super().get(key)
            self.reads += 1
            if self.reads == 1:
                thread = threading.Thread(target=cache.get, args=("key", service))
                thread.start()
                thread.join(10)
            return entry

    cache: Cache[str, str] = Cache(SlowToRead(10, 1000, len), life)
    assert cache.get("key", service) == "yes"
    assert service.asked == 1


def test_a_refused_value_is_deleted_and_the_refusal_is_shared() -> None:
    clock = Clock()
    store: MemoryStore[str, str] = MemoryStore(10, 1000, len)
    cache: Cache[str, str] = Cache(
        store, life, stale_on=(Failure,), refused_on=(PermissionError,), clock=clock
    )
    cache.get("key", Service())
    clock.now += 61
    with pytest.raises(PermissionError):
        cache.get("key", Service(PermissionError("yours no longer")))
    with pytest.raises(Failure):
        cache.get("key", Service(Failure("down")))
    assert len(store) == 0


def test_matching_keys_are_deleted_from_memory_with_their_bytes() -> None:
    store: MemoryStore[str, str] = MemoryStore(10, 1000, len)
    for name in ("a1", "a2", "b1"):
        store.set(name, CacheEntry("x", 0, 0))
    store.delete_where(lambda key: key.startswith("a"))
    assert [store.get(name) is not None for name in ("a1", "a2", "b1")] == [False, False, True]
    store.delete("b1")
    assert store._bytes == 0


def test_what_is_put_is_there_for_its_life() -> None:
    clock = Clock()
    cache = cache_with(clock)
    cache.put("key", "no")
    assert cache.peek("key") == "no"
    clock.now += 5
    assert cache.peek("key") is None


def test_the_longest_unused_go_when_there_are_too_many() -> None:
    cache = cache_with(Clock(), most=3)
    for name in "abc":
        cache.put(name, name)
    cache.peek("a")
    cache.put("d", "d")
    assert [cache.peek(name) for name in "abcd"] == ["a", None, "c", "d"]


def test_the_bytes_are_bounded_too() -> None:
    store: MemoryStore[str, str] = MemoryStore(1000, 100, len)
    for number in range(50):
        store.set(f"{number:02}", CacheEntry("x" * 18, 0, 0))
    assert len(store) == 5
    store.set("49", CacheEntry("y" * 1000, 0, 0))
    assert store.get("49") is None
    assert len(store) == 4
    store.set("48", CacheEntry("y" * 90, 0, 0))
    assert len(store) == 1


@pytest.mark.slow
def test_a_hundred_thousand_keys_do_not_grow_it() -> None:
    store: MemoryStore[str, str] = MemoryStore(500, 10**6, len)
    for number in range(100_000):
        store.set(str(number), CacheEntry("no", 0, 0))
    assert len(store) == 500


def test_many_threads_and_keys_keep_the_count_right() -> None:
    store: MemoryStore[str, str] = MemoryStore(50, 2000, len)
    cache: Cache[str, str] = Cache(store, life)
    numbers = iter(range(100_000))

    def work() -> None:
        for _ in range(300):
            key = str(next(numbers) % 120)
            cache.get(key, lambda: "x" * 30)
            if len(key) == 1:
                cache.drop(key)

    assert at_once(8, work) == [None] * 8
    assert len(store) <= 50
    for number in range(120):
        store.delete(str(number))
    assert store._bytes == 0


def test_nobody_has_forgotten_a_value_that_may_still_be_written() -> None:
    class SlowStore(MemoryStore[str, str]):
        def set(self, key: str, entry: CacheEntry[str]) -> None:
            writing.set()
            assert go_on.wait(10)
            super().set(key, entry)

    writing, go_on = threading.Event(), threading.Event()
    store = SlowStore(100, 10_000, len)
    cache: Cache[str, str] = Cache(store, life, stale_on=(Failure,), clock=Clock())

    def forget() -> None:
        cache.detach(lambda key: True)
        store.delete("key")

    leader = threading.Thread(target=cache.get, args=("key", Service("old")))
    forgetting = [threading.Thread(target=forget) for _ in range(2)]
    leader.start()
    assert writing.wait(10)
    for thread in forgetting:
        thread.start()
        thread.join(0.1)
        assert thread.is_alive()
    go_on.set()
    for thread in (leader, *forgetting):
        thread.join(10)
    assert store.get("key") is None
