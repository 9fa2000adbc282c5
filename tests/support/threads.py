"""Threads that start together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def at_once(threads: int, work: Callable[[], object]) -> list[Any]:
    """Do *work* in so many threads that start together; return results and errors."""
    start = threading.Barrier(threads)

    def one(_: int) -> object:
        start.wait(20)
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))
