"""The pause that Ipernity demands after too many calls."""

from __future__ import annotations

import json
from time import time
from typing import TYPE_CHECKING, NamedTuple

from ..client.values import decode, number
from ..errors import QuotaExceeded
from ..per_process import ProcessLock

if TYPE_CHECKING:
    from ..caching.backends import TextStore

#: Seconds of the first pause if Ipernity names none; each further one is twice as long.
FIRST_PAUSE = 5.0
#: Seconds of the longest such pause.
MAX_PAUSE = 600.0
#: Seconds of the longest pause that Ipernity may demand.
MAX_RETRY_AFTER = 86400.0
#: Seconds by which the clocks of two machines may differ.
CLOCK_SKEW = 60.0
#: More refusals in a row, or another code, is no pause that this package has written.
MAX_REFUSALS = 10**6


class _Pause(NamedTuple):
    """A pause as the store has it, in JSON."""

    until: float
    refusals: int
    code: int

    @classmethod
    def read(cls, text: str) -> _Pause | None:
        """Return the pause that *text* has; ``None`` if it has none."""
        try:
            until, refusals, code = map(number, decode(text))
        except (TypeError, ValueError):
            return None
        if until is None or refusals is None or code is None:
            return None
        if not (0 <= refusals <= MAX_REFUSALS and 0 <= code <= MAX_REFUSALS):
            return None
        return cls(until, int(refusals), int(code))


class QuotaPause:
    """The pause after "too many calls", for all calls of an application.

    It is safe to use from several threads.

    :param texts: a store shared with other processes, if there is one.
    :param key: the key of the pause in the store.
    """

    def __init__(self, texts: TextStore | None, key: str) -> None:
        self.key = key
        self._texts = texts
        self._until = 0.0
        self._refusals = 0
        self._code = 0
        self._lock = ProcessLock()

    def seconds_left(self, *, read: bool = True) -> float:
        """Return how long the pause still lasts; 0 if there is none.

        :param read: whether to read the store; not needed right after :meth:`adopt`.
        """
        if read and self._texts is not None and time() >= self._until:
            [text] = self._texts.get_many(self.key)
            if text is not None:
                self.adopt(text)
        return max(0.0, self._until - time())

    def check(self, method: str, *, read: bool = True) -> None:
        """Let a call of *method* pass if there is no pause.

        :param read: as for :meth:`seconds_left`.
        :raises QuotaExceeded: there is one; its ``retry_after`` is how long it still lasts.
        """
        if left := self.seconds_left(read=read):
            error = QuotaExceeded("paused", self._code, "it has asked to wait; not called", method)
            error.retry_after = left
            raise error

    def adopt(self, text: str) -> None:
        """Keep the pause that another process has begun, too.

        :param text: what the store has under :attr:`key`.
        """
        if time() < self._until:
            return
        pause = _Pause.read(text)
        if pause is None or pause.until > time() + MAX_RETRY_AFTER + CLOCK_SKEW:
            # Whoever has written it, it must not stop all calls of all processes.
            if self._texts is not None:
                self._texts.delete(self.key)
            return
        with self._lock:
            self._until, self._refusals, self._code = pause

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
                self._texts.set(self.key, text, seconds + MAX_PAUSE)

    def end(self) -> None:
        """End the pause, if it is over: Ipernity has answered again."""
        if self._refusals and time() >= self._until:
            with self._lock:
                self._until, self._refusals = 0.0, 0
                if self._texts is not None:
                    self._texts.delete(self.key)
