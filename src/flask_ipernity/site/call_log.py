"""The log of the API calls of a request."""

from __future__ import annotations

from ..signals import Call
from ..state import PerRequest


class CallLog:
    """The numbers and times of the API calls of one request."""

    def __init__(self) -> None:
        #: The last call; ``None`` before the first.
        self.last: Call | None = None
        #: The seconds of all calls together.
        self.seconds = 0.0
        #: The number of calls for each value of :attr:`.Call.cache`.
        self.counts: dict[str, int] = {}

    def add(self, call: Call) -> None:
        """Add *call* to the log."""
        self.last = call
        self.seconds += call.seconds
        self.counts[call.cache] = self.counts.get(call.cache, 0) + 1

    def server_timing(self) -> str:
        """Return the value of a ``Server-Timing`` header (W3C) for the calls."""
        counts = ", ".join(f"{number} {cache}" for cache, number in sorted(self.counts.items()))
        return f'ipernity;dur={self.seconds * 1000:.1f};desc="{counts}"'


#: The log of the current request; outside of requests, of the application context.
call_log: PerRequest[CallLog] = PerRequest(CallLog)
