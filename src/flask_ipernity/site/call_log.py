"""The calls of the current request, counted."""

from __future__ import annotations

from flask import has_app_context

from ..signals import Call
from ..state import PerRequest


class CallLog:
    """Counts the calls of one request."""

    def __init__(self) -> None:
        #: The last call, once there was any.
        self.last: Call | None = None
        #: Seconds that all calls took.
        self.seconds = 0.0
        #: The number of calls for each value of :attr:`.Call.cache`.
        self.counts: dict[str, int] = {}

    def add(self, call: Call) -> None:
        """Count *call*."""
        self.last = call
        self.seconds += call.seconds
        self.counts[call.cache] = self.counts.get(call.cache, 0) + 1

    def server_timing(self) -> str:
        """Return the value of a ``Server-Timing`` header (W3C) for the calls."""
        counts = ", ".join(f"{number} {cache}" for cache, number in sorted(self.counts.items()))
        return f'ipernity;dur={self.seconds * 1000:.1f};desc="{counts}"'


_call_log = PerRequest(CallLog)


def call_log() -> CallLog | None:
    """Return the log of the current request; ``None`` outside of an application context."""
    return _call_log() if has_app_context() else None
