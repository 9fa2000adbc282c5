"""Reads ``Retry-After``, the header in which a server says how long to wait."""

from __future__ import annotations

from urllib3 import Retry
from urllib3.exceptions import InvalidHeader


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds to wait, or ``None`` where the header is missing or says nothing.

    :param value: the header: seconds, or a date.
    """
    try:
        return max(0.0, Retry().parse_retry_after(value)) if value else None
    except (InvalidHeader, ValueError, OverflowError):
        return None
