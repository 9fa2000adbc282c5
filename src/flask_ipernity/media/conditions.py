"""Conditional requests (RFC 9110, section 13).

The conditions that caches use go to the source, to save its bytes. What it
answers is judged here all the same: not every server knows lists, weak tags, or
``If-Match``. That happens after permission: a stranger learns nothing by the tag
of a file that is not for him.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.http import http_date, parse_date

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"', re.ASCII)
_TAGS = re.compile(rf"\s*{_TAG.pattern}\s*(?:,\s*{_TAG.pattern}\s*)*", re.ASCII)

#: A longer list is not looked through.
_LONGEST = 8192
_LONGEST_DATE = 64


class Validators(NamedTuple):
    """What tells two versions of a file apart; ``None`` where the source sends none."""

    etag: str | None
    modified: datetime | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Validators:
        """Return the validators in a source's headers; what is malformed is left out."""
        etag = headers.get("ETag")
        return cls(etag if etag and _TAG.fullmatch(etag) else None, _date(headers, "Last-Modified"))

    def headers(self) -> dict[str, str]:
        """Return them as headers of an answer."""
        sent = {} if self.etag is None else {"ETag": self.etag}
        if self.modified is not None:
            sent["Last-Modified"] = http_date(self.modified)
        return sent


class Conditions:
    """The conditions of one request."""

    def __init__(self, headers: Headers) -> None:
        self._match = _tags(headers, "If-Match")
        self._none_match = _tags(headers, "If-None-Match")
        # A tag takes precedence over a date (13.2.2).
        self._since = None if self._none_match else _date(headers, "If-Modified-Since")
        self._unmodified = None if self._match else _date(headers, "If-Unmodified-Since")
        self._range = headers.get("If-Range", "").strip()
        self._range_date = None if '"' in self._range else _date(headers, "If-Range")

    def sent(self) -> dict[str, str]:
        """Return the headers that spare the source from sending what the visitor has."""
        sent = {}
        if self._none_match:
            sent["If-None-Match"] = ", ".join(self._none_match)
        if self._since is not None:
            sent["If-Modified-Since"] = http_date(self._since)
        return sent

    @property
    def if_range(self) -> str | None:
        """The value of ``If-Range`` to send along with a range; ``None`` for none."""
        return http_date(self._range_date) if self._range_date else self._range or None

    @property
    def range_is_possible(self) -> bool:
        """Whether a range may be asked for: ``If-Range`` needs a strong tag, or a date."""
        is_strong = not self._range.startswith("W/") and _TAG.fullmatch(self._range) is not None
        return not self._range or is_strong or self._range_date is not None

    def range_holds(self, found: Validators) -> bool:
        """Tell whether ``If-Range`` allows a part of what was found to be sent."""
        if not self._range:
            return True
        if self._range_date is not None:
            return found.modified == self._range_date
        return found.etag == self._range

    def fail(self, found: Validators) -> bool:
        """Tell whether the answer is 412."""
        if self._match:
            if self._match == ["*"]:
                return False
            return (
                found.etag is None or found.etag.startswith("W/") or (found.etag not in self._match)
            )
        return (
            self._unmodified is not None
            and found.modified is not None
            and found.modified > self._unmodified
        )

    def unchanged(self, found: Validators) -> bool:
        """Tell whether the visitor has what was found already, so that the answer is 304."""
        if self._none_match:
            if self._none_match == ["*"]:
                return True
            tags = {tag.removeprefix("W/") for tag in self._none_match}
            return found.etag is not None and found.etag.removeprefix("W/") in tags
        return (
            self._since is not None and found.modified is not None and found.modified <= self._since
        )


def _tags(headers: Headers, name: str) -> list[str]:
    """Return the tags of a header; none where it is malformed."""
    if name not in headers:
        return []
    value = ", ".join(headers.getlist(name))
    if value.strip() == "*":
        return ["*"]
    if len(value) > _LONGEST or not _TAGS.fullmatch(value):
        return []
    return _TAG.findall(value)


def _date(headers: Mapping[str, str] | Headers, name: str) -> datetime | None:
    value = headers.get(name)
    return _parsed(value) if value and len(value) <= _LONGEST_DATE else None


@lru_cache(maxsize=1024)
def _parsed(value: str) -> datetime | None:
    try:
        return parse_date(value)
    except (ValueError, OverflowError):
        return None
