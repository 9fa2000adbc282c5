"""What lists of documents have told in passing: the address of one size of each.

A gallery page asks for a list, and its pictures right after that. The list has
their addresses, so that nobody needs to ask for each document again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

#: Lists that are remembered, the newest.
_MOST = 64


class _List(NamedTuple):
    """Addresses of a list by document and label, who was told them, and until when they count."""

    viewer: str
    until: float
    urls: dict[tuple[str, str], str]


class ListedURLs:
    """Remembers the newest lists; safe to use from several threads.

    :param life: seconds.
    """

    def __init__(self, life: float, clock: Callable[[], float] = monotonic) -> None:
        self._life = life
        self._clock = clock
        self._lists: deque[_List] = deque(maxlen=_MOST)
        self._lock = Lock()

    def add(self, viewer: str, records: Any) -> None:
        """Remember what *records*, of a list that *viewer* got, tell."""
        if not isinstance(records, list):
            return
        urls = {}
        for record in records:
            thumb = record.get("thumb") if isinstance(record, Mapping) else None
            if isinstance(thumb, Mapping) and isinstance(url := thumb.get("url"), str) and url:
                urls[str(record.get("doc_id")), str(thumb.get("label"))] = url
        if urls:
            heard = _List(viewer, self._clock() + self._life, urls)
            with self._lock:
                self._lists.append(heard)

    def url(self, viewer: str, doc_id: str, label: str) -> str | None:
        """Return the address that *viewer* was told last."""
        with self._lock:
            now = self._clock()
            for heard in reversed(self._lists):
                if now >= heard.until:
                    break
                if heard.viewer == viewer and (url := heard.urls.get((doc_id, label))):
                    return url
        return None

    def forget(self, doc_id: str) -> None:
        """Forget a document whose address turned out to lead nowhere."""
        with self._lock:
            for heard in self._lists:
                for key in [key for key in heard.urls if key[0] == doc_id]:
                    del heard.urls[key]
