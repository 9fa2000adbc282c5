"""What an application's signals say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from blinker import NamedSignal
from flask import Flask


@contextmanager
def heard(signal: NamedSignal, app: Flask) -> Iterator[list[dict[str, Any]]]:
    """Record what *signal* says, sent by exactly *app*."""
    said: list[dict[str, Any]] = []

    def hear(sender: object, **values: Any) -> None:
        assert sender is app
        said.append(values)

    with signal.connected_to(hear):
        yield said
