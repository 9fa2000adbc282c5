"""Dates and times of the form ``YYYY-MM-DD HH:MM:SS``."""

from __future__ import annotations

from datetime import UTC, datetime


def to_unix(created: str) -> int:
    """Return the Unix seconds of a date and time, read as UTC; at least 0."""
    moment = datetime.strptime(created, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return max(0, int(moment.timestamp()))


def from_unix(seconds: float) -> str:
    """Return the date and time of Unix seconds, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
