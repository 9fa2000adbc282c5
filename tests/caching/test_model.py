"""Random sequences of all that can happen, against a simple model of what may be answered."""

from __future__ import annotations

import pytest

from tests.support.model import (
    Clock,
)
from tests.support.walks import Failing, SessionWalk, Walk, application

MODULES = ("caching.results", "caching.versioned", "site.quota_pause", "sign_in.session_results")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in MODULES:
        monkeypatch.setattr(f"flask_ipernity.{module}.time", clock)
    monkeypatch.setattr("flask_ipernity.caching.backends.monotonic", clock)
    monkeypatch.setattr("cachelib.simple.time", clock)
    return clock


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_no_wrong_answer_in_ten_thousand_steps(clock: Clock, seed: int) -> None:
    app = application(IPERNITY_CACHE="memory")
    with app.app_context():
        walk = Walk(app, clock, seed)
        for _ in range(10_000):
            walk.step()
    # It is no test of a cache that is never used.
    assert all(walk.seen.get(how, 0) > 100 for how in ("hit", "miss", "stale")), walk.seen


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_nor_with_a_store_that_fails_now_and_then(clock: Clock, seed: int) -> None:
    store = Failing(threshold=100_000)
    app = application(IPERNITY_CACHE=store)
    with app.app_context():
        walk = Walk(app, clock, seed, store)
        for _ in range(3000):
            walk.step()
    assert walk.seen["hit"] > 50


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_nor_with_results_in_the_session(clock: Clock, seed: int) -> None:
    walk = SessionWalk(application(), clock, seed)
    for _ in range(3000):
        walk.step()
    assert walk.seen["hit"] > 100
    assert "stale" not in walk.seen
