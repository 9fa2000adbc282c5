"""No call while Ipernity asks for none."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask
from flask.testing import FlaskClient

from flask_ipernity import QuotaExceeded, ipernity
from flask_ipernity.caching.backends import MemoryTextStore
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.site import quota_pause as module
from tests.support.apps import MakeApp
from tests.support.caching_app import caching
from tests.support.model import Clock


def refused(app: Flask, method: str = "test.hello") -> float:
    with app.app_context(), pytest.raises(QuotaExceeded) as error:
        ipernity.api_for(None).call(method)
    assert error.value.retry_after
    return error.value.retry_after


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """An application without a cache: the pause is kept all the same."""
    return make_app(IPERNITY_RETRIES=0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.parametrize("code", ["112", "113"])
def test_after_too_many_calls_none_is_made_until_the_pause_is_over(
    app: Flask, sandbox: Sandbox, clock: Clock, code: str
) -> None:
    sandbox.fault("*", code, times=1)
    assert refused(app) == module.FIRST_PAUSE
    sandbox.clear_calls()
    clock.now += module.FIRST_PAUSE - 1
    for method in ("test.hello", "doc.getList", "doc.set", "auth.getFrob"):
        assert refused(app, method) == pytest.approx(1)
    assert sandbox.calls == []
    clock.now += 1
    with app.app_context():
        ipernity.api_for(None).test.hello()


def test_the_pause_is_as_long_as_ipernity_tells(app: Flask, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.fault("*", "429", times=1, retry_after=77)
    assert refused(app) == 77
    clock.now += 76
    assert refused(app) == pytest.approx(1)


def test_no_pause_is_longer_than_a_day_whatever_ipernity_says(clock: Clock) -> None:
    pause = module.QuotaPause(None, "")
    error = QuotaExceeded(code=112)
    error.retry_after = 1e9
    pause.begin(error)
    assert error.retry_after == module.MAX_RETRY_AFTER
    clock.now += module.MAX_RETRY_AFTER - 1
    with pytest.raises(QuotaExceeded):
        pause.check("test.hello")
    clock.now += 1
    pause.check("test.hello")


@pytest.mark.parametrize("text", ["", "null", "5", "[]", "[1, 2]", '{"until": 1}', '["a", 1, 112]'])
def test_what_is_no_pause_in_the_store_is_none(clock: Clock, text: str) -> None:
    texts = MemoryTextStore()
    texts.set("pause", text, 60)
    module.QuotaPause(texts, "pause").check("test.hello")


def test_a_pause_of_another_process_is_bounded_too(clock: Clock) -> None:
    texts = MemoryTextStore()
    texts.set("pause", json.dumps([clock.now + module.MAX_RETRY_AFTER, 1, 112]), 60)
    with pytest.raises(QuotaExceeded) as error:
        module.QuotaPause(texts, "pause").check("test.hello")
    assert error.value.retry_after == pytest.approx(module.MAX_RETRY_AFTER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "half a rec",
        "{}",
        "[]",
        "[1]",
        "5",
        "null",
        '["a", 1, 112]',
        "[NOW, null, 112]",
        "[NOW, 1, {}]",
        "[NOW, 1, 112, 4]",
        "[NOW, -1, 112]",
        "[NOW, 1e9, 112]",
        "[true, 1, 112]",
        "[[], 1, 112]",
        "[NaN, 1, 112]",
        "[1e999, 1, 112]",
        "[Infinity, 1, 112]",
        "[1e300, 1, 112]",
        "[1" + "0" * 5000 + ", 1, 112]",
        "[" * 100_000,
    ],
)
def test_what_is_no_pause_stops_no_call_and_is_deleted(text: str, clock: Clock) -> None:
    texts = MemoryTextStore()
    texts.set("pause", text.replace("NOW", str(clock.now + 60)), 60)
    module.QuotaPause(texts, "pause").check("test.hello")
    assert texts.get_many("pause") == [None]


def test_pauses_grow_until_an_answer_comes(app: Flask, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.fault("*", "112")
    pauses = []
    for _ in range(12):
        pauses.append(refused(app))
        clock.now += pauses[-1]
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == module.MAX_PAUSE
    sandbox.clear_faults()
    with app.app_context():
        ipernity.api_for(None).test.hello()
    sandbox.fault("*", "112")
    assert refused(app) == module.FIRST_PAUSE


def test_calls_that_were_on_their_way_do_not_make_the_pause_grow(clock: Clock) -> None:
    pause = module.QuotaPause(None, "")
    for _ in range(10):
        pause.begin(QuotaExceeded(code=112))
    with pytest.raises(QuotaExceeded) as error:
        pause.check("test.hello")
    assert error.value.retry_after == module.FIRST_PAUSE


def test_processes_with_one_store_keep_each_others_pauses(
    make_app: MakeApp, sandbox: Sandbox, clock: Clock
) -> None:
    store = SimpleCache()
    one, two = (make_app(IPERNITY_RETRIES=0, IPERNITY_CACHE=store) for _ in range(2))
    sandbox.fault("*", "112", times=1)
    refused(one)
    sandbox.clear_calls()
    assert refused(two) == pytest.approx(module.FIRST_PAUSE)
    assert sandbox.calls == []


def test_a_page_tells_when_to_come_back(make_app: MakeApp, sandbox: Sandbox) -> None:
    client = caching(make_app, "memory", IPERNITY_RETRIES=0).test_client()
    sandbox.fault("*", "113", times=1)
    for _ in range(2):
        response = client.get("/call/test.hello")
        assert response.status_code == 503
        assert 1 <= int(response.headers["Retry-After"]) <= module.FIRST_PAUSE
    assert len(sandbox.calls) == 1


def test_in_a_pause_old_results_are_served_and_writes_are_not_sent(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = caching(make_app, "memory", IPERNITY_CACHE_MAX_AGE=0.2, IPERNITY_RETRIES=0)
    client: FlaskClient = app.test_client()
    client.get("/call/test.hello")
    time.sleep(0.3)
    sandbox.fault("*", "112", times=1)
    sandbox.clear_calls()
    for _ in range(5):
        answer: Any = client.get("/call/test.hello").json
        assert answer["how"] == "stale"
    assert client.post("/call/doc.set?doc_id=1&title=x").status_code == 503
    assert len(sandbox.calls) == 1


def test_a_long_walk_stops_at_the_pause_and_fetches_nothing_ahead(
    app: Flask, sandbox: Sandbox
) -> None:
    user_id = sandbox.people[0].user_id
    with app.app_context():
        walk = ipernity.api_for(None).walk_docs(user_id=user_id, per_page=2)
        next(walk)
        sandbox.fault("*", "112")
        with pytest.raises(QuotaExceeded):
            list(walk)
        sandbox.clear_calls()
        with pytest.raises(QuotaExceeded):
            list(ipernity.api_for(None).walk_docs(user_id=user_id))
    assert sandbox.calls == []
