"""What those who watch an application are told of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from flask import Flask

from flask_ipernity import (
    Call,
    Ipernity,
    IpernityError,
    api_call_started,
    api_called,
    ipernity,
    token_revoked,
)
from tests.support.stub import TOKEN, Stub, answer, error, ok, sent

BODY = len(ok().partition(b"\r\n\r\n")[2])


def site(stub: Stub, **config: object) -> Flask:
    app = Flask("tests")
    app.config.update(
        SECRET_KEY="k",
        IPERNITY_APP_KEY="key",
        IPERNITY_APP_SECRET="5ec2e75ec2e7",
        IPERNITY_API_URL=stub.url,
        **config,
    )
    Ipernity(app)
    return app


@contextmanager
def watched(app: Flask) -> Iterator[list[str | Call]]:
    """Record the methods of the calls that start, and the calls that have ended."""
    seen: list[str | Call] = []

    def start(sender: Flask, method: str) -> None:
        assert sender is app
        seen.append(method)

    def end(sender: Flask, call: Call) -> None:
        assert sender is app
        seen.append(call)

    with ExitStack() as stack:
        stack.enter_context(api_call_started.connected_to(start, app))
        stack.enter_context(api_called.connected_to(end, app))
        yield seen


def test_a_call_is_told_at_its_start_and_with_its_bytes_at_its_end() -> None:
    with Stub(ok()) as stub:
        app = site(stub)
        with watched(app) as seen, app.app_context():
            ipernity.public_api.test.hello()
    method, call = seen
    assert method == "test.hello"
    assert isinstance(call, Call)
    assert (call.method, call.cache, call.bytes) == ("test.hello", "uncached", BODY)
    assert (call.retries, call.error) == (0, None)


@pytest.mark.parametrize(("steps", "told"), [([ok()], None), ([], "ServiceUnavailableError")])
def test_tries_after_the_first_are_retries(steps: list[bytes], told: str | None) -> None:
    down = answer("", "503 Down", "Retry-After: 0")
    with Stub(down, *steps) as stub:
        app = site(stub, IPERNITY_RETRIES=1)
        with watched(app) as seen, app.app_context(), suppress(IpernityError):
            ipernity.public_api.test.hello()
    call = seen[-1]
    assert isinstance(call, Call)
    assert (call.retries, call.error) == (1, told)


def test_a_result_of_the_cache_has_no_bytes() -> None:
    with Stub(ok()) as stub:
        app = site(stub, IPERNITY_CACHE_REQUESTS=True, IPERNITY_CACHE="memory")
        with watched(app) as seen, app.app_context():
            ipernity.public_api.test.hello()
            ipernity.public_api.test.hello()
    ends = [(call.cache, call.bytes) for call in seen if isinstance(call, Call)]
    assert ends == [("miss", BODY), ("hit", 0)]
    assert [call for call in seen if isinstance(call, str)] == ["test.hello"] * 2


@pytest.mark.parametrize(
    "step", [error(5), error(107), error(112), answer("<html>"), answer("", "500 Oops")]
)
def test_each_call_that_starts_ends_once(step: bytes) -> None:
    with Stub(step) as stub:
        app = site(stub, IPERNITY_RETRIES=0)
        with watched(app) as seen, app.app_context():
            for _ in range(2):
                with pytest.raises(IpernityError):
                    ipernity.api_for(TOKEN).doc.get(doc_id=1)
    assert [item if isinstance(item, str) else None for item in seen] == ["doc.get", None] * 2
    assert TOKEN not in repr(seen)
    assert sent(stub.requests[0])["api_sig"] not in repr(seen)


def test_a_call_within_another_ends_first() -> None:
    with Stub(error(107), ok()) as stub:
        app = site(stub)
        app.add_url_rule("/", "view", lambda: ipernity.api.doc.get(doc_id=1))

        def ask_again(sender: Flask, user: object) -> None:
            ipernity.public_api.test.hello()

        client = app.test_client()
        with client.session_transaction() as session:
            session["ipernity_token"] = {"token": TOKEN, "user": None, "permissions": {}}
            session["ipernity_token"]["user"] = {"user_id": "1", "username": "Ada"}
        with token_revoked.connected_to(ask_again, app), watched(app) as seen:
            client.get("/")
    order = [item if isinstance(item, str) else f"end of {item.method}" for item in seen]
    assert order == ["doc.get", "test.hello", "end of test.hello", "end of doc.get"]


def test_parameters_that_are_refused_are_no_call() -> None:
    with Stub(ok()) as stub:
        app = site(stub, IPERNITY_CACHE_REQUESTS=True, IPERNITY_CACHE="memory")
        wrong: Any = object()
        with watched(app) as seen, app.app_context(), pytest.raises(TypeError):
            ipernity.public_api.doc.get(doc_id=wrong)
    assert seen == []
