"""How much is streamed at once; whoever comes too late is told so at once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock


class Budget:
    """A number of slots in this process.

    :param slots: how many.
    """

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._lock = Lock()

    @property
    def free(self) -> int:
        """Slots that nobody holds now."""
        return self._free

    def take(self) -> Callable[[], None] | None:
        """Take a slot; return the function that gives it back, or ``None`` if none is free."""
        with self._lock:
            if not self._free:
                return None
            self._free -= 1
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            with self._lock:
                self._free += not given_back
                given_back = True

        return give_back
