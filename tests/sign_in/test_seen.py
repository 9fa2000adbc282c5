from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask_ipernity.sign_in import seen as module
from flask_ipernity.sign_in.seen import Seen


def test_what_was_seen_is_not_new_until_it_is_forgotten() -> None:
    seen = Seen()
    assert [seen.is_new("a"), seen.is_new("a"), seen.is_new("b")] == [True, False, True]
    seen.forget("a")
    seen.forget("never seen")
    assert [seen.is_new("a"), seen.is_new("b")] == [True, False]


def test_many_things_take_no_more_memory_than_some_and_the_oldest_are_new_again() -> None:
    seen = Seen()
    for number in range(module.CAPACITY + 100):
        assert seen.is_new(str(number))
    assert len(seen) == module.CAPACITY
    assert not seen.is_new(str(module.CAPACITY + 99))
    assert not seen.is_new("100")
    assert seen.is_new("0")
    assert len(seen) == module.CAPACITY


def test_of_many_threads_that_see_the_same_one_is_first() -> None:
    seen = Seen()
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(seen.is_new, ["token"] * 500)) == 1


def test_a_token_does_not_lie_in_the_memory() -> None:
    seen = Seen()
    seen.is_new("12-0123456789abcdef")
    assert "0123456789abcdef" not in repr(vars(seen))
