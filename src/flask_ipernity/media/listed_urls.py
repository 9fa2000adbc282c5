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

#: How many lists are kept, the newest.
MAX_LISTS = 64


class _List(NamedTuple):
    """The URLs of a list by document and label, who may use them, and until when."""

    viewer: str
    expires: float
    urls: dict[tuple[str, str], str]


class ListedURLs:
    """Keeps the URLs of the newest lists; safe to use from several threads.

    :param max_age: seconds for which a list is used.
    """

    def __init__(self, max_age: float, clock: Callable[[], float] = monotonic) -> None:
        self._max_age = max_age
        self._clock = clock
        self._lists: deque[_List] = deque(maxlen=MAX_LISTS)
        self._lock = ProcessLock()

    def __len__(self) -> int:
        return len(self._lists)

    def add(self, viewer: str, records: Any) -> None:
        """Keep the URLs in *records*, a list of documents that *viewer* has got."""
        if not isinstance(records, list):
            return
        urls = {}
        for record in records:
            thumb = record.get("thumb") if isinstance(record, Mapping) else None
            if isinstance(thumb, Mapping) and isinstance(url := thumb.get("url"), str) and url:
                urls[str(record.get("doc_id")), str(thumb.get("label"))] = url
        if urls:
            added = _List(viewer, self._clock() + self._max_age, urls)
            with self._lock:
                self._lists.append(added)

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
