"""Conditional requests and byte ranges (RFC 9110, sections 13 and 14).

The conditions that caches use go to the source, to save its bytes. Its response
is judged here all the same: not every server knows lists, weak tags, or
``If-Match``. That happens after permission: visitors learn nothing from the tag
of a file that they may not see.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.http import http_date, parse_date

from ..errors import BadAnswer

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"', re.ASCII)
_TAGS = re.compile(rf"\s*{_TAG.pattern}\s*(?:,\s*{_TAG.pattern}\s*)*", re.ASCII)

#: Characters of a list of tags; a longer one is ignored.
MAX_TAGS_LENGTH = 8192
#: Characters of a date; a longer one is ignored.
MAX_DATE_LENGTH = 64

# Longer numbers name no byte of a file, and Python refuses to read very long ones.
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))", re.ASCII)
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})", re.ASCII)
_UNSATISFIED = re.compile(r"bytes \*/([0-9]{1,18})", re.ASCII)

#: A position behind the end of any file.
_BEYOND_END = 10**18 - 1


class Validators(NamedTuple):
    """What distinguishes two versions of a file; ``None`` where the source sends none."""

    etag: str | None
    modified: datetime | None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Validators:
        """Return the validators in a source's headers; what is malformed is left out."""
        etag = headers.get("ETag")
        return cls(etag if etag and _TAG.fullmatch(etag) else None, _date(headers, "Last-Modified"))

    def headers(self) -> dict[str, str]:
        """Return them as headers of a response."""
        headers = {} if self.etag is None else {"ETag": self.etag}
        if self.modified is not None:
            headers["Last-Modified"] = http_date(self.modified)
        return headers


class ByteRange(NamedTuple):
    """A range that is asked for.

    :param first: position of its first byte; ``None`` for the last *last* bytes of the file.
    :param last: position of its last byte; ``None`` for the end of the file.
    """

    first: int | None
    last: int | None

    @classmethod
    def parse(cls, values: list[str]) -> ByteRange | None:
        """Return the range in the ``Range`` lines *values*; ``None`` for the whole file.

        Several ranges, and what is no range, count as none, which RFC 9110 allows.
        """
        found = _RANGE.fullmatch(values[0].strip()) if len(values) == 1 else None
        if found is None:
            return None
        if found[3]:
            return cls(None, int(found[3]))
        first, last = int(found[1]), int(found[2]) if found[2] else None
        return None if last is not None and last < first else cls(first, last)

    def header(self) -> str:
        """Return it as a value of ``Range``."""
        if self.first is None:
            # The last 0 bytes cannot be had, but not every server knows that.
            return f"bytes=-{self.last}" if self.last else f"bytes={_BEYOND_END}-"
        return f"bytes={self.first}-{'' if self.last is None else self.last}"

    def check(self, content_range: str | None) -> ContentRange:
        """Return the part of the file that *content_range* names, if it is this range.

        :raises BadAnswer: it is another, so that its bytes would end up in the wrong place.
        """
        found = _CONTENT_RANGE.fullmatch(content_range or "")
        if found is None:
            raise BadAnswer("the media host sent a part of the file without saying which")
        part = ContentRange(int(found[1]), int(found[2]), int(found[3]))
        end = part.complete - 1
        if self.first is None:
            expected = (max(0, part.complete - (self.last or 0)), end)
        else:
            expected = (self.first, end if self.last is None else min(self.last, end))
        if not part.first <= part.last <= end or (part.first, part.last) != expected:
            raise BadAnswer("the media host sent another part of the file than was asked for")
        return part


class ContentRange(NamedTuple):
    """A part of a file.

    :param first: position of its first byte.
    :param last: position of its last byte.
    :param complete: length of the file, in bytes.
    """

    first: int
    last: int
    complete: int

    @property
    def length(self) -> int:
        """Its number of bytes."""
        return self.last - self.first + 1

    def header(self) -> str:
        """Return it as a value of ``Content-Range``."""
        return f"bytes {self.first}-{self.last}/{self.complete}"


def complete_length(content_range: str | None) -> int | None:
    """Return the length of the file that the ``Content-Range`` of a 416 names."""
    found = _UNSATISFIED.fullmatch(content_range or "")
    return int(found[1]) if found else None


class Conditions:
    """The conditions and the range of one request.

    :param is_head: whether it is a HEAD, which has no range.
    """

    def __init__(self, headers: Headers, *, is_head: bool) -> None:
        self._match = _tags(headers, "If-Match")
        self._none_match = _tags(headers, "If-None-Match")
        # A tag takes precedence over a date (13.2.2).
        self._since = None if self._none_match else _date(headers, "If-Modified-Since")
        self._unmodified = None if self._match else _date(headers, "If-Unmodified-Since")
        self._if_range = headers.get("If-Range", "").strip()
        self._if_range_date = None if '"' in self._if_range else _date(headers, "If-Range")
        self.is_head = is_head
        can_have_range = not is_head and self._if_range_is_valid()
        #: The range that is asked for; ``None`` for the whole file.
        self.range = ByteRange.parse(headers.getlist("Range")) if can_have_range else None

    def _if_range_is_valid(self) -> bool:
        """Return whether ``If-Range`` is missing, a strong tag, or a date."""
        if not self._if_range or self._if_range_date is not None:
            return True
        return not self._if_range.startswith("W/") and _TAG.fullmatch(self._if_range) is not None

    @property
    def may_be_unchanged(self) -> bool:
        """Whether the request may be answered with 304."""
        return bool(self._none_match) or self._since is not None

    def source_headers(self) -> dict[str, str]:
        """Return the headers that ask the source for no more than the visitor needs."""
        headers = {}
        if self._none_match:
            headers["If-None-Match"] = ", ".join(self._none_match)
        if self._since is not None:
            headers["If-Modified-Since"] = http_date(self._since)
        if self.range is not None:
            headers["Range"] = self.range.header()
            if self._if_range_date is not None:
                headers["If-Range"] = http_date(self._if_range_date)
            elif self._if_range:
                headers["If-Range"] = self._if_range
        return headers

    def allow_part(self, found: Validators) -> bool:
        """Return whether ``If-Range`` allows to send a part of the version *found*."""
        if not self._if_range:
            return True
        if self._if_range_date is not None:
            return found.modified == self._if_range_date
        return found.etag == self._if_range

    def fail(self, found: Validators) -> bool:
        """Return whether the version *found* makes the response a 412."""
        if self._match:
            if self._match == ["*"]:
                return False
            return (
                found.etag is None or found.etag.startswith("W/") or found.etag not in self._match
            )
        return (
            self._unmodified is not None
            and found.modified is not None
            and found.modified > self._unmodified
        )

    def is_unchanged(self, found: Validators) -> bool:
        """Return whether the visitor has the version *found*, so that the response is a 304."""
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
    if len(value) > MAX_TAGS_LENGTH or not _TAGS.fullmatch(value):
        return []
    return _TAG.findall(value)


def _date(headers: Mapping[str, str] | Headers, name: str) -> datetime | None:
    value = headers.get(name)
    return _parse_date(value) if value and len(value) <= MAX_DATE_LENGTH else None


@lru_cache(maxsize=1024)
def _parse_date(value: str) -> datetime | None:
    try:
        return parse_date(value)
    except (ValueError, OverflowError):
        return None
