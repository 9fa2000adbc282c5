"""A club's site with one neighbour: another extension, set up as its documentation says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from flask import Flask

from flask_ipernity import Ipernity
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import CALLBACK, Browser
from tests.support.neighbours import Club, SetUp, add_views

#: `make test` does not have the neighbours.
collect_ignore_glob = [] if os.environ.get("NEIGHBOURS") else ["test_*"]


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    with Sandbox(callback_url=CALLBACK, processing=0.1) as running:
        yield running


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    yield shared_sandbox
    shared_sandbox.clear_faults()


@pytest.fixture
def club(sandbox: Sandbox) -> Club:
    def build(
        before: SetUp | None = None,
        after: SetUp | None = None,
        cls: type[Flask] = Flask,
        **config: Any,
    ) -> Flask:
        app = cls("club")
        app.config.update(SECRET_KEY="test", **sandbox.config())
        app.config.update(config)
        app.test_client_class = Browser
        if before:
            before(app)
        Ipernity(app)
        if after:
            after(app)
        add_views(app)
        return app

    return build


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A photo that the sandbox ships."""
    return (
        resources.files("flask_ipernity.sandbox").joinpath("photos/wind-on-sand.jpg").read_bytes()
    )
