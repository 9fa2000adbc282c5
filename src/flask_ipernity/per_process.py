"""State that a process must not take over from the process from which it was forked.

Connections, for example, and what was promised by threads that do not exist in the child. Python
can call functions after a fork, but only where Python forks: uWSGI forks in C, and calls none of
them by default. So the id of the process is compared where the state is used.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """A value that each process makes for itself. Call it to get the value of this process.

    Safe to use from several threads.

    :param make: makes the value.
    :param discard: receives the value of the process from which this one was forked, once.
    """

    def __init__(self, make: Callable[[], T], discard: Callable[[T], object] | None = None) -> None:
        self._make = make
        self._discard = discard
        # Not under a lock, which a thread of the other process might hold for ever.
        self._values = {os.getpid(): make()}

    def __call__(self) -> T:
        """Return the value of this process."""
        process = os.getpid()
        try:
            return self._values[process]
        except KeyError:
            pass
        for other in set(self._values) - {process}:
            inherited = self._values.pop(other, None)
            if inherited is not None and self._discard is not None:
                self._discard(inherited)
        return self._values.setdefault(process, self._make())


class ProcessLock:
    """A lock that is free in a process that was forked, whoever held it in the other process."""

    def __init__(self) -> None:
        self._lock = PerProcess(Lock)

    def __enter__(self) -> None:
        self._lock().acquire()

    def __exit__(self, *error: object) -> None:
        lock = self._lock()
        # Not locked: the process was forked by the thread that held the lock.
        if lock.locked():
            lock.release()
