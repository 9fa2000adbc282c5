"""Results on the server, in a store that processes may share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from secrets import token_urlsafe
from threading import Lock
from time import time

from ..client.methods import service_of
from .backends import TextStore
from .near_cache import NearCache
from .results import CacheKey, Result, result
from .single_flight import WAIT_LIMIT, CacheEntry

#: Seconds after which a process that asks is taken for dead. Another may ask
#: then, also when the first is only slow.
LEASE = 10.0

# Stamps that could not be changed; when there are more, all results are forgotten instead.
_MOST_OWED = 1000


class VersionedResults:
    """Results in a :class:`.TextStore`, under keys of one application.

    Nothing is ever searched for. What was forgotten stays where it is and is no
    longer believed: a result bears four stamps (of all results, of the
    method's, of the viewer's, and of the viewer's in the service) as they were
    when it was asked for, and to forget is to change a stamp.

    :param texts: the store.
    :param prefix: start of all keys.
    :param max_age: seconds that the longest life of a result has.
    """

    def __init__(self, texts: TextStore, prefix: str, max_age: float) -> None:
        self._texts = texts
        self._prefix = prefix
        self._max_age = max_age
        self._near: NearCache[tuple[str, CacheEntry[Result]]] = NearCache(
            texts.watch(f"{prefix}:"), self._stamp()
        )
        self._owed: dict[str, str] = {}
        self._owing = Lock()

    def look(self, place: CacheKey) -> tuple[str, CacheEntry[Result] | None]:
        """Return the key for *place*, with its stamps, and what is kept there."""
        if self._owed:
            self._pay()
        name = f"{self._prefix}:{place.name}"
        near = self._near.get(name)
        if near is not None:
            return near
        moment = self._near.moment()
        stamps = (
            self._stamp(),
            self._stamp(place.method),
            self._stamp(place.viewer),
            self._stamp(place.viewer, service_of(place.method)),
        )
        record, *found = self._texts.get_many(name, *stamps)
        key = f"{name} {','.join(stamp or '' for stamp in found)}"
        kept = self._read(record, key)
        if record is not None and kept is None:
            # Its stamps do not come back, unless the store loses newer ones.
            self._texts.delete(name)
        if kept is not None:
            self._near.put(name, (key, kept), moment)
        return key, kept

    def get(self, key: str) -> CacheEntry[Result] | None:
        """Return what is held under *key*."""
        return self._read(self._texts.get_many(_name(key))[0], key)

    def set(self, key: str, kept: CacheEntry[Result]) -> None:
        """Hold *kept* under *key*."""
        seconds = kept.stale_until - time()
        if seconds > 0:
            head = f"{_stamps(key)} {kept.fresh_until} {kept.stale_until} {kept.is_stale:d}"
            self._texts.set(_name(key), f"{head}\n{kept.value.text}", seconds)
            self._near.drop([_name(key)])

    def delete(self, key: str) -> None:
        """Hold nothing under *key* any more."""
        self._texts.delete(_name(key))
        self._near.drop([_name(key)])

    def lease(self, key: str) -> Callable[[], None] | None:
        """Take the right to ask for *key*, for :data:`LEASE` seconds."""
        name, end = f"{key.replace(' ', ':')}:lease", time() + LEASE
        if not self._texts.add(name, str(end), LEASE):
            # Some stores cannot add and limit the life in one step, and a process may have died
            # in between.
            held_until = self._texts.get_many(name)[0]
            if held_until is None or time() < float(held_until):
                return None
            self._texts.set(name, str(end), LEASE)

        def give_back() -> None:
            if time() < end:
                self._texts.delete(name)

        return give_back

    def forget(self, viewer: str, services: Collection[str] | None) -> None:
        """Forget what *viewer* was answered by *services*, ``None`` for all."""
        if services is None:
            self._change([self._stamp(viewer)])
        else:
            self._change(self._stamp(viewer, service) for service in services)

    def clear(self, method: str | None) -> None:
        """Forget what *method* has answered to anybody, ``None`` for all methods."""
        self._change([self._stamp(method) if method else self._stamp()])

    def _stamp(self, *of: str) -> str:
        return ":".join((self._prefix, "stamp", *of))

    def _change(self, stamps: Iterable[str]) -> None:
        with self._owing:
            self._owed.update((stamp, token_urlsafe(6)) for stamp in stamps)
            if len(self._owed) > _MOST_OWED:
                self._owed = {self._stamp(): token_urlsafe(6)}
        self._pay()

    def _pay(self) -> None:
        """Change the stamps that are to be changed, as far as the store works."""
        # Longer than any result lives that bears the stamp before.
        life = self._max_age + 2 * WAIT_LIMIT
        with self._owing:
            for stamp, text in list(self._owed.items()):
                if not self._texts.set(stamp, text, life):
                    return
                self._near.drop([stamp])
                del self._owed[stamp]

    def _read(self, record: str | None, key: str) -> CacheEntry[Result] | None:
        """Return what a record holds if it bears the stamps of *key*."""
        head, _, text = (record or "").partition("\n")
        try:
            stamps, fresh_until, stale_until, is_stale = head.split(" ")
            kept = CacheEntry(result(text), float(fresh_until), float(stale_until), is_stale == "1")
        except ValueError:
            return None
        # The setting may have been lowered since, or the clock been put back.
        too_long = kept.stale_until - time() > self._max_age + WAIT_LIMIT
        return None if stamps != _stamps(key) or too_long else kept


def _name(key: str) -> str:
    return key.partition(" ")[0]


def _stamps(key: str) -> str:
    return key.partition(" ")[2]
