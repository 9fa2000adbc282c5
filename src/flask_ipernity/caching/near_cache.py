"""What this process has just read from a store, so that it need not read it again."""

from __future__ import annotations

from collections.abc import Collection
from threading import Lock
from time import monotonic
from typing import Generic, Protocol, TypeVar

V = TypeVar("V")

#: Seconds for which a copy is given again at most. The store tells what changes; should the
#: way to it be dead, nothing does.
NEAR_AGE = 1.0

#: How many copies are held; when there are more, all go.
MOST = 128

#: What a watch returns most often.
NO_KEYS: tuple[str, ...] = ()

_NONE = (0.0, None)


class Watch(Protocol):
    """Tells what changes in a store; used by one thread at a time."""

    def begin(self) -> None:
        """Begin to watch, if that can be done now; told again and again, it may begin anew."""
        ...

    def changed(self) -> Collection[str] | None:
        """Return the keys that anybody has changed since this was asked last, or :data:`NO_KEYS`.

        ``None`` where that is not known, and before it has begun: any may have changed.
        """
        ...


class NearCache(Generic[V]):
    """Copies of what a store holds, as true as the store itself: it tells what changes.

    Safe to use from several threads.

    :param watch: tells of changes; without it nothing is held.
    :param shared: start of the keys on which every copy rests. Any other key is that of one copy.
    """

    def __init__(self, watch: Watch | None, shared: str) -> None:
        self._watch = watch
        self._shared = shared
        self._held: dict[str, tuple[float, V]] = {}
        self._moment = 0
        self._hears = False
        self._lock = Lock()

    def get(self, key: str) -> V | None:
        """Return the copy of what is under *key*, if it is known to be true."""
        if self._watch is None:
            return None
        # What is heard is dropped before another thread can ask.
        with self._lock:
            changed = self._watch.changed()
            if changed is not NO_KEYS:
                self._hears = changed is not None
                self._drop(changed)
            until, copy = self._held.get(key, _NONE)
        return copy if monotonic() < until else None

    def moment(self) -> int | None:
        """Return what :meth:`put` is to be given; to be asked before the store is."""
        return self._moment if self._hears else None

    def put(self, key: str, copy: V, moment: int | None) -> None:
        """Hold *copy* of what is under *key*, unless anything may have changed since *moment*."""
        if self._watch is None:
            return
        with self._lock:
            if moment == self._moment:
                if len(self._held) >= MOST:
                    self._held.clear()
                self._held[key] = monotonic() + NEAR_AGE, copy
            # The store has just answered, so this does not wait for one that is dead.
            self._watch.begin()
            self._hears = True  # if it does not, the next get() notices

    def drop(self, keys: Collection[str] | None) -> None:
        """Drop what rests on *keys*, ``None`` for all: they are changed."""
        with self._lock:
            self._drop(keys)

    def _drop(self, keys: Collection[str] | None) -> None:
        self._moment += 1
        if keys is None or any(key.startswith(self._shared) for key in keys):
            self._held.clear()
        else:
            for key in keys:
                self._held.pop(key, None)
