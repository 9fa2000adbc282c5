"""The store on the server that ``IPERNITY_CACHE`` names: texts under keys, for some seconds.

What is kept is JSON, never pickle: who can write to the store could run code
in the application otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from math import ceil
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..errors import ConfigurationError
from .near_cache import NO_KEYS, Watch
from .single_flight import CacheEntry, MemoryStore

if TYPE_CHECKING:
    from .redis import TextRedis

log = logging.getLogger(__name__)

T = TypeVar("T")

#: What ``memory`` keeps at most.
MEMORY_RECORDS = 10_000
MEMORY_BYTES = 64 * 1024 * 1024

#: Seconds for which a store that has failed is left alone, so that one that
#: hangs does not hold up every request.
STORE_RETRY_AFTER = 3.0

# What a text in the memory of Python costs beyond its characters, about.
_OVERHEAD = 400


class TextStore(Protocol):
    """Keeps texts; safe to use from several threads. It may lose any at any time."""

    def get_many(self, *keys: str) -> list[str | None]:
        """Return the texts under *keys*, in one round trip where that can be."""
        ...

    def set(self, key: str, text: str, seconds: float) -> bool:
        """Keep *text* and tell whether it is kept."""
        ...

    def add(self, key: str, text: str, seconds: float) -> bool:
        """Keep *text* unless there is something under *key*; tell whether it is kept."""
        ...

    def delete(self, key: str) -> None:
        """Keep nothing under *key* any more."""
        ...

    def watch(self, prefix: str) -> Watch | None:
        """Return what tells which keys that start with *prefix* others change, if anything does."""
        ...


class MemoryTextStore:
    """Keeps texts in this process; when there are too many, the longest unused go."""

    def __init__(self, max_count: int = MEMORY_RECORDS, max_bytes: int = MEMORY_BYTES) -> None:
        self._held: MemoryStore[str] = MemoryStore(max_count, max_bytes, _size)
        self._adding = Lock()

    def get_many(self, *keys: str) -> list[str | None]:
        return [self._get(key) for key in keys]

    def set(self, key: str, text: str, seconds: float) -> bool:
        end = monotonic() + seconds
        self._held.set(key, CacheEntry(text, end, end))
        return True

    def add(self, key: str, text: str, seconds: float) -> bool:
        with self._adding:
            return self._get(key) is None and self.set(key, text, seconds)

    def delete(self, key: str) -> None:
        self._held.delete(key)

    def watch(self, prefix: str) -> Watch:
        return _Alone()

    def _get(self, key: str) -> str | None:
        kept = self._held.get(key)
        return kept.value if kept is not None and monotonic() < kept.stale_until else None


class _Alone:
    """Tells of changes by others where there are no others."""

    def begin(self) -> None:
        pass

    def changed(self) -> tuple[str, ...]:
        return NO_KEYS


def _size(text: str) -> int:
    return len(text) + _OVERHEAD


class CachelibTextStore:
    """Keeps texts in an object with the methods of cachelib's caches, as Flask-Caching's has.

    :param cache: only ``get``, ``set`` and ``delete`` must be there.
    :param watch: returns what tells of changes in it; see :meth:`.TextStore.watch`.
    """

    def __init__(self, cache: Any, watch: Callable[[str], Watch] | None = None) -> None:
        self._cache = cache
        self._watch = watch

    def get_many(self, *keys: str) -> list[str | None]:
        many = getattr(self._cache, "get_many", None)
        found = many(*keys) if many else map(self._cache.get, keys)
        return [value if isinstance(value, str) else None for value in found]

    def set(self, key: str, text: str, seconds: float) -> bool:
        # An object of one's own may return nothing.
        return self._cache.set(key, text, ceil(seconds)) is not False

    def add(self, key: str, text: str, seconds: float) -> bool:
        add = getattr(self._cache, "add", None)
        if add is not None:
            return bool(add(key, text, ceil(seconds)))
        return self._cache.get(key) is None and self.set(key, text, seconds)

    def delete(self, key: str) -> None:
        self._cache.delete(key)

    def watch(self, prefix: str) -> Watch | None:
        return self._watch(prefix) if self._watch else None


class FailSafe:
    """Turns failures of a store into misses, with one warning until it works again."""

    def __init__(self, texts: TextStore) -> None:
        self._texts = texts
        self._left_alone_until = 0.0
        self._failing = False
        self._lock = Lock()

    def get_many(self, *keys: str) -> list[str | None]:
        return self._attempt(lambda: self._texts.get_many(*keys), [None] * len(keys))

    def set(self, key: str, text: str, seconds: float) -> bool:
        return self._attempt(lambda: self._texts.set(key, text, seconds), False)

    def add(self, key: str, text: str, seconds: float) -> bool:
        """Keep *text* unless something is there; a store that fails says yes, to block nobody."""
        return self._attempt(lambda: self._texts.add(key, text, seconds), True)

    def delete(self, key: str) -> None:
        self._attempt(lambda: self._texts.delete(key), None)

    def watch(self, prefix: str) -> Watch | None:
        return self._texts.watch(prefix)

    def _attempt(self, work: Callable[[], T], otherwise: T) -> T:
        if monotonic() < self._left_alone_until:
            return otherwise
        try:
            result = work()
        # Each backend has errors of its own.
        except Exception as error:
            self._left_alone_until = monotonic() + STORE_RETRY_AFTER
            if self._set_failing(True):
                log.warning(
                    "IPERNITY_CACHE does not work (%s); calls go to Ipernity until it does.",
                    type(error).__name__,
                )
            return otherwise
        if self._failing and self._set_failing(False):
            log.info("IPERNITY_CACHE works again.")
        return result

    def _set_failing(self, failing: bool) -> bool:
        """Note whether the store fails; return whether that is new."""
        with self._lock:
            new = self._failing is not failing
            self._failing = failing
            return new


def text_store(setting: Any) -> TextStore | None:
    """Return a store for a value of ``IPERNITY_CACHE``; ``None`` for ``session``.

    Each ``memory`` is a store of its own, so that many results push out no token.

    :raises ConfigurationError: the package for it is missing, or the address is wrong.
    """
    if setting == "session":
        return None
    if setting == "memory":
        return MemoryTextStore()
    if isinstance(setting, str):
        redis = _redis(setting)
        return FailSafe(CachelibTextStore(redis, redis.watch))
    return FailSafe(CachelibTextStore(setting))


def _redis(url: str) -> TextRedis:
    try:
        from .redis import TextRedis
    except ImportError:
        raise ConfigurationError(
            f'IPERNITY_CACHE = "{url.partition(":")[0]}://…" needs the package redis:'
            " pip install Flask-Ipernity[redis]"
        ) from None
    try:
        return TextRedis(url)
    except ValueError as error:
        raise ConfigurationError(f"IPERNITY_CACHE is no address of Redis: {error}") from None
