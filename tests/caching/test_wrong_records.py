"""What is in a store may be anything: what is no record is a miss, and is deleted."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from flask_ipernity import ipernity
from flask_ipernity.caching.results import BrokenResult, Result
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.caching_app import caching


class Shared(dict[str, Any]):
    """A store that others can write to, with the methods of cachelib."""

    def set(self, key: str, value: Any, timeout: float = 0) -> bool:
        self[key] = value
        return True

    def add(self, key: str, value: Any, timeout: float = 0) -> bool:
        return self.setdefault(key, value) is value

    def delete(self, key: str) -> bool:
        return self.pop(key, None) is not None

    @property
    def record(self) -> str:
        """The key of the only result."""
        [name] = [key for key in self if ":doc.getList:" in key and not key.endswith(":lease")]
        return name


@pytest.fixture
def shared() -> Shared:
    """An empty store."""
    return Shared()


@pytest.fixture
def app(make_app: MakeApp, shared: Shared) -> Flask:
    """An application on it."""
    return caching(make_app, shared)


def ask(app: Flask) -> tuple[int, str]:
    """Return how many documents there are, and where that is from."""
    with app.app_context():
        records = ipernity.api_for(None).call("doc.getList", user_id="10175")["docs"]["doc"]
        assert ipernity.last_call
        return len(records), ipernity.last_call.cache


WRONG: list[Any] = [
    None,
    True,
    5,
    1.5,
    "",
    "x",
    "null",
    "[]",
    "{}",
    "[1]",
    '"text"',
    '{"api": 5}',
    '{"api": {}, "docs": NaN}',
    '{"api": {}, "docs": 1e999}',
    "half of a rec",
    "[" * 100_000,
    '["error", "1", "gone"]',
    '["error", 1, null]',
    '["error", true, "gone"]',
    '["error", 1]',
    [],
    {},
    [None],
    [[]],
    1e308,
    -1,
]


def with_a_wrong_part(record: str) -> Iterator[str]:
    """Yield *record* with each part replaced, and texts that are no record at all."""
    yield from ("", "half of a rec", "null", "5", '"x"', "[]", "{}", "[1,2,3]", "[" * 100_000)
    yield from ("[NaN]", "[1e999,1,1,1,1]", "[[],1e999,1e999,false,1]", record[:-5], record * 2)
    parts = json.loads(record)
    assert len(parts) == 5
    for place in range(5):
        for wrong in WRONG:
            made = copy.deepcopy(parts)
            made[place] = wrong
            yield json.dumps(made)
        for text in ("NaN", "1e999", "Infinity", "1" + "0" * 400):
            made = copy.deepcopy(parts)
            made[place] = "MARK"
            yield json.dumps(made).replace('"MARK"', text)


def test_a_wrong_record_is_asked_for_again_and_replaced(
    app: Flask, shared: Shared, sandbox: Sandbox
) -> None:
    count, _ = ask(app)
    assert ask(app) == (count, "hit")
    good = shared[shared.record]
    tried = 0
    for wrong in with_a_wrong_part(good):
        if wrong == good:
            continue
        shared[shared.record] = wrong
        found, source = ask(app)
        assert found == count
        # What the mark "stale" is has no other effect.
        assert source in ("miss", "hit", "stale")
        assert ask(app)[0] == count
        tried += 1
    assert tried > 100


def test_a_text_that_is_no_record_is_deleted_even_if_the_service_is_down(
    app: Flask, shared: Shared, sandbox: Sandbox
) -> None:
    ask(app)
    name = shared.record
    for wrong in ("half of a rec", "{}", "[1e999,1,1,1,1]"):
        shared[name] = wrong
        sandbox.fault("*", "103")
        with pytest.raises(Exception, match="103"):
            ask(app)
        sandbox.clear_faults()
        assert name not in shared


@pytest.mark.parametrize(
    "end", ["inf", "nan", "1e999", "-inf", "x", "", "9" * 400, "[]", "1e300", "0", "FAR"]
)
def test_a_lease_without_a_true_end_holds_nobody_up(
    end: str, make_app: MakeApp, sandbox: Sandbox
) -> None:
    class Leased(Shared):
        def add(self, key: str, value: Any, timeout: float = 0) -> bool:
            self.setdefault(key, end.replace("FAR", str(time.time() + 3600)))
            return False

    app = caching(make_app, Leased())
    began = time.monotonic()
    assert ask(app)[0] > 0
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("text", [wrong for wrong in WRONG if isinstance(wrong, str)])
def test_a_text_that_is_no_result_is_known_as_such(text: str) -> None:
    with pytest.raises(BrokenResult):
        Result(text).read("doc.get", {})


def test_a_stored_not_found_obeys_no_terminal() -> None:
    with pytest.raises(Exception, match="gone") as caught:
        Result(json.dumps(["error", 1, "gone\x1b[31m\r\n"])).read("doc.get", {})
    assert str(caught.value).isprintable()
