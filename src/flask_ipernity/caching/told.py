"""What is told of calls: the last one, those of a request, and a signal for each."""

from __future__ import annotations

from threading import local
from typing import Any, NamedTuple

from flask import g, has_app_context, has_request_context, request

from ..client import Transport

#: Where a result is from: ``hit``, ``miss`` and ``stale`` as in :class:`.Found`;
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


class Told:
    """The calls of one request, or of an application context outside of requests."""

    def __init__(self) -> None:
        self.last: Call | None = None
        self.seconds = 0.0
        self.counts: dict[str, int] = {}

    def add(self, call: Call) -> None:
        """Count *call*."""
        self.last = call
        self.seconds += call.seconds
        self.counts[call.how] = self.counts.get(call.how, 0) + 1

    def header(self) -> str:
        """Return the value of a ``Server-Timing`` header (W3C)."""
        counts = ", ".join(f"{number} {how}" for how, number in sorted(self.counts.items()))
        return f'ipernity;dur={self.seconds * 1000:.1f};desc="{counts}"'


def told() -> Told | None:
    """Return what is told here; ``None`` outside of an application context."""
    if not has_app_context():
        return None
    # g may outlive the request; see visitor_api.
    current: Any = request._get_current_object() if has_request_context() else None  # type: ignore[attr-defined]
    made_for, kept = g.get("_ipernity_told", (None, None))
    if made_for is current and isinstance(kept, Told):
        return kept
    fresh = Told()
    g._ipernity_told = (current, fresh)
    return fresh


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
