"""Lists of many documents, made once and kept until something that they depend on changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from .documents import Doc, changes

T = TypeVar("T")

#: How many lists are kept; many callers with other rights or filters need many.
MAX_LISTS = 64


class DocIndex:
    """Keeps what was made of all documents.

    The attributes on which order and visibility depend are watched, see :data:`.WATCHED`; what
    depends on others, such as tags and faves, must not be kept here.
    """

    def __init__(self) -> None:
        self._seen: tuple[int, ...] = ()
        self._kept: dict[Hashable, Any] = {}
        self._touched = 0

    def touch(self) -> None:
        """Forget all lists: documents were added or removed."""
        self._touched += 1

    def get(self, docs: dict[str, Doc], key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made under a key, or make it.

        :param key: all that it depends on, besides the documents.
        """
        seen = (id(docs), len(docs), changes(), self._touched)
        if seen != self._seen:
            self._kept.clear()
            self._seen = seen
        if key not in self._kept:
            if len(self._kept) >= MAX_LISTS:
                self._kept.clear()
            self._kept[key] = make()
        kept: T = self._kept[key]
        return kept
