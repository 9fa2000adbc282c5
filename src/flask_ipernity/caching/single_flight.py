"""Keeps answers to questions: for how long, how many, and one question at a time.

Keys and values are opaque. :class:`Cache` decides when an answer may be given
again; a :class:`Store` only holds what it is given, so that another one (on a
server, in a session) can take the place of :class:`MemoryStore`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from copy import copy
from threading import Event, Lock
from time import monotonic, sleep
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

V = TypeVar("V")

#: Seconds for which an answer that was given in place of a failed question is
#: given again without another try: a service that hangs must not make every
#: visitor wait for its time-out.
STALE_GRACE = 5.0

#: Seconds after which waiting for another thread's question is given up. Longer
#: than a question takes; it ends the wait when that thread no longer exists,
#: as in a process that was forked meanwhile.
WAIT_LIMIT = 60.0

#: Seconds between two looks for the answer that another process is asking for.
LEASE_POLL = 0.02


class Lifetime(NamedTuple):
    """How long an answer may be given again.

    :param fresh: seconds in which nobody is asked.
    :param stale: seconds after that in which it stands in when the question fails.
    """

    fresh: float
    stale: float = 0


class CacheEntry(NamedTuple, Generic[V]):
    """An answer as a store holds it; the times are those of the cache's clock.

    ``is_stale`` tells that it is given once more because the question failed.
    """

    value: V
    fresh_until: float
    stale_until: float
    is_stale: bool = False


#: Where an answer is from. ``hit``: nobody was asked for this caller; ``miss``: it was asked for;
#: ``stale``: it was fresh once, and stands in.
How = Literal["hit", "miss", "stale"]

#: An answer, and where it is from.
Found = tuple[V, How]


class Store(Protocol[V]):
    """Where answers are; safe to use from several threads. It may lose any at any time."""

    def get(self, key: str) -> CacheEntry[V] | None:
        """Return what is held under *key*."""
        ...

    def set(self, key: str, kept: CacheEntry[V]) -> None:
        """Hold *kept* under *key*."""
        ...

    def delete(self, key: str) -> None:
        """Hold nothing under *key* any more."""
        ...

    def lease(self, key: str) -> Callable[[], None] | None:
        """Take the right to ask for *key*; return what gives it back.

        ``None`` while another process has it. It ends by itself, for a process may die.
        """
        ...


class MemoryStore(Generic[V]):
    """Holds answers in this process; when there are too many, the longest unused go.

    :param max_count: how many.
    :param max_bytes: their sizes together; an answer larger than this is not held.
    :param size: tells the size of a value, in bytes.
    """

    def __init__(self, max_count: int, max_bytes: int, size: Callable[[V], int]) -> None:
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._size = size
        self._held: OrderedDict[str, tuple[CacheEntry[V], int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: str) -> CacheEntry[V] | None:
        """Return what is held under *key*."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def set(self, key: str, kept: CacheEntry[V]) -> None:
        """Hold *kept* under *key*, at the cost of what was not used for longest."""
        size = self._size(kept.value) + len(key)
        with self._lock:
            self._remove(key)
            if size > self._max_bytes:
                return
            self._held[key] = kept, size
            self._bytes += size
            while len(self._held) > self._max_count or self._bytes > self._max_bytes:
                self._remove(next(iter(self._held)))

    def delete(self, key: str) -> None:
        """Hold nothing under *key* any more."""
        with self._lock:
            self._remove(key)

    def lease(self, key: str) -> Callable[[], None]:
        """Let the caller ask: no other process sees this store."""
        return lambda: None

    def _remove(self, key: str) -> None:
        _, size = self._held.pop(key, (None, 0))
        self._bytes -= size


class _Flight(Generic[V]):
    """A question that one thread asks, and others wait for."""

    def __init__(self) -> None:
        self.done = Event()
        self.answer: Found[V] | None = None
        # To be raised in copies, and a copy itself: an exception that is raised holds all
        # frames that it goes through, among them those that hold the question.
        self.failure: Exception | None = None


