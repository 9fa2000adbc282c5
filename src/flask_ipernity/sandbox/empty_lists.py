"""Whether an empty list is in an answer, as ``[]``, or has no key.

What clients prove for a list is in the method list (``empty_lists``), and always kept. For the
others nobody knows: documents of ``doc.search`` were met both ways within five weeks
([C] Photini 00e82faf, ecb9aa4f). There the sandbox answers as :class:`.Unknowns` says.
"""

from __future__ import annotations

import threading
from collections import Counter

from .registry import METHOD_INFO
from .unknowns import Unknowns


class EmptyListRule:
    """Decides for each empty list of each answer."""

    def __init__(self, unknowns: Unknowns) -> None:
        self._unknowns = unknowns
        self._met: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def has_key(self, method: str, path: str) -> bool:
        """Return whether an empty list has a key this time.

        :param path: the keys that lead to it, such as ``docs.doc``.
        """
        if METHOD_INFO[method].empty_lists.get(path) == "list":
            return True
        if self._unknowns.empty_lists != "mixed":
            return self._unknowns.empty_lists == "list"
        with self._lock:
            self._met[method, path] += 1
            return self._met[method, path] % 2 == 0

    @staticmethod
    def leaves_with(method: str, path: str) -> bool:
        """Return whether what holds a list is absent where the empty list has no key."""
        return METHOD_INFO[method].empty_lists.get(path) == "whole"
