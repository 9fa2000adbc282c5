"""A cache that loads each missing value once, however many threads and processes want it.

Keys and values are opaque. :class:`Cache` decides when a value may be given again; a
:class:`Store` only holds entries, so that a server or a session can take the place of
:class:`MemoryStore`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from copy import copy
from threading import Event, Lock
from time import monotonic, sleep
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from ..per_process import PerProcess, ProcessLock

K = TypeVar("K", bound=Hashable)
K_contra = TypeVar("K_contra", bound=Hashable, contravariant=True)
V = TypeVar("V")

#: Seconds for which a stale value that was given because a load failed is given again without
#: another try. Otherwise a service that hangs would make every visitor wait for its time-out.
STALE_GRACE = 5.0

#: Seconds after which waiting for another thread's load is given up. Longer than a load takes.
WAIT_LIMIT = 60.0

#: Seconds between two looks for the value that another process is loading.
LEASE_POLL = 0.02


class Lifetime(NamedTuple):
    """How long a value may be given again."""

    #: Seconds in which it is given without a load.
    fresh: float
    #: Seconds after that in which it is given when a load fails.
    stale: float = 0


class CacheEntry(NamedTuple, Generic[V]):
    """A value as a store holds it; the times are those of the cache's clock."""

    value: V
    fresh_until: float
    stale_until: float
    #: Whether it is past its life, and fresh again for :data:`STALE_GRACE` only.
    is_stale: bool = False


#: Where a value is from. ``hit``: nothing was loaded for this caller; ``miss``: it was loaded;
#: ``stale``: it is from the store, and past its life.
CacheStatus = Literal["hit", "miss", "stale"]

#: A value, and where it is from.
Found = tuple[V, CacheStatus]


#: Returns an entry that may stand in for another one.
Instead = Callable[[], "CacheEntry[V] | None"]


class Lookup(Protocol[V]):
    """What a store holds for one key, read once, and the way to replace it; for one thread."""

    #: The entry as it was read last.
    entry: CacheEntry[V] | None

    @property
    def flight_key(self) -> Hashable:
        """What lookups have in common that may share one load."""
        ...

    def acquire(self) -> bool:
        """Try to take the lease on the key, without which no other process should load it.

        Update :attr:`entry` if another process has or had the lease. A lease ends by itself
        after a while, because a process may die.
        """
        ...

    def release(self) -> None:
        """Give the lease back, if it is held."""
        ...

    def refresh(self) -> None:
        """Update :attr:`entry`."""
        ...

    def write(self, entry: CacheEntry[V]) -> None:
        """Hold *entry* under the key, and give the lease back."""
        ...

    def delete(self) -> None:
        """Hold nothing under the key any more, and give the lease back."""
        ...


class Store(Protocol[K_contra, V]):
    """Holds entries; safe to use from several threads. It may lose any entry at any time."""

    def lookup(self, key: K_contra) -> Lookup[V]:
        """Return what is held under *key*."""
        ...


class LocalStore(Protocol[K_contra, V]):
    """A store that no other process sees."""

    def get(self, key: K_contra) -> CacheEntry[V] | None:
        """Return the entry under *key*."""
        ...

    def set(self, key: K_contra, entry: CacheEntry[V]) -> None:
        """Hold *entry* under *key*."""
        ...

    def delete(self, key: K_contra) -> None:
        """Hold nothing under *key* any more."""
        ...


class LocalLookup(Generic[K, V]):
    """A :class:`Lookup` in a :class:`LocalStore`, where nobody else can hold a lease."""

    def __init__(self, store: LocalStore[K, V], key: K) -> None:
        self._store = store
        self.flight_key = key
        self.entry = store.get(key)

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        pass

    def refresh(self) -> None:
        self.entry = self._store.get(self.flight_key)

    def write(self, entry: CacheEntry[V]) -> None:
        self._store.set(self.flight_key, entry)

    def delete(self) -> None:
        self._store.delete(self.flight_key)