class Cache(Generic[V]):
    """Gives answers again while they are fresh, and asks for each but once at a time.

    Safe to use from several threads.

    :param store: where answers are.
    :param life: tells how long an answer may be given again. A negative answer
        is a value like any other; it gets its own, short life here.
    :param stale_on: the errors of a question that an answer which is no longer
        fresh may stand in for. Any other goes to the caller.
    :param shared_on: further errors that those who wait for the question share.
    :param stale_at_once: an answer that is no longer fresh is also given to those who would have
        to wait for another's question.
    :param clock: seconds, never running backwards; for a store that processes
        share, a clock that they share.
    """

    def __init__(
        self,
        store: Store[V],
        life: Callable[[V], Lifetime],
        *,
        stale_on: tuple[type[Exception], ...] = (),
        shared_on: tuple[type[Exception], ...] = (),
        stale_at_once: bool = False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._life = life
        self._stale_on = stale_on
        self._shared_on = shared_on
        self._stale_at_once = stale_at_once
        self._clock = clock
        self._questions: dict[str, _Flight[V]] = {}
        self._lock = Lock()

    def get(self, key: str, ask: Callable[[], V]) -> V:
        """Return the answer under *key*, from the store or by asking. See :meth:`find`."""
        return self.find(key, ask)[0]

    def find(self, key: str, ask: Callable[[], V]) -> Found[V]:
        """Return the answer under *key*, from the store or by asking, and which it was.

        While one thread asks, the others that want the same wait for it, and
        share its answer or, where it is one of those named, its error. When it
        ends in any other way, the next of them asks.

        :param ask: returns the answer; what it raises is not kept.
        """
        while True:
            kept = self._store.get(key)
            if found := self.fresh(kept):
                return found
            with self._lock:
                question = self._questions.get(key)
                ours = question is None
                if question is None:
                    question = self._questions[key] = _Flight()
            if ours:
                return self._ask(key, question, ask)
            if found := self._at_once(kept):
                return found
            if not question.done.wait(WAIT_LIMIT):
                self.drop(key)
            elif question.failure is not None:
                raise copy(question.failure)
            elif question.answer is not None:
                return question.answer

    def fresh(self, kept: CacheEntry[V] | None) -> Found[V] | None:
        """Return the answer of *kept* if it may be given without asking."""
        if kept is None or self._clock() >= kept.fresh_until:
            return None
        return kept.value, "stale" if kept.is_stale else "hit"

    def peek(self, key: str) -> V | None:
        """Return the answer under *key* if it is there and fresh; ask nobody."""
        found = self.fresh(self._store.get(key))
        return None if found is None else found[0]

    def put(self, key: str, value: V) -> None:
        """Keep *value* under *key*, as if it had been asked for now."""
        life = self._life(value)
        now = self._clock()
        self._store.set(key, CacheEntry(value, now + life.fresh, now + life.fresh + life.stale))

    def drop(self, key: str) -> None:
        """Forget the answer under *key*; one that is being asked for will not be kept."""
        with self._lock:
            self._questions.pop(key, None)
        self._store.delete(key)

    def _old(self, kept: CacheEntry[V] | None) -> Found[V] | None:
        """Return the answer of *kept* if it may stand in for another."""
        if kept is None or self._clock() >= kept.stale_until:
            return None
        return kept.value, "stale"

    def _at_once(self, kept: CacheEntry[V] | None) -> Found[V] | None:
        return self._old(kept) if self._stale_at_once else None

    def _ask(self, key: str, question: _Flight[V], ask: Callable[[], V]) -> Found[V]:
        try:
            found = self._leased(key, question, ask)
            # For those who wait it is a hit: nobody was asked for them.
            value, how = found
            question.answer = value, "hit" if how == "miss" else how
            return found
        finally:
            with self._lock:
                if self._questions.get(key) is question:
                    del self._questions[key]
            question.done.set()

    def _leased(self, key: str, question: _Flight[V], ask: Callable[[], V]) -> Found[V]:
        """Ask, or return what another process finds that asks already."""
        give_up = monotonic() + WAIT_LIMIT
        while (release := self._store.lease(key)) is None and monotonic() < give_up:
            kept = self._store.get(key)
            if found := self.fresh(kept) or self._at_once(kept):
                return found
            sleep(LEASE_POLL)
        try:
            # Another may have got the answer since this one looked.
            return self.fresh(self._store.get(key)) or self._asked(key, question, ask)
        finally:
            if release is not None:
                release()

    def _asked(self, key: str, question: _Flight[V], ask: Callable[[], V]) -> Found[V]:
        try:
            value = ask()
        except self._stale_on as error:
            kept = self._store.get(key)
            found = self._old(kept)
            if kept is None or found is None:
                question.failure = copy(error)
                raise
            pause = min(self._clock() + STALE_GRACE, kept.stale_until)
            self._store.set(key, kept._replace(fresh_until=pause, is_stale=True))
            return found
        except self._shared_on as error:
            question.failure = copy(error)
            raise
        if self._questions.get(key) is question:
            self.put(key, value)
        return value, "miss"
