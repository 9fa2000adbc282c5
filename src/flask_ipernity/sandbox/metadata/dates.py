"""Dates and times: in files, and as the service writes them, ``YYYY-MM-DD HH:MM:SS``."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

_FORM = "%Y-%m-%d %H:%M:%S"
# EXIF has colons in the date, XMP dashes, IPTC neither. XMP's may be a month or a year only.
_DATE = re.compile(
    r"(?P<year>\d{4})(?:[:/.-]?(?P<month>\d\d)(?:[:/.-]?(?P<day>\d\d)"
    r"(?:[T :]+(?P<hour>\d\d):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:\.(?P<fraction>\d+))?)?"
    r" *(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?"
)
_ZONE = re.compile(r"Z|[+-]\d\d:?\d\d")


def to_unix(created: str) -> int:
    """Return the Unix seconds of a date and time, read as UTC; at least 0."""
    moment = datetime.strptime(created, _FORM).replace(tzinfo=UTC)
    return max(0, int(moment.timestamp()))


def from_unix(seconds: float) -> str:
    """Return the date and time of Unix seconds, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime(_FORM)


def in_service_form(moment: datetime) -> str:
    """Return a date and time as on the clock of its place."""
    # %Y has fewer than four digits before the year 1000 on some systems
    return moment.replace(microsecond=0, tzinfo=None).isoformat(" ")


def parse(
    text: str | None, fraction: str | None = None, zone: str | None = None
) -> datetime | None:
    """Return the date and time of a text in EXIF's, IPTC's or XMP's form.

    What is missing of a date is its beginning: ``2024`` is the first of January. Without a zone the
    result has none.

    :param fraction: the digits behind the second, if they stand elsewhere.
    :param zone: the zone, if it stands elsewhere.
    :returns: None if it is no date, such as ``0000:00:00 00:00:00``.
    """
    found = _DATE.fullmatch((text or "").strip())
    if found is None:
        return None
    digits = str(found["fraction"] or fraction or "").strip()
    digits = digits if digits.isascii() and digits.isdigit() else ""
    clock = str(found["zone"] or zone or "").strip()
    try:
        moment = datetime(  # noqa: DTZ001 - the zone follows, if there is one
            int(found["year"]),
            int(found["month"] or 1),
            int(found["day"] or 1),
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            int(found["second"] or 0),
            int(digits[:6].ljust(6, "0")),
        )
    except ValueError:
        return None
    with suppress(ValueError):  # a zone of more than a day
        if _ZONE.fullmatch(clock):
            return moment.replace(tzinfo=datetime.strptime(clock, "%z").tzinfo)
    return moment
