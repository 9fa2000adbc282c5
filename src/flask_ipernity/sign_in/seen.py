"""Recognizes what has happened before in this process."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256

from ..per_process import ProcessLock

#: How many things are remembered; older ones are forgotten.
CAPACITY = 4096


class Seen:
    """Remembers what has happened, as digests because some of it is secret.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()
        self._lock = ProcessLock()

    def __len__(self) -> int:
        return len(self._digests)

    def is_new(self, what: str) -> bool:
        """Return whether *what* is new, and remember it."""
        digest = sha256(what.encode()).digest()
        with self._lock:
            if digest in self._digests:
                return False
            self._digests[digest] = None
            if len(self._digests) > CAPACITY:
                self._digests.popitem(last=False)
            return True

    def forget(self, what: str) -> None:
        """Forget *what*."""
        with self._lock:
            self._digests.pop(sha256(what.encode()).digest(), None)
