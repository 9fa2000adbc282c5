"""The list of assumptions: each is complete, is asked about, and can turn out to be wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tools import assumptions_page

import flask_ipernity
from flask_ipernity.cli.compare import report
from flask_ipernity.cli.compare.assumptions import Assumption, all_assumptions
from flask_ipernity.cli.compare.checks import CHECKS, COMPARISONS
from flask_ipernity.cli.compare.plan import PLAN, VISITS
from flask_ipernity.cli.compare.run import Outcome
from flask_ipernity.cli.compare.samples import SAMPLES
from flask_ipernity.cli.compare.wire import NOT_ALLOWED, Answer
from flask_ipernity.sandbox import Sandbox
from tests.support.compare import recorded

PACKAGE = Path(flask_ipernity.__file__).parent
ROOT = Path(__file__).parents[2]
OVERLAY = json.loads((ROOT / "tools/client/overlay.json").read_text("utf-8"))
NAMES = {step.name for step in PLAN}
#: The first of several answers to one call.
FIRST = {f"{step.name}_first" for step in PLAN if step.times > 1}


def test_no_two_assumptions_and_no_two_calls_have_one_name() -> None:
    ids = [assumption.id for assumption in all_assumptions()]
    assert len(ids) == len(set(ids))
    assert len(PLAN) == len(NAMES)


def test_each_assumption_says_what_how_known_how_checked_and_where_it_matters() -> None:
    for one in all_assumptions():
        assert one.what.endswith("."), one.id
        assert one.evidence in ("documented", "proven by clients", "inferred", "unknown"), one.id
        assert one.source, one.id
        assert re.match(r"[0-9]+ \w", one.reference), one.id
        assert one.how, one.id
        assert one.check in CHECKS.keys() | COMPARISONS.keys(), one.id


def test_each_module_that_is_named_exists() -> None:
    named = {path for one in all_assumptions() for path in one.lives}
    assert {path for path in named if not (PACKAGE / path).is_file()} == set()


def test_each_entry_of_the_overlay_and_of_the_method_list_that_is_named_exists() -> None:
    methods = json.loads((PACKAGE / "client/methods.json").read_text("utf-8"))["methods"]
    known = {f"methods.json: {row['name']}" for row in methods}
    known |= {f"required: {row['param']}" for row in OVERLAY["required"]}
    known |= {f"answers: {row['at']}" for row in OVERLAY["answers"]}
    known |= {f"enums: {row['name']}" for row in OVERLAY["enums"]}
    assert {entry for one in all_assumptions() for entry in one.overlay} - known == set()


def test_each_call_shows_something_and_each_assumption_is_shown_by_calls() -> None:
    asked = {name for one in all_assumptions() for name in one.calls}
    assert asked - NAMES - FIRST == {"*", *VISITS}
    assert NAMES - asked == set()


def test_each_sample_comes_from_a_call_that_is_made_before_it_is_needed() -> None:
    order = [step.name for step in PLAN]
    for step in PLAN:
        for name in re.findall(r"\{(\w+)\}", str(step)):
            for source, *_ in SAMPLES.get(name, ()):
                assert order.index(source) < order.index(step.name), (step.name, name)


def test_each_check_is_used() -> None:
    assert CHECKS.keys() | COMPARISONS.keys() == {one.check for one in all_assumptions()}


@pytest.fixture(scope="module")
def outcome(service: Sandbox) -> Outcome:
    return recorded(service)


def bodies(body: bytes) -> Iterator[bytes]:
    """Yield answers that are wrong in many ways."""
    yield b'{"api":{"status":"error","at":"1","code":"999","message":"no such thing"}}'
    yield b"<!doctype html>"
    yield b"\xef\xbb\xbf" + body
    yield body[:-1]
    yield b'{"api":{"status":"ok","at":"1"}}'
    try:
        data = json.loads(body)
    except ValueError:
        return
    yield json.dumps({**data, "more": {"new": None}}).encode()
    yield json.dumps({"api": data["api"], **data}).encode()
    yield json.dumps({**data, "api": {"status": "well"}}).encode()
    for change in (as_numbers, other_words, small_numbers, larger, without_lists, with_empty_lists):
        yield json.dumps(change(deepcopy(data))).encode()
    for path in ("docs.doc", "albums.album", "users.user", "faves.fave", "notes.note", "tags.tag"):
        above, key = path.split(".")
        for there in ([], "", [{"strange": "1"}]):
            yield json.dumps({above: {"total": "0", key: there}, "api": data["api"]}).encode()
    for key in ("quota", "doc"):
        yield json.dumps({key: {"notes": {}, "upload": {"max": {"seconds": "1"}}}, **data}).encode()


def each_scalar(data: Any, change: Any) -> Any:
    if isinstance(data, dict):
        return {
            key: value if key == "api" else each_scalar(value, change)
            for key, value in data.items()
        }
    if isinstance(data, list):
        return [each_scalar(value, change) for value in data]
    return change(data)


def as_numbers(data: Any) -> Any:
    return each_scalar(data, lambda value: int(value) if str(value).isdigit() else value)


def other_words(data: Any) -> Any:
    return each_scalar(data, lambda value: "Zz !")


def small_numbers(data: Any) -> Any:
    return each_scalar(data, lambda value: "0" if str(value).isdigit() else value)


def larger(data: Any) -> Any:
    return each_scalar(data, lambda value: str(7 * int(value) + 5) if value.isdigit() else value)


def without_lists(data: Any) -> Any:
    if isinstance(data, dict):
        return {
            key: without_lists(value) for key, value in data.items() if not isinstance(value, list)
        }
    return data


def with_empty_lists(data: Any) -> Any:
    if isinstance(data, dict):
        return {
            key: with_empty_lists({"doc": [], "group": [], "post": []} | value)
            if isinstance(value, dict) and key != "api"
            else value
            for key, value in data.items()
        }
    return data


def wrong(answer: Answer) -> Iterator[Answer]:
    """Yield answers that are wrong in many ways."""
    yield from (replace(answer, status=status) for status in (200, 404))
    yield replace(answer, status=NOT_ALLOWED)
    yield replace(answer, headers={})
    yield from (replace(answer, headers={"given": name}) for name in ("frob", "error"))
    yield replace(answer, headers={**answer.headers, "set-cookie": "a=1"})
    yield replace(answer, headers={**answer.headers, "location": "https://x/?frob=1-a"})
    yield from (replace(answer, body=body) for body in bodies(answer.body))
    yield replace(answer, body=answer.body + b"x" if answer.status == 206 else b"")


def finding(assumption: Assumption, outcome: Outcome) -> report.Finding:
    return report.judge([assumption], outcome)[0]


@pytest.mark.parametrize("assumption", all_assumptions(), ids=lambda one: one.id)
def test_each_assumption_can_turn_out_to_be_wrong(assumption: Assumption, outcome: Outcome) -> None:
    names = NAMES if assumption.calls == ("*",) else set(assumption.calls)
    for name in sorted(names & outcome.answers.keys()):
        for answer in wrong(outcome.answers[name]):
            changed = replace(outcome, answers={**outcome.answers, name: answer})
            found = finding(assumption, changed)
            if found.verdict == "different":
                assert found.details
                return
    pytest.fail("no answer is wrong")


def test_an_assumption_without_an_answer_is_not_seen(outcome: Outcome) -> None:
    nothing = Outcome(unseen=dict.fromkeys([*NAMES, *FIRST, *VISITS], "no answer in time"))
    for found in report.judge(all_assumptions(), nothing):
        assert found.verdict == "unseen"
        [reason] = found.details
        assert reason == "no answer in time" or reason.endswith("did not succeed")


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, assumptions_page.__file__, "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
