"""What this process has just read from a store, so that it need not read it again."""

from __future__ import annotations

from collections.abc import Collection
from time import monotonic
from typing import Generic, Protocol, TypeVar

from ..per_process import ProcessLock

V = TypeVar("V")

#: Seconds for which a copy is given again at most. The store reports what changes; if the
#: connection to it is dead, nothing is reported.
NEAR_AGE = 1.0

#: How many copies are held; when there are more, all go.
MAX_COPIES = 128

#: What :meth:`ChangeListener.poll` returns most often.
NO_CHANGES: tuple[str, ...] = ()

_NO_COPY = (0.0, None)


class ChangeListener(Protocol):
    """Listens to a store that reports what changes; used by one thread at a time."""

    def subscribe(self) -> None:
        """Start to listen, if that is possible now; do nothing where it has started."""
        ...

    def poll(self) -> Collection[str] | None:
        """Return the keys that anybody has changed since the last poll, or :data:`NO_CHANGES`.

        ``None`` if that is not known, as before it has started: any key may have changed.
        """
        ...


class NearCache(Generic[V]):
    """Copies of what a store holds, never older than the store's own: it reports each change.

    Safe to use from several threads.

    :param listener: listens to the store; without it nothing is held.
    :param shared: start of the keys that every copy depends on. Any other key has one copy.
    """

    def __init__(self, listener: ChangeListener | None, shared: str) -> None:
        self._listener = listener
        self._shared = shared
        self._held: dict[str, tuple[float, V]] = {}
        self._version = 0
        self._is_listening = False
        self._lock = ProcessLock()

    def get(self, key: str) -> V | None:
        """Return the copy of what is under *key*, unless it may have changed."""
        if self._listener is None:
            return None
        # Copies of what has changed are dropped before another thread can read them.
        with self._lock:
            changed = self._listener.poll()
            if changed is not NO_CHANGES:
                self._is_listening = changed is not None
                self._drop(changed)
            until, copy = self._held.get(key, _NO_COPY)
        return copy if monotonic() < until else None

    def version(self) -> int | None:
        """Return what :meth:`put` needs; call it before reading the store."""
        return self._version if self._is_listening else None

    def put(self, key: str, copy: V, version: int | None) -> None:
        """Hold *copy* of what is under *key*, unless anything may have changed since *version*."""
        if self._listener is None:
            return
        with self._lock:
            if version == self._version:
                if len(self._held) >= MAX_COPIES:
                    self._held.clear()
                self._held[key] = monotonic() + NEAR_AGE, copy
            # The store has just answered, so this does not wait for one that is dead.
            self._listener.subscribe()
            self._is_listening = True  # if it does not listen, the next get() notices

    def drop(self, keys: Collection[str] | None) -> None:
        """Drop what depends on *keys*, ``None`` for all: they have changed."""
        with self._lock:
            self._drop(keys)

    def _drop(self, keys: Collection[str] | None) -> None:
        self._version += 1
        if keys is None or any(key.startswith(self._shared) for key in keys):
            self._held.clear()
        else:
            for key in keys:
                self._held.pop(key, None)
