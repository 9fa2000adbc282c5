"""A fresh sandbox for each test, and raw HTTP to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from tests.support.raw_http import RawClient

CALLBACK = "http://127.0.0.1:9/cb?keep=1"


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    return {"callback_url": CALLBACK}


@pytest.fixture
def raw(sandbox: Sandbox) -> Iterator[RawClient]:
    """Yield a raw HTTP client of the test's sandbox."""
    raw = RawClient(sandbox)
    yield raw
    raw.pool.clear()
