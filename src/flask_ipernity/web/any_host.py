"""The extension's pages on every host of an application that matches hosts.

With ``Flask(host_matching=True)``, a page that names no host is found on none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from flask import Flask, current_app, request

#: The part of our rules that stands for the host; views do not get it.
_HOST = "ipernity_host"


@contextmanager
def on_any_host(app: Flask) -> Iterator[None]:
    """Let rules that are added within answer on every host, if *app* matches hosts at all."""
    if not app.url_map.host_matching:
        yield
        return
    usual = app.url_rule_class
    app.url_rule_class = cast(Any, partial(usual, host=f"<{_HOST}>"))
    try:
        yield
    finally:
        app.url_rule_class = usual
    app.url_value_preprocessor(_without_host)
    app.url_defaults(_with_host)


def _without_host(endpoint: str | None, values: dict[str, Any] | None) -> None:
    if values is not None:
        values.pop(_HOST, None)


def _with_host(endpoint: str, values: dict[str, Any]) -> None:
    if current_app.url_map.is_endpoint_expecting(endpoint, _HOST):
        host = request.host if request else current_app.config["SERVER_NAME"]
        values.setdefault(_HOST, host)
