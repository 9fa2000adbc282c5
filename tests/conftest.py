"""A fresh sandbox for each test, and applications that are connected to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_ipernity import Ipernity
from flask_ipernity.sandbox import Sandbox

CALLBACK = "http://localhost/ipernity/cb"


class Browser(FlaskClient):
    """Takes each answer whole and closes it, as a browser's connection does in the end."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)
        return super().open(*args, **kwargs)


class MakeApp(Protocol):
    """Makes an application that is connected to the test's sandbox."""

    def __call__(self, **config: object) -> Flask: ...


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
