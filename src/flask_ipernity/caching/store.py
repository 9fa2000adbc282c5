"""What a store of cached values is, and the store in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, NamedTuple, Protocol, TypeVar

K = TypeVar("K", bound=Hashable)
K_contra = TypeVar("K_contra", bound=Hashable, contravariant=True)
V = TypeVar("V")


class CacheEntry(NamedTuple, Generic[V]):
    """A value as a store holds it; the times are those of the cache's clock."""

    value: V
    fresh_until: float
    stale_until: float
    #: Whether it is past its life, and fresh again for :data:`STALE_GRACE` only.
    is_stale: bool = False


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
        self._lock = Lock()

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
