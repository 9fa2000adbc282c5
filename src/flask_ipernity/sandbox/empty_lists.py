"""Whether an empty list is in an answer, as ``[]``, or has no key.

What clients prove for a list is in the method list (``empty_lists``), and always kept. For the
others nobody knows: documents of ``doc.search`` were met both ways within five weeks
([C] Photini 00e82faf, ecb9aa4f). There the sandbox answers as it was told to.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Literal, TypeAlias, get_args

from .registry import METHOD_INFO

#: ``absent``: no key; ``list``: ``[]``; ``mixed``: each list in turns, first without a key.
EmptyLists: TypeAlias = Literal["absent", "list", "mixed"]


class EmptyListRule:
    """Decides for each empty list of each answer.

    :raises ValueError: if there is no such kind.
    """

    def __init__(self, kind: EmptyLists = "absent") -> None:
        if kind not in get_args(EmptyLists):
            raise ValueError(
                f"Empty lists {kind!r}: there are {', '.join(map(repr, get_args(EmptyLists)))}."
            )
        self.kind = kind
        self._met: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def has_key(self, method: str, path: str) -> bool:
        """Return whether an empty list has a key this time.

        :param path: the keys that lead to it, such as ``docs.doc``.
        """
        if METHOD_INFO[method].empty_lists.get(path) == "list":
            return True
        if self.kind != "mixed":
            return self.kind == "list"
        with self._lock:
            self._met[method, path] += 1
            return self._met[method, path] % 2 == 0

    @staticmethod
    def leaves_with(method: str, path: str) -> bool:
        """Return whether what holds a list is absent where the empty list has no key."""
        return METHOD_INFO[method].empty_lists.get(path) == "whole"
