"""Applications in processes that were started otherwise than by a fork."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import flask_ipernity
from flask_ipernity import Call, IpernityError, MediaTransfer, NotFoundError, SignInError
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import CALLBACK
from tests.support.processes import miss, visit


@pytest.fixture(params=["spawn", "forkserver"])
def child(request: pytest.FixtureRequest) -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context(request.param)
    with ProcessPoolExecutor(1, context) as started:
        yield started


@pytest.mark.slow
def test_an_application_and_its_sandbox_work_in_a_child(child: ProcessPoolExecutor) -> None:
    with Sandbox(callback_url=CALLBACK) as sandbox:
        config = sandbox.config()
        assert child.submit(visit, config).result(60) == ("Ada Fontaine", 200)
        with pytest.raises(NotFoundError) as caught:
            child.submit(miss, config).result(60)
    assert (caught.value.code, caught.value.method) == (1, "doc.get")
    assert dict(caught.value.params or {})["doc_id"] == 999999


def instances() -> list[Any]:
    """Return an object of each kind that a job may return, or raise."""
    made: list[Any] = [
        Call("doc.get", "hit", 0.1, 0, None),
        SignInError("expired", "That took too long."),
    ]
    for name in flask_ipernity.__all__:
        kind = getattr(flask_ipernity, name)
        if not isinstance(kind, type) or not issubclass(kind, IpernityError):
            continue
        if issubclass(kind, flask_ipernity.APIRequestError):
            made.append(kind("error", 5, "no", "doc.get", {"doc_id": 1}))
        elif not issubclass(kind, SignInError):
            made.append(kind("a text"))
    return made


@pytest.mark.parametrize("made", instances(), ids=lambda made: type(made).__name__)
def test_what_a_job_returns_or_raises_comes_back_whole(made: Any) -> None:
    back = pickle.loads(pickle.dumps(made))
    assert type(back) is type(made)
    assert str(back) == str(made)
    assert getattr(back, "args", None) == getattr(made, "args", None)
    assert vars_of(back) == vars_of(made)


def vars_of(value: Any) -> dict[str, Any]:
    return dict(getattr(value, "__dict__", {}))


def test_a_transfer_comes_back_with_its_fields() -> None:
    made = MediaTransfer("1", "240", 200, "host", 5, 0.1, True)
    assert repr(pickle.loads(pickle.dumps(made))) == repr(made)
