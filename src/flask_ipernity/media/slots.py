"""How many files a process sends at once, and who makes room when there are no more slots.

A visitor who does not read holds a thread of the server for as long as the connection lasts. Eight
of them would take originals, audio and video from everybody else.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

from ..per_process import PerProcess, ProcessLock

log = logging.getLogger(__name__)

#: Bytes that a visitor must take in a second, or makes room for others when all slots are taken.
MIN_RATE = 32 * 1024
#: Seconds that each visitor has for a piece of a file, however small it is.
MIN_SECONDS = 2.0


class Slot:
    """A slot that is taken.

    :param address: the visitor's address; ``None`` if it cannot be told from others.
    :param connection: the visitor's connection, where the server tells it.
    :param release: releases the slot; further calls do nothing.
    """

    def __init__(
        self, address: str | None, connection: Any, release: Callable[[Slot], None]
    ) -> None:
        self.address = address
        self._connection = connection
        self._release = release
        #: When the visitor got the piece that the server sends now, and its length.
        self._given: tuple[float, int] | None = None

    def release(self) -> None:
        """Release the slot. Further calls do nothing."""
        self._release(self)

    def give(self, length: int) -> None:
        """Take note that the server sends a piece of this length to the visitor."""
        self._given = monotonic(), length

    def wait(self) -> None:
        """Take note that the visitor has taken the last piece, and waits for the next one."""
        self._given = None

    def seconds_late(self, now: float) -> float:
        """Return for how many seconds the visitor should have taken the last piece; 0 if in time.

        Also 0 where the connection cannot be ended: the thread of the server would go on waiting.
        """
        given = self._given
        if given is None or self._connection is None:
            return 0.0
        at, length = given
        return max(0.0, now - at - max(MIN_SECONDS, length / MIN_RATE))

    def cut(self) -> None:
        """End the visitor's connection, which also ends the server's waiting for the visitor."""
        with suppress(OSError, AttributeError):
            self._connection.shutdown(socket.SHUT_RDWR)


class Slots:
    """A number of slots in this process; safe to use from several threads.

    :param count: how many.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        #: How many one address may take.
        self._share = max(1, count // 2)
        # The threads that would release those of another process are not in this one.
        self._taken: PerProcess[dict[Slot, None]] = PerProcess(dict)
        self._lock = ProcessLock()

    @property
    def free(self) -> int:
        """How many slots are free."""
        return self._count - len(self._taken())

    def take(self, address: str | None = None, connection: Any = None) -> Slot | None:
        """Take a slot; return ``None`` if there is none.

        When all are taken, the visitor who is the latest to take what was sent makes room.

        :param address: the visitor's address, which may take half of the slots; ``None`` if it
            cannot be told from others.
        :param connection: the visitor's connection, where the server tells it.
        """
        with self._lock:
            taken = self._taken()
            if address is not None:
                own = sum(slot.address == address for slot in list(taken))
                if own >= self._share:
                    return None
            if len(taken) >= self._count and not self._make_room(taken):
                return None
            slot = Slot(address, connection, self._release)
            taken[slot] = None
            return slot

    def _make_room(self, taken: dict[Slot, None]) -> bool:
        now = monotonic()
        late = {slot: slot.seconds_late(now) for slot in list(taken)}
        latest = max(late, key=late.__getitem__, default=None)
        if latest is None or not late[latest]:
            # One may have been released meanwhile.
            return len(taken) < self._count
        log.info("media: a visitor who read too slowly made room for another")
        self._release(latest)
        latest.cut()
        return True

    def _release(self, slot: Slot) -> None:
        # Not under the lock: a response may be thrown away at any point of any thread.
        self._taken().pop(slot, None)
