"""Deletions that a store could not be told, because it did not work at that moment.

A visitor who signs out expects that the old cookie opens nothing any more.
"""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Callable
from threading import Timer

from ..caching import backends
from ..caching.backends import Breaker, StoreAway
from ..per_process import ProcessLock

log = logging.getLogger(__name__)

#: How many deletions are remembered; older ones are forgotten.
CAPACITY = 10_000


class OwedDeletions:
    """Deletes records, and those that cannot be deleted now as soon as the store works again.

    Until then this process treats them as deleted; another process does not know of them. What is
    owed when the process ends stays in the store until it expires there. Safe to use from several
    threads.

    :param breaker: asks the store.
    :param delete: deletes the record of a key.
    """

    def __init__(self, breaker: Breaker, delete: Callable[[str], object]) -> None:
        self._breaker = breaker
        self._delete = delete
        self._names: OrderedDict[str, None] = OrderedDict()
        self._lock = ProcessLock()
        self._timer_of = 0

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def delete(self, name: str) -> None:
        """Delete the record *name*, now or later."""
        if not self._try(name):
            with self._lock:
                self._names[name] = None
                if len(self._names) > CAPACITY:
                    self._names.popitem(last=False)
                    log.error("IPERNITY_TOKEN_STORE: more sign-outs than can be made up for.")
            self._later()

    def _try(self, name: str) -> bool:
        try:
            self._breaker.run(lambda: self._delete(name))
        except StoreAway:
            return False
        return True

    def _later(self) -> None:
        with self._lock:
            # Threads of the process that was forked do not exist in this one.
            if self._timer_of == os.getpid():
                return
            self._timer_of = os.getpid()
        timer = Timer(backends.STORE_RETRY_AFTER, self._try_again)
        timer.daemon = True
        timer.start()

    def _try_again(self) -> None:
        self._timer_of = 0
        self.make_up()

    def make_up(self) -> None:
        """Delete what is owed, if the store works. Some servers run no threads but their own."""
        for name in list(self._names):
            if not self._try(name):
                self._later()
                return
            with self._lock:
                self._names.pop(name, None)
