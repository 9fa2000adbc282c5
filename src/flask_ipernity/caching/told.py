"""What is told of a call."""

from __future__ import annotations

from threading import local
from typing import Any, NamedTuple

from ..client import Transport

#: Where a result is from: ``hit``, ``miss`` and ``stale`` as in :data:`.How`;
#: ``uncached`` where it could not or should not be from the cache.
UNCACHED = "uncached"


class Call(NamedTuple):
    """A call that was made, or answered from the cache.

    ``seconds``: how long the caller waited. ``retries``: how often it was sent
    again. ``error``: the class of the error that came of it, or ``None``.
    """

    method: str
    how: str
    seconds: float
    retries: int
    error: str | None


class CountedTransport(Transport):
    """Counts the tries of each thread's last call."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._counted = local()
        super().__init__(*args, **kwargs)

    def _try(self, *args: Any, **kwargs: Any) -> Any:
        self._counted.tries = getattr(self._counted, "tries", 0) + 1
        return super()._try(*args, **kwargs)

    def retries(self) -> int:
        """Return how often this thread has sent something again since this was last asked."""
        tries = getattr(self._counted, "tries", 0)
        self._counted.tries = 0
        return max(0, tries - 1)
