"""The pause that Ipernity demands after too many calls."""

from __future__ import annotations

import json
from threading import Lock
from time import time
from typing import TYPE_CHECKING

from ..errors import QuotaExceeded

if TYPE_CHECKING:
    from ..caching.backends import TextStore

#: Seconds of the first pause if Ipernity names none; each further one is twice as long.
FIRST_PAUSE = 5.0
#: Seconds of the longest such pause.
MAX_PAUSE = 600.0
#: Seconds of the longest pause that Ipernity may demand.
MAX_RETRY_AFTER = 86400.0


class QuotaPause:
    """The pause after "too many calls", for all calls of an application.

    It is safe to use from several threads.

    :param texts: a store shared with other processes, if there is one.
    :param key: the key of the pause in the store.
    """

    def __init__(self, texts: TextStore | None, key: str) -> None:
        self._texts = texts
        self._key = key
        self._until = 0.0
        self._refusals = 0
        self._code = 0
        self._lock = Lock()

    def seconds_left(self) -> float:
        """Return how long the pause still lasts; 0 if there is none."""
        if time() >= self._until:
            self._read()
        return max(0.0, self._until - time())

    def check(self, method: str) -> None:
        """Let a call of *method* pass if there is no pause.

        :raises QuotaExceeded: there is one; its ``retry_after`` is how long it still lasts.
        """
        if left := self.seconds_left():
            error = QuotaExceeded("paused", self._code, "it has asked to wait; not called", method)
            error.retry_after = left
            raise error

    def begin(self, error: QuotaExceeded) -> None:
        """Begin a pause after *error*, and set its ``retry_after``."""
        with self._lock:
            if time() >= self._until:
                # Later refusals are of calls that were on their way when the pause began.
                self._refusals += 1
            if error.retry_after:
                seconds = min(error.retry_after, MAX_RETRY_AFTER)
            else:
                seconds = min(FIRST_PAUSE * 2.0 ** min(self._refusals - 1, 20), MAX_PAUSE)
            error.retry_after = seconds
            self._until, self._code = max(self._until, time() + seconds), error.code
            if self._texts is not None:
                text = json.dumps([self._until, self._refusals, self._code])
                self._texts.set(self._key, text, seconds + MAX_PAUSE)

    def end(self) -> None:
        """End the pause, if it is over: Ipernity has answered again."""
        if self._refusals and time() >= self._until:
            with self._lock:
                self._until, self._refusals = 0.0, 0
                if self._texts is not None:
                    self._texts.delete(self._key)

    def _read(self) -> None:
        """Take over a pause that another process has begun."""
        text = self._texts.get_many(self._key)[0] if self._texts is not None else None
        if text is not None:
            until, self._refusals, self._code = json.loads(text)
            self._until = min(until, time() + MAX_RETRY_AFTER)
