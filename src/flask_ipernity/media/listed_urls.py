"""The URLs in lists of documents: each list has the URL of one size of each document.

A gallery page asks for a list, and its pictures right after that. With the URLs
of the list, no further call is needed for each document.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, NamedTuple

from ..per_process import ProcessLock
from .hosts import MAX_URL_LENGTH
from .labels import can_exist

#: How many lists are kept, the newest.
MAX_LISTS = 64
#: Bytes that they may take together.
MAX_BYTES = 8 * 1024 * 1024
#: Bytes that a URL takes beyond its characters, with its document and label.
_ENTRY_BYTES = 300

#: URLs by document and label.
URLs = dict[tuple[str, str], str]


def listed_urls(records: Any) -> URLs:
    """Return the URLs in *records*, a list of documents; what is malformed is left out."""
    urls: URLs = {}
    for record in records if isinstance(records, list) else ():
        thumb = record.get("thumb") if isinstance(record, Mapping) else None
        if isinstance(thumb, Mapping) and isinstance(url := thumb.get("url"), str):
            doc_id, label = str(record.get("doc_id")), str(thumb.get("label"))
            if url and len(url) <= MAX_URL_LENGTH and can_exist(doc_id, label):
                urls[doc_id, label] = url
    return urls


class _List(NamedTuple):
    """The URLs of a list by document and label, who may use them, and until when."""

    viewer: str
    expires: float
    urls: URLs
    size: int


class ListedURLs:
    """Keeps the URLs of the newest lists; safe to use from several threads.

    :param max_age: seconds for which a list is used.
    """

    def __init__(self, max_age: float, clock: Callable[[], float] = monotonic) -> None:
        self._max_age = max_age
        self._clock = clock
        self._lists: deque[_List] = deque()
        self._size = 0
        self._lock = ProcessLock()

    def __len__(self) -> int:
        return len(self._lists)

    def add(self, viewer: str, urls: URLs) -> None:
        """Keep the URLs of a list that *viewer* has got, in place of the oldest lists."""
        size = sum(_ENTRY_BYTES + len(url) for url in urls.values())
        if not urls or size > MAX_BYTES:
            return
        added = _List(viewer, self._clock() + self._max_age, urls, size)
        with self._lock:
            self._lists.append(added)
            self._size += size
            while len(self._lists) > MAX_LISTS or self._size > MAX_BYTES:
                self._size -= self._lists.popleft().size

    def url(self, viewer: str, doc_id: str, label: str) -> str | None:
        """Return the URL in the newest list of *viewer* that has one."""
        with self._lock:
            now = self._clock()
            for kept in reversed(self._lists):
                if now >= kept.expires:
                    break
                if kept.viewer == viewer and (url := kept.urls.get((doc_id, label))):
                    return url
        return None

    def forget(self, doc_id: str) -> None:
        """Forget the URLs of a document: one of them leads nowhere."""
        with self._lock:
            for kept in self._lists:
                for key in [key for key in kept.urls if key[0] == doc_id]:
                    del kept.urls[key]
