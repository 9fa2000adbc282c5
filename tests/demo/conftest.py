"""The gallery on a sandbox, through Flask's test client."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_ipernity.demo import create_app
from flask_ipernity.sandbox import Sandbox


@pytest.fixture
def app(sandbox: Sandbox) -> Flask:
    """The gallery of the sandbox's first person."""
    app = create_app({**sandbox.config(), "DEMO_USER": sandbox.people[0].user_id})
    app.testing = True
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser in which nobody is signed in."""
    return app.test_client()
