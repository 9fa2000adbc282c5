"""Tells whether something happens for the first time."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from threading import Lock

#: How many things are remembered; older ones may happen for the first time again.
CAPACITY = 4096


class Once:
    """Remembers what has happened in this process, as digests: some of it is secret.

    Safe to share between threads.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def first(self, what: str) -> bool:
        """Remember *what* and tell whether it is new."""
        key = sha256(what.encode()).digest()
        with self._lock:
            if key in self._seen:
                return False
            self._seen[key] = None
            if len(self._seen) > CAPACITY:
                self._seen.popitem(last=False)
            return True

    def forget(self, what: str) -> None:
        """Let *what* be new again."""
        with self._lock:
            self._seen.pop(sha256(what.encode()).digest(), None)
