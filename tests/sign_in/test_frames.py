"""No program that watches for errors sees a token or a frob when a sign-in fails by a bug."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cachelib import SimpleCache
from flask import Flask, request
from flask.testing import FlaskClient

import flask_ipernity
from flask_ipernity import ipernity
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sign_in.session import VisitorSession
from tests.support.apps import MakeApp
from tests.support.frames import seen
from tests.support.views import with_views
from tests.support.visitor import consent


class Bug(Exception):
    pass


def fail(*_: Any, **__: Any) -> None:
    raise Bug


@contextmanager
def caught_bug(client: FlaskClient) -> Iterator[list[str]]:
    client.application.testing = True
    found: list[str] = []
    with pytest.raises(Bug) as caught:
        yield found
    found.append(seen(caught.value))


def back_from(client: FlaskClient) -> tuple[str, str]:
    """Start a sign-in; return the callback and its frob."""
    back = consent(client.get("/read").location)
    return back, parse_qs(urlsplit(back).query)["frob"][0]


def with_own_callback(app: Flask) -> Flask:
    app.add_url_rule("/ipernity/cb", "cb", lambda: ipernity.set_token(request.args["frob"]))
    return with_views(app)


STORES: dict[str, dict[str, Any]] = {
    "session": {},
    "sealed": {"IPERNITY_TOKEN_STORE": "sealed"},
    "server": {"IPERNITY_TOKEN_STORE": "server", "IPERNITY_CACHE": "memory"},
    "object": {"IPERNITY_TOKEN_STORE": SimpleCache()},
}


@pytest.mark.parametrize("signal", ["signing_in", "signed_in"])
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("store", STORES)
def test_of_a_receiver(
    make_app: MakeApp, sandbox: Sandbox, store: str, own: bool, signal: str
) -> None:
    app = make_app(**STORES[store], **({"IPERNITY_CALLBACK": False} if own else {}))
    client = (with_own_callback if own else with_views)(app).test_client()
    back, frob = back_from(client)
    former = set(sandbox.state.tokens)
    with getattr(flask_ipernity, signal).connected_to(fail, app), caught_bug(client) as texts:
        client.get(back)
    [token] = set(sandbox.state.tokens) - former
    assert "_exchange_frob" in texts[0] or signal == "signing_in"
    assert token not in texts[0]
    assert frob not in texts[0].replace(f"frob={frob}", "")


@pytest.mark.parametrize("asked", [False, True])
def test_of_the_session(
    make_app: MakeApp, sandbox: Sandbox, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = with_views(make_app(IPERNITY_CONFIRM_SIGN_IN=asked)).test_client()
    back, frob = back_from(client)
    former = set(sandbox.state.tokens)
    monkeypatch.setattr(VisitorSession, "renew", fail)
    with caught_bug(client) as texts:
        client.get(back)
    [token] = set(sandbox.state.tokens) - former
    assert "_exchange_frob" in texts[0]
    assert token not in texts[0]
    assert frob not in texts[0].replace(f"frob={frob}", "")


@pytest.mark.parametrize("store", STORES)
def test_what_is_stored_are_plain_texts(make_app: MakeApp, store: str) -> None:
    kept: list[Any] = []

    class Store(SimpleCache):
        def set(self, key: str, value: Any, *args: Any) -> Any:
            kept.append(value)
            return super().set(key, value, *args)

    config = {**STORES[store], **({"IPERNITY_TOKEN_STORE": Store()} if store == "object" else {})}
    app = with_views(make_app(**config))

    @app.after_request
    def look(response: Any) -> Any:
        from flask import session

        kept.append(dict(session))
        return response

    client = app.test_client()
    back, _ = back_from(client)
    client.get(back)

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for inner in value.values():
                yield from texts(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from texts(inner)
        elif isinstance(value, str):
            yield value

    assert all(type(text) is str for value in kept for text in texts(value))
    assert client.get("/who").text == "Ada Fontaine"
