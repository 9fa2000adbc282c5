"""A fresh sandbox for each test, and applications that are connected to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from flask_ipernity import Ipernity
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import CALLBACK, Browser, MakeApp


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A running sandbox whose callback is that of Flask's test client."""
    with Sandbox(callback_url=CALLBACK) as running:
        yield running


@pytest.fixture
def make_app(sandbox: Sandbox) -> MakeApp:
    """Make applications; settings of the test win over those of the sandbox."""

    def make(**config: object) -> Flask:
        app = Flask("tests")
        app.config.update(SECRET_KEY="test", IPERNITY_PERMISSIONS={"doc": "read"})
        app.config.update(sandbox.config())
        app.config.update(config)
        app.test_client_class = Browser
        Ipernity(app)
        return app

    return make


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """An application with the settings of the README."""
    return make_app()
