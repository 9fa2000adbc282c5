"""Results on the server, in a store that processes may share."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from secrets import token_urlsafe
from time import time
from typing import NamedTuple

from ..client.transport import MAX_RESPONSE_SIZE
from ..client.values import decode, number
from ..per_process import PerProcess, ProcessLock
from .backends import TextStore
from .near_cache import NearCache
from .results import CacheKey, Result
from .single_flight import WAIT_LIMIT, CacheEntry

#: Seconds after which a process that is loading is assumed dead. Another may load then, also
#: when the first is only slow.
LEASE = 10.0

#: Seconds before the end of a lease in which it is left to end by itself: deleted too late, it
#: would be that of another process. Longer than the store takes to delete it, or to fail.
LEASE_MARGIN = 5.0

#: Characters of the longest record: a longer one cannot be an answer of the service.
MAX_RECORD = 4 * MAX_RESPONSE_SIZE

#: Versions that could not be sent; when there are more, all results are forgotten instead.
MAX_UNSENT = 1000

#: Called with what the store has under a key, if there is anything.
Receiver = Callable[[str], object]


#: The versions of a result: of all results, of its method's, of its viewer's, and of its viewer's
#: in its service; ``None`` for one that was never changed.
Versions = list[str | None]


class Record(NamedTuple):
    """A result as the store has it, in JSON; others can write to the store."""

    #: Those that were valid when it was asked for.
    versions: Versions
    fresh_until: float
    stale_until: float
    is_stale: bool
    text: str

    @classmethod
    def read(cls, text: str) -> Record | None:
        """Return the record that *text* has; ``None`` if it has none."""
        if len(text) > MAX_RECORD:
            return None
        try:
            versions, fresh_until, stale_until, is_stale, result = decode(text)
        except (TypeError, ValueError):
            return None
        if not isinstance(versions, list) or not isinstance(result, str):
            return None
        if not all(version is None or isinstance(version, str) for version in versions):
            return None
        fresh_until, stale_until = number(fresh_until), number(stale_until)
        if fresh_until is None or stale_until is None or fresh_until > stale_until:
            return None
        return cls(versions, fresh_until, stale_until, is_stale is True, result)


class VersionedResults:
    """Results in a :class:`.TextStore`, under keys of one application.

    Nothing is ever searched for. What was forgotten stays where it is and is no longer valid: a
    result has the versions that were valid when it was asked for, and to forget is to change a
    version.

    :param texts: the store.
    :param prefix: start of all keys.
    :param max_age: seconds that the longest life of a result has.
    :param also: a further key that is read in the same round trip as a result, and the function
        that receives what is there.
    """

    def __init__(
        self,
        texts: TextStore,
        prefix: str,
        max_age: float,
        also: tuple[str, Receiver] | None = None,
    ) -> None:
        self.texts = texts
        self._prefix = prefix
        self._max_age = max_age
        self._also = also
        self._all = self._version_key()
        self.near: NearCache[tuple[Versions, CacheEntry[Result]]] = NearCache(
            texts.listener(f"{prefix}:"), self._all
        )
        self._unsent: set[str] = set()
        self._sending = ProcessLock()
        #: The leases that this process holds.
        self.leases: PerProcess[set[str]] = PerProcess(set, self._orphan)
        #: Those that the process held from which this one was forked. In a store that the two do
        #: not share, nobody would ever give them back.
        self.orphaned_leases: set[str] = set()

    def lookup(self, key: CacheKey) -> VersionedLookup:
        """Return what is held under *key*, with the versions that are valid now."""
        name = f"{self._prefix}:{key.viewer}:{key.method}:{key.digest}"
        if self._unsent and not self._send_unsent():
            # What was to be forgotten is still in the store, so nothing there can be trusted.
            return VersionedLookup(self, name, [None] * 4, None)
        near = self.near.get(name)
        if near is not None and time() < near[1].fresh_until:
            return VersionedLookup(self, name, *near)
        near_version = self.near.version()
        record, *versions = self.read(
            name,
            self._all,
            self._version_key(key.method),
            self._version_key(key.viewer),
            self._version_key(key.viewer, key.service),
        )
        entry = self.entry(name, record, versions)
        if entry is not None:
            self.near.put(name, (versions, entry), near_version)
        return VersionedLookup(self, name, versions, entry)

    def forget(self, viewer: str, services: Collection[str] | None) -> None:
        """Forget what *services* have answered *viewer*, ``None`` for all services."""
        if services is None:
            self._change([self._version_key(viewer)])
        else:
            self._change(self._version_key(viewer, service) for service in services)

    def clear(self, method: str | None) -> None:
        """Forget what *method* has answered anybody, ``None`` for all methods."""
        self._change([self._version_key(method) if method else self._all])

    def read(self, *keys: str) -> list[str | None]:
        """Return the texts under *keys*; read the further key, too."""
        if self._also is None:
            return self.texts.get_many(*keys)
        key, receive = self._also
        *found, text = self.texts.get_many(*keys, key)
        if text is not None:
            receive(text)
        return found

    def entry(self, name: str, text: str | None, versions: Versions) -> CacheEntry[Result] | None:
        """Return the entry that the record in *text* holds, if it is of *versions*.

        :param name: the key that the store has it under; what is no record is deleted there.
        """
        if text is None:
            return None
        record = Record.read(text)
        if record is None:
            self.texts.delete(name)
            return None
        # The setting may have been lowered since, or the clock been put back.
        too_long = record.stale_until > time() + self._max_age + WAIT_LIMIT
        if record.versions != versions or too_long:
            return None
        return CacheEntry(
            Result(record.text), record.fresh_until, record.stale_until, record.is_stale
        )

    def _orphan(self, leases: set[str]) -> None:
        self.orphaned_leases |= leases

    def _version_key(self, *of: str) -> str:
        return ":".join((self._prefix, "version", *of))

    def _change(self, version_keys: Iterable[str]) -> None:
        with self._sending:
            self._unsent.update(version_keys)
            if len(self._unsent) > MAX_UNSENT:
                self._unsent = {self._all}
        self._send_unsent()

    def _send_unsent(self) -> bool:
        """Change the versions that are to be changed; return whether the store has them all."""
        # Longer than any result lives that has the version before.
        life = self._max_age + 2 * WAIT_LIMIT
        with self._sending:
            # New ones each time: another process may have changed them since the last try.
            versions = {key: token_urlsafe(6) for key in self._unsent}
            if versions:
                if not self.texts.set_many(versions, life):
                    return False
                self.near.drop(versions)
                self._unsent.clear()
        return True


class VersionedLookup:
    """What was read under one key; a :class:`.Lookup`.

    :param name: the key in the store.
    :param versions: those that were valid then.
    :param entry: what was there.
    """

    def __init__(
        self,
        results: VersionedResults,
        name: str,
        versions: Versions,
        entry: CacheEntry[Result] | None,
    ) -> None:
        self.entry = entry
        self._results = results
        self._name = name
        self._versions = versions
        #: With the versions, so that nobody joins a load from before a write.
        self.flight_key = (name, *versions)
        self._lease_end = 0.0
        self._has_waited = False

    @property
    def _lease(self) -> str:
        return f"{self._name}:{','.join(version or '' for version in self._versions)}:lease"

    def acquire(self) -> bool:
        """Try to take the lease, for :data:`LEASE` seconds. See :meth:`.Lookup.acquire`."""
        texts, end = self._results.texts, time() + LEASE
        is_taken = texts.add(self._lease, str(end), LEASE)
        if not is_taken or self._has_waited:
            held_until = self._refresh(self._lease)
            # Some stores cannot add and limit the life in one step, and a process may have died
            # in between.
            if not is_taken and held_until is not None and not self._is_held(held_until):
                is_taken = texts.set(self._lease, str(end), LEASE)
        self._has_waited = not is_taken
        if is_taken:
            self._lease_end = end
            self._results.leases().add(self._lease)
        return is_taken

    def release(self) -> None:
        """Give the lease back, if it is held."""
        if lease := self._take_lease():
            self._results.texts.delete(*lease)

    def refresh(self) -> None:
        """Read again what is there, if it is of the same versions."""
        self._refresh()

    def write(self, entry: CacheEntry[Result]) -> None:
        """Hold *entry* under the key, and give the lease back."""
        seconds = entry.stale_until - time()
        if seconds > 0:
            record = Record(
                self._versions,
                entry.fresh_until,
                entry.stale_until,
                entry.is_stale,
                entry.value.text,
            )
            texts = {self._name: json.dumps(record)}
            self._results.texts.set_many(texts, seconds, delete=self._take_lease())

    def delete(self) -> None:
        """Hold nothing under the key any more, and give the lease back."""
        self._results.texts.delete(self._name, *self._take_lease())

    def _is_held(self, held_until: str) -> bool:
        """Return whether anybody holds the lease, which the store has with this end."""
        end, now = number(held_until), time()
        # The clock of another machine may be ahead.
        if end is None or not now < end <= now + 2 * LEASE:
            return False
        self._results.leases()
        try:
            # It was that of the process from which this one was forked.
            self._results.orphaned_leases.remove(self._lease)
        except KeyError:
            return True
        return False

    def _refresh(self, *keys: str) -> str | None:
        """Read again what is there; return what is under the first of *keys*."""
        record, *texts = self._results.read(self._name, *keys)
        self.entry = self._results.entry(self._name, record, self._versions)
        return texts[0] if texts else None

    def _take_lease(self) -> list[str]:
        """Return the key of the lease, if it is held and to be deleted; it is not held then."""
        is_held, self._lease_end = time() < self._lease_end - LEASE_MARGIN, 0.0
        self._results.leases().discard(self._lease)
        return [self._lease] if is_held else []
