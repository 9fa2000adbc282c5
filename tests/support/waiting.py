"""Waiting for a condition, in place of sleeping; and bounds on time that hold on a busy machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Wait until *condition* holds; return whether it does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def at_most(seconds: float) -> float:
    """Return the bound for what takes *seconds* at most on a machine with nothing else to do.

    It is five times as long where other tests run at the same time, or other programs.
    """
    busy = "PYTEST_XDIST_WORKER" in os.environ or os.getloadavg()[0] > (os.cpu_count() or 1)
    return 5 * seconds if busy else seconds
