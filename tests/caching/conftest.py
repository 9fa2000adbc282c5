"""Applications that keep results, on each kind of store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cachelib import FileSystemCache, SimpleCache
from flask import Flask

from tests.support.apps import MakeApp
from tests.support.caching_app import caching
from tests.support.redis import RedisServer

Call = Callable[..., Any]


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A value of ``IPERNITY_CACHE``, by the name that the test is given."""
    match request.param:
        case "redis" | "valkey" as scheme:
            server: RedisServer = request.getfixturevalue("redis")
            server.flush()
            yield server.url.replace("redis", scheme)
        case "unix" | "redis+unix" as scheme:
            server = request.getfixturevalue("redis")
            server.flush()
            yield f"{scheme}://{server.socket}?db=0"
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