class MemoryStore(Generic[K, V]):
    """Holds entries in this process; when there are too many, the least recently used go.

    :param max_count: how many.
    :param max_bytes: their sizes together; an entry larger than this is not held.
    :param size: returns the size of a value, in bytes.
    """

    def __init__(self, max_count: int, max_bytes: int, size: Callable[[V], int]) -> None:
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._size = size
        self._held: OrderedDict[K, tuple[CacheEntry[V], int]] = OrderedDict()
        self._bytes = 0
        self._lock = ProcessLock()

    def __len__(self) -> int:
        return len(self._held)

    def lookup(self, key: K) -> LocalLookup[K, V]:
        """Return what is held under *key*, and the way to replace it."""
        return LocalLookup(self, key)

    def get(self, key: K) -> CacheEntry[V] | None:
        """Return the entry under *key*."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def set(self, key: K, entry: CacheEntry[V]) -> None:
        """Hold *entry* under *key*, in place of the least recently used where there is no room."""
        size = self._size(entry.value) + len(str(key))
        with self._lock:
            self._remove(key)
            if size > self._max_bytes:
                return
            self._held[key] = entry, size
            self._bytes += size
            while len(self._held) > self._max_count or self._bytes > self._max_bytes:
                self._remove(next(iter(self._held)))

    def delete(self, key: K) -> None:
        """Hold nothing under *key* any more."""
        with self._lock:
            self._remove(key)

    def delete_where(self, matches: Callable[[K], bool]) -> None:
        """Hold nothing any more under the keys that match; looks at all keys."""
        with self._lock:
            for key in [key for key in self._held if matches(key)]:
                self._remove(key)

    def _remove(self, key: K) -> None:
        _, size = self._held.pop(key, (None, 0))
        self._bytes -= size


class _Flight(Generic[K, V]):
    """A load by one thread, for which others may wait."""

    def __init__(self, key: K, instead: Instead[V] | None) -> None:
        self.key = key
        self.instead = instead
        self.done = Event()
        self.found: Found[V] | None = None
        # To be raised in copies, and a copy itself: an exception that is raised holds all
        # frames that it goes through, among them those that hold the flight.
        self.failure: Exception | None = None
        #: Whether what it loads is no longer to be kept; changed, and relied on, under the lock.
        self.is_detached = False
        self.writing = Lock()


class Cache(Generic[K, V]):
    """Gives values again while they are fresh, and loads each but once at a time.

    Safe to use from several threads.

    :param store: where the values are.
    :param lifetime: returns how long a value may be given again. A negative result is a value
        like any other; it gets its own, short life here.
    :param stale_on: the errors of a load for which a stale value is given instead, if there is
        one. Any other error goes to the caller.
    :param refused_on: further errors, which mean that the value is no longer to be had: the
        entry is deleted, and those who wait for the load share the error.
    :param stale_at_once: a stale value is also given to those who would have to wait for
        another's load.
    :param clock: returns seconds and never runs backwards; for a store that processes share,
        a clock that they share.
    """

    def __init__(
        self,
        store: Store[K, V],
        lifetime: Callable[[V], Lifetime],
        *,
        stale_on: tuple[type[Exception], ...] = (),
        refused_on: tuple[type[Exception], ...] = (),
        stale_at_once: bool = False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._lifetime = lifetime
        self._stale_on = stale_on
        self._refused_on = refused_on
        self._stale_at_once = stale_at_once
        self._clock = clock
        # In a process that was forked, nobody would ever end the loads of the other one.
        self._flights: PerProcess[dict[Hashable, _Flight[K, V]]] = PerProcess(dict)
        self._landed = 0
        self._lock = ProcessLock()

    def get(self, key: K, load: Callable[[], V]) -> V:
        """Return the value under *key*, from the store or by loading it. See :meth:`find`."""
        return self.find(key, load)[0]

    def find(self, key: K, load: Callable[[], V], instead: Instead[V] | None = None) -> Found[V]:
        """Return the value under *key*, and where it is from.

        While one thread loads it, the others that want the same wait, and share its value or,
        where it is one of those named, its error. If the load ends in any other way, the next
        of them loads.

        :param load: returns the value; what it raises is not kept.
        :param instead: returns another entry, whose value is given as stale where a stale value
            would be given, and there is none.
        """
        while True:
            landed = self._landed
            lookup = self._store.lookup(key)
            if found := self._fresh(lookup.entry):
                return found
            with self._lock:
                flight = self._flights().get(lookup.flight_key)
                if flight is None and landed == self._landed:
                    own = self._flights()[lookup.flight_key] = _Flight(key, instead)
                    break
            if flight is None:
                # A load has ended since the store was read, perhaps that of this value.
                continue
            if found := self._at_once(lookup.entry):
                return found
            if not flight.done.wait(WAIT_LIMIT):
                self._give_up(lookup.flight_key, flight)
            elif flight.failure is not None:
                raise copy(flight.failure)
            elif flight.found is not None:
                return flight.found
        return self._lead(lookup, own, load)

    def peek(self, key: K) -> V | None:
        """Return the value under *key* if it is there and fresh; load nothing."""
        found = self._fresh(self._store.lookup(key).entry)
        return None if found is None else found[0]

    def put(self, key: K, value: V) -> None:
        """Keep *value* under *key*, as if it had been loaded now."""
        self._store.lookup(key).write(self._entry(value))

    def drop(self, key: K) -> None:
        """Forget the value under *key*; one that is being loaded will not be kept."""
        self.detach(lambda other: other == key)
        self._store.lookup(key).delete()

    def detach(self, matches: Callable[[K], bool]) -> None:
        """Keep no value that is being loaded for a key that matches, and let nobody join its load.

        What the store holds stays.
        """
        with self._lock:
            detached = {name: one for name, one in self._flights().items() if matches(one.key)}
        # In this order: another thread that detaches the same waits for its writing, too.
        for flight in detached.values():
            with flight.writing:
                flight.is_detached = True
        with self._lock:
            for name, flight in detached.items():
                if self._flights().get(name) is flight:
                    del self._flights()[name]

    def _give_up(self, flight_key: Hashable, flight: _Flight[K, V]) -> None:
        # The lock of a flight may be held by a thread that no longer exists.
        flight.is_detached = True
        with self._lock:
            if self._flights().get(flight_key) is flight:
                del self._flights()[flight_key]

    def _entry(self, value: V) -> CacheEntry[V]:
        life, now = self._lifetime(value), self._clock()
        return CacheEntry(value, now + life.fresh, now + life.fresh + life.stale)

    def _fresh(self, entry: CacheEntry[V] | None) -> Found[V] | None:
        """Return the value of *entry* if it may be given without a load."""
        if entry is None or self._clock() >= entry.fresh_until:
            return None
        return entry.value, "stale" if entry.is_stale else "hit"

    def _stale(self, entry: CacheEntry[V] | None) -> Found[V] | None:
        """Return the value of *entry* if it may be given where there is no other."""
        if entry is None or self._clock() >= entry.stale_until:
            return None
        return entry.value, "stale"

    def _at_once(self, entry: CacheEntry[V] | None) -> Found[V] | None:
        return self._stale(entry) if self._stale_at_once else None

    def _lead(self, lookup: Lookup[V], flight: _Flight[K, V], load: Callable[[], V]) -> Found[V]:
        """Find the value for all who wait on *flight*."""
        try:
            found = self._with_lease(lookup, flight, load)
            # For those who wait it is a hit: nothing was loaded for them.
            value, status = found
            flight.found = value, "hit" if status == "miss" else status
            return found
        finally:
            with self._lock:
                self._landed += 1
                if self._flights().get(lookup.flight_key) is flight:
                    del self._flights()[lookup.flight_key]
            flight.done.set()

    def _with_lease(
        self, lookup: Lookup[V], flight: _Flight[K, V], load: Callable[[], V]
    ) -> Found[V]:
        """Load the value, or return what another process finds that is loading it already."""
        give_up = monotonic() + WAIT_LIMIT
        try:
            while not lookup.acquire() and monotonic() < give_up:
                if found := self._fresh(lookup.entry) or self._at_once(lookup.entry):
                    return found
                sleep(LEASE_POLL)
            return self._fresh(lookup.entry) or self._load(lookup, flight, load)
        finally:
            lookup.release()

    def _load(self, lookup: Lookup[V], flight: _Flight[K, V], load: Callable[[], V]) -> Found[V]:
        try:
            value = load()
        except self._stale_on as error:
            # Not the entry from before the load: it may have been replaced or deleted since.
            lookup.refresh()
            entry, found = lookup.entry, self._stale(lookup.entry)
            if found is None and flight.instead is not None and (entry := flight.instead()):
                found = self._stale(entry)
                # Only for a moment: the other one may be replaced.
                entry = entry._replace(
                    stale_until=min(entry.stale_until, self._clock() + STALE_GRACE)
                )
            if entry is None or found is None:
                flight.failure = copy(error)
                raise
            grace = min(self._clock() + STALE_GRACE, entry.stale_until)
            self._keep(lookup, flight, entry._replace(fresh_until=grace, is_stale=True))
            return found
        except self._refused_on as error:
            flight.failure = copy(error)
            lookup.delete()
            raise
        self._keep(lookup, flight, self._entry(value))
        return value, "miss"

    def _keep(self, lookup: Lookup[V], flight: _Flight[K, V], entry: CacheEntry[V]) -> None:
        """Write *entry*, unless the flight was detached; whoever detaches it waits for the end."""
        with flight.writing:
            if not flight.is_detached:
                lookup.write(entry)
