"""The store on the server that ``IPERNITY_CACHE`` names: texts under keys, for some seconds.

What is kept is JSON, never pickle: anyone who can write to the store could run code in the
application otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..errors import ConfigurationError, missing_package
from ..per_process import ProcessLock
from .near_cache import ChangeListener
from .single_flight import CacheEntry, MemoryStore

if TYPE_CHECKING:
    from .redis import RedisTextStore

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How many texts ``memory`` keeps at most, and how many bytes.
MEMORY_RECORDS = 10_000
MEMORY_BYTES = 64 * 1024 * 1024

#: Bytes that a text in memory takes beyond its characters, about.
TEXT_OVERHEAD = 400

#: Seconds for which a store that has failed is left alone, so that one that hangs does not hold
#: up every request.
STORE_RETRY_AFTER = 3.0


class TextStore(Protocol):
    """Keeps texts; safe to use from several threads. It may lose any text at any time."""

    def get_many(self, *keys: str) -> list[str | None]:
        """Return the texts under *keys*, in one round trip where the store can."""
        ...

    def set(self, key: str, text: str, seconds: float) -> bool:
        """Keep *text*, and return whether it is kept."""
        ...

    def set_many(
        self, texts: Mapping[str, str], seconds: float, delete: Collection[str] = ()
    ) -> bool:
        """Keep *texts*, and return whether all are kept; in one round trip where the store can.

        :param texts: the texts by their keys.
        :param delete: keys under which nothing is kept any more after that.
        """
        ...

    def add(self, key: str, text: str, seconds: float) -> bool:
        """Keep *text* unless there is something under *key*; return whether it is kept."""
        ...

    def delete(self, *keys: str) -> None:
        """Keep nothing under *keys* any more."""
        ...

    def listener(self, prefix: str) -> ChangeListener | None:
        """Return what listens to changes of keys that start with *prefix*.

        ``None`` if the store reports none.
        """
        ...


class MemoryTextStore:
    """Keeps texts in this process; when there are too many, the least recently used go."""

    def __init__(self, max_count: int = MEMORY_RECORDS, max_bytes: int = MEMORY_BYTES) -> None:
        self._held: MemoryStore[str, str] = MemoryStore(max_count, max_bytes, _size)
        self._adding = ProcessLock()

    def get_many(self, *keys: str) -> list[str | None]:
        return [self._get(key) for key in keys]

    def set(self, key: str, text: str, seconds: float) -> bool:
        end = monotonic() + seconds
        self._held.set(key, CacheEntry(text, end, end))
        return True

    def set_many(
        self, texts: Mapping[str, str], seconds: float, delete: Collection[str] = ()
    ) -> bool:
        for key, text in texts.items():
            self.set(key, text, seconds)
        self.delete(*delete)
        return True

    def add(self, key: str, text: str, seconds: float) -> bool:
        with self._adding:
            return self._get(key) is None and self.set(key, text, seconds)

    def delete(self, *keys: str) -> None:
        for key in keys:
            self._held.delete(key)

    def listener(self, prefix: str) -> None:
        return None

    def _get(self, key: str) -> str | None:
        entry = self._held.get(key)
        return entry.value if entry is not None and monotonic() < entry.stale_until else None


def _size(text: str) -> int:
    return len(text) + TEXT_OVERHEAD


class CachelibTextStore:
    """Keeps texts in an object with the methods of cachelib's caches, as Flask-Caching's has.

    :param cache: only ``get``, ``set`` and ``delete`` must be there.
    """

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def get_many(self, *keys: str) -> list[str | None]:
        many = getattr(self._cache, "get_many", None)
        found = many(*keys) if many else map(self._cache.get, keys)
        return [value if isinstance(value, str) else None for value in found]

    def set(self, key: str, text: str, seconds: float) -> bool:
        # Another kind of object may return nothing.
        return self._cache.set(key, text, ceil(seconds)) is not False

    def set_many(
        self, texts: Mapping[str, str], seconds: float, delete: Collection[str] = ()
    ) -> bool:
        kept = [self.set(key, text, seconds) for key, text in texts.items()]
        self.delete(*delete)
        return all(kept)

    def add(self, key: str, text: str, seconds: float) -> bool:
        add = getattr(self._cache, "add", None)
        if add is not None:
            return bool(add(key, text, ceil(seconds)))
        return self._cache.get(key) is None and self.set(key, text, seconds)

    def delete(self, *keys: str) -> None:
        for key in keys:
            self._cache.delete(key)

    def listener(self, prefix: str) -> None:
        return None


class StoreAway(Exception):
    """A store cannot be asked at present."""


class Breaker:
    """Asks a store that may fail, and leaves it alone for a while when it has.

    It warns once until the store works again.

    :param setting: the setting that names the store.
    :param meanwhile: what happens as long as it fails, for the log.
    """

    def __init__(self, setting: str, meanwhile: str) -> None:
        self._setting = setting
        self._meanwhile = meanwhile
        self._left_alone_until = 0.0
        self._failing = False
        self._lock = ProcessLock()

    def run(self, work: Callable[[], T]) -> T:
        """Return what *work* returns.

        :raises StoreAway: it has failed, or did so a moment ago.
        """
        if monotonic() < self._left_alone_until:
            raise StoreAway
        try:
            result = work()
        # Each backend has errors of its own.
        except Exception as error:
            self._left_alone_until = monotonic() + STORE_RETRY_AFTER
            if self._set_failing(True):
                kind = type(error).__name__
                log.warning("%s does not work (%s); %s", self._setting, kind, self._meanwhile)
            raise StoreAway from None
        if self._failing and self._set_failing(False):
            log.info("%s works again.", self._setting)
        return result

    def _set_failing(self, failing: bool) -> bool:
        """Note whether the store fails; return whether that is new."""
        with self._lock:
            new = self._failing is not failing
            self._failing = failing
            return new


class FailSafe:
    """Turns failures of a store into misses, with one warning until it works again."""

    def __init__(self, texts: TextStore) -> None:
        self._texts = texts
        self._breaker = Breaker("IPERNITY_CACHE", "calls go to Ipernity until it does.")

    def get_many(self, *keys: str) -> list[str | None]:
        return self._attempt(lambda: self._texts.get_many(*keys), [None] * len(keys))

    def set(self, key: str, text: str, seconds: float) -> bool:
        return self._attempt(lambda: self._texts.set(key, text, seconds), False)

    def set_many(
        self, texts: Mapping[str, str], seconds: float, delete: Collection[str] = ()
    ) -> bool:
        return self._attempt(lambda: self._texts.set_many(texts, seconds, delete), False)

    def add(self, key: str, text: str, seconds: float) -> bool:
        """Keep *text* unless something is there; return ``True`` on failure, to block nobody."""
        return self._attempt(lambda: self._texts.add(key, text, seconds), True)

    def delete(self, *keys: str) -> None:
        self._attempt(lambda: self._texts.delete(*keys), None)

    def listener(self, prefix: str) -> ChangeListener | None:
        return self._texts.listener(prefix)

    def _attempt(self, work: Callable[[], T], otherwise: T) -> T:
        try:
            return self._breaker.run(work)
        except StoreAway:
            return otherwise


def text_store(setting: Any) -> TextStore | None:
    """Return a store for a value of ``IPERNITY_CACHE``; ``None`` for ``session``.

    Each ``memory`` is a store of its own, so that many results push out no token.

    :raises ConfigurationError: the package for it is missing, or the address is wrong.
    """
    texts = bare_text_store(setting)
    return texts if texts is None or isinstance(texts, MemoryTextStore) else FailSafe(texts)


def bare_text_store(setting: Any) -> TextStore | None:
    """Return the store of :func:`text_store`, whose failures are errors of its backend."""
    if setting == "session":
        return None
    if setting == "memory":
        return MemoryTextStore()
    return _redis(setting) if isinstance(setting, str) else CachelibTextStore(setting)


def _redis(url: str) -> RedisTextStore:
    try:
        from .redis import RedisTextStore
    except ImportError:
        setting = f'IPERNITY_CACHE = "{url.partition(":")[0]}://…"'
        raise ConfigurationError(missing_package(setting, "redis", "redis")) from None
    try:
        return RedisTextStore(url)
    except ValueError as error:
        raise ConfigurationError(f"IPERNITY_CACHE is no address of Redis: {error}") from None
