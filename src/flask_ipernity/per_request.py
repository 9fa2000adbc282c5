"""What is kept for one request, and shared with no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Request, request
from flask.globals import app_ctx

from .caching.told import Call

if TYPE_CHECKING:
    from .sign_in.visitor import VisitorAPI


class Here:
    """What is kept for one request; outside of requests, for an application context."""

    __slots__ = ("api", "counts", "last_call", "request", "seconds")

    def __init__(self, request: Request | None) -> None:
        self.request = request
        #: The API object of the visitor, once it was asked for.
        self.api: VisitorAPI | None = None
        self.last_call: Call | None = None
        #: The seconds that all calls took, and their number for each :attr:`.Call.how`.
        self.seconds = 0.0
        self.counts: dict[str, int] = {}

    def add(self, call: Call) -> None:
        """Count *call*."""
        self.last_call = call
        self.seconds += call.seconds
        self.counts[call.how] = self.counts.get(call.how, 0) + 1

    def server_timing(self) -> str:
        """Return what a ``Server-Timing`` header (W3C) tells of the calls."""
        counts = ", ".join(f"{number} {how}" for how, number in sorted(self.counts.items()))
        return f'ipernity;dur={self.seconds * 1000:.1f};desc="{counts}"'


def here() -> Here | None:
    """Return what is kept here; ``None`` outside of an application context."""
    # Each call asks; flask.g itself takes three times as long.
    try:
        g = app_ctx._get_current_object().g  # type: ignore[attr-defined]
    except RuntimeError:
        return None
    try:
        current: Request | None = request._get_current_object()  # type: ignore[attr-defined]
    except RuntimeError:
        current = None
    # It may belong to an application context that outlives the request, so what
    # lies there counts only for the request that it was made for.
    kept: Here | None = g.get("_ipernity_here")
    if kept is None or kept.request is not current:
        kept = g._ipernity_here = Here(current)
    return kept
