"""What the fixtures ``app`` and ``make_app`` are made of."""

from __future__ import annotations

from typing import Any, Protocol

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

CALLBACK = "http://localhost/ipernity/cb"


class Browser(FlaskClient):
    """Takes each answer whole and closes it, as a browser's connection does in the end."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)
        return super().open(*args, **kwargs)


class MakeApp(Protocol):
    """Makes an application that is connected to the test's sandbox."""

    def __call__(self, **config: object) -> Flask: ...
