"""Applications that keep results, on each kind of store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cachelib import FileSystemCache, SimpleCache
from flask import Flask

from flask_ipernity import ipernity
from tests.conftest import MakeApp

from .redis import RedisServer

SERVER_SIDE = ["memory", "redis", "valkey", "cachelib", "files", "flask-caching"]
STORES = ["session", *SERVER_SIDE]

Call = Callable[..., Any]


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for all tests; whoever kills one has his own."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A value of ``IPERNITY_CACHE``, by the name that the test is given."""
    match request.param:
        case "redis" | "valkey" as scheme:
            from redis import Redis

            url = request.getfixturevalue("redis").url
            with Redis.from_url(url) as client:
                client.flushall()
            yield url.replace("redis", scheme)
        case "cachelib":
            yield SimpleCache()
        case "files":
            yield FileSystemCache(str(tmp_path / "files"))
        case "flask-caching":
            from flask_caching import Cache

            yield Cache(config={"CACHE_TYPE": "SimpleCache"})
        case name:
            yield name


@pytest.fixture
def caching_app(make_app: MakeApp, store: Any) -> Flask:
    """An application that keeps results in the store."""
    return caching(make_app, store)


def caching(make_app: MakeApp, store: Any, **config: object) -> Flask:
    """Make an application that keeps results in *store*, and makes calls by HTTP."""
    app = make_app(IPERNITY_CACHE_REQUESTS=True, IPERNITY_CACHE=store, **config)
    if hasattr(store, "init_app"):
        store.init_app(app)

    @app.route("/call/<method>", methods=["GET", "POST"])
    def call(method: str) -> Any:
        from flask import request

        answer = ipernity.api.call(method, **request.args.to_dict())
        how = ipernity.last_call.cache if ipernity.last_call else ""
        return {"answer": answer, "how": how}

    @app.route("/in/<int:person>/<token>")
    def sign_in(person: int, token: str) -> Any:
        from flask_ipernity.sign_in.visitor import visitor_api

        user = {"user_id": str(person), "username": "N"}
        visitor_api().keep({"token": token, "user": user, "permissions": {"doc": "delete"}})
        return "in"

    @app.route("/clear/<what>")
    def clear(what: str) -> str:
        match what:
            case "all":
                ipernity.cache_clear()
            case "viewer":
                ipernity.cache_clear(viewer=ipernity.api)
            case "both":
                ipernity.cache_clear("docs.getList", viewer=ipernity.api)
            case method:
                ipernity.cache_clear(method)
        return "cleared"

    @app.route("/who")
    def who() -> Any:
        return "in" if ipernity.api.token else "out"

    return app
