"""One sandbox for all tests of a module: comparing leaves it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flask_ipernity.sandbox import Sandbox
from tests.support.apps import CALLBACK


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    """Yield a sandbox that no test changes for good."""
    with Sandbox(processing=0, callback_url=CALLBACK) as running:
        yield running
