"""The budget for guesses: for asking the service about documents that it turns out not to have.

The service counts the calls of the whole site as one client's. Without a budget, a stranger who
tries one document number after the other uses them up, and the site's own pages fail.

A document that is found costs nothing: pages that a browser, another site or a search engine has
kept get their pictures also after a restart. Nor does a number that was tried a moment ago, so that
many visitors of a page with a missing picture cost no more than one.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable
from math import inf, isfinite
from time import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from ..per_process import ProcessLock

if TYPE_CHECKING:
    from ..caching.backends import TextStore

T = TypeVar("T")

log = logging.getLogger(__name__)

#: How many buckets of visitors are kept, and how many numbers of known documents.
_MAX_ENTRIES = 10_000
#: Seconds in which a number that was tried costs nothing more.
_TRIED_SECONDS = 60.0
#: Seconds between two warnings that the budget is used up.
_WARN_EVERY = 60.0


class Budget(NamedTuple):
    """How many look-ups may fail."""

    #: At once, after a time without any.
    burst: int
    #: In a second, after that.
    rate: float


#: For one visitor: an IP address, or a token.
PER_VISITOR = Budget(10, 0.2)
#: For all strangers together, in all processes that share a store. Far below any limit of the
#: service that has been seen, so that most of it is left for the site's own calls.
FOR_ALL = Budget(20, 1.0)


class GuessesSpent(Exception):
    """The budget is used up, and nothing was asked."""


class _Bucket:
    """What is left of a budget. It may go below 0: what is under way is not counted yet."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.left, self.at = float(budget.burst), 0.0

    def fill(self, now: float) -> None:
        """Add what has come since the last time."""
        passed = max(0.0, now - self.at)
        self.left = min(float(self.budget.burst), self.left + passed * self.budget.rate)
        self.at = now

    def has_one(self, now: float) -> bool:
        """Return whether something may be asked."""
        self.fill(now)
        return self.left >= 1


def _put(held: OrderedDict[str, T], key: str, value: T) -> None:
    """Hold *value* in place of the one that was put longest ago."""
    held[key] = value
    held.move_to_end(key)
    if len(held) > _MAX_ENTRIES:
        held.popitem(last=False)


class GuessBudget:
    """Counts look-ups that failed; safe to use from several threads.

    :param texts: a store shared with other processes, if there is one.
    :param key: the key of the common budget in the store.
    """

    def __init__(
        self, texts: TextStore | None = None, key: str = "", clock: Callable[[], float] = time
    ) -> None:
        self._texts = texts
        self._key = key
        self._clock = clock
        self._visitors: OrderedDict[str, _Bucket] = OrderedDict()
        self._all = _Bucket(FOR_ALL)
        #: Documents that everybody could see, the latest of them.
        self._known: OrderedDict[str, float] = OrderedDict()
        #: Numbers that were tried, and until when they are known.
        self._tried: OrderedDict[str, float] = OrderedDict()
        self._warned = -inf
        self._lock = ProcessLock()

    def add_known(self, *doc_ids: str) -> None:
        """Take note that everybody may see these documents: to ask about them is no guess.

        Those that only some may see do not count, or strangers could tell them from missing ones.
        """
        with self._lock:
            for doc_id in doc_ids:
                _put(self._known, doc_id, inf)

    def is_known(self, doc_id: str) -> bool:
        """Return whether asking about a document is no guess."""
        return doc_id in self._known or self._tried.get(doc_id, 0.0) > self._clock()

    def check(self, visitor: str | None, *, is_stranger: bool) -> None:
        """Let a look-up of an unknown document pass, if there may be one.

        :param visitor: who wants it; ``None`` where the visitor cannot be told from others.
        :param is_stranger: whether the visitor is not signed in.
        :raises GuessesSpent: there may not.
        """
        if is_stranger:
            self._read()
        with self._lock:
            now = self._clock()
            bucket = self._visitors.get(visitor) if visitor is not None else None
            may_ask = bucket is None or bucket.has_one(now)
            if is_stranger:
                may_ask = may_ask and self._all.has_one(now)
        if not may_ask:
            raise GuessesSpent

    def count(self, doc_id: str, visitor: str | None, *, is_stranger: bool) -> None:
        """Take note of a look-up of an unknown document that failed.

        :param doc_id: the document.
        :param visitor: as for :meth:`check`, like *is_stranger*.
        """
        if is_stranger:
            self._read()
        with self._lock:
            now = self._clock()
            if visitor is not None:
                bucket = self._visitors.get(visitor) or _Bucket(PER_VISITOR)
                bucket.fill(now)
                bucket.left -= 1
                _put(self._visitors, visitor, bucket)
            if not is_stranger:
                return
            _put(self._tried, doc_id, now + _TRIED_SECONDS)
            self._all.fill(now)
            self._all.left -= 1
            text = json.dumps([self._all.left, now])
            is_new = self._all.left < 1 and now - self._warned > _WARN_EVERY
            if is_new:
                self._warned = now
        if self._texts is not None:
            self._texts.set(self._key, text, FOR_ALL.burst / FOR_ALL.rate * 2)
        if is_new:
            log.warning(
                "media: strangers ask for documents that do not exist; for those that are not known"
                " nothing is asked for a while"
            )

    def _read(self) -> None:
        """Take over what other processes have counted."""
        if self._texts is None:
            return
        [text] = self._texts.get_many(self._key)
        if text is None:
            return
        try:
            left, at = map(float, json.loads(text))
        except (TypeError, ValueError):  # nothing that this version has written
            return
        if not isfinite(left) or not isfinite(at):
            return
        with self._lock:
            now = self._clock()
            self._all.fill(now)
            # A clock that is ahead must not stop this process for long.
            passed = min(max(0.0, now - at), 3600.0)
            shared = max(left, -float(FOR_ALL.burst)) + passed * FOR_ALL.rate
            self._all.left = min(self._all.left, shared)


class Guess:
    """The look-ups for one request, as far as they are guesses.

    :param budget: what they are counted against.
    :param doc_id: the document.
    :param visitor: as for :meth:`GuessBudget.check`, like *is_stranger*.
    """

    def __init__(
        self, budget: GuessBudget, doc_id: str, visitor: str | None, *, is_stranger: bool
    ) -> None:
        self._budget = budget
        self._doc_id = doc_id
        self._visitor = visitor
        self._is_stranger = is_stranger
        #: Whether the service was asked, and does not have the document for this viewer.
        self.has_failed = False

    def check(self) -> None:
        """Let the look-up pass. See :meth:`GuessBudget.check`."""
        self._budget.check(self._visitor, is_stranger=self._is_stranger)

    def end(self) -> None:
        """Count the look-up, if it has failed."""
        if self.has_failed:
            self._budget.count(self._doc_id, self._visitor, is_stranger=self._is_stranger)
