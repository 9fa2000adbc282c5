"""Results of API calls, kept for a while."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from hashlib import blake2b
from time import time
from typing import Any, NamedTuple, Protocol

from ..client.api_errors import shown
from ..errors import APIRequestError, NotFoundError, QuotaExceeded, ServiceError
from .json_copy import Snapshot
from .single_flight import Cache, CacheEntry, Found, Lifetime, Store

#: Seconds for which "not found" is remembered.
NOT_FOUND_MAX_AGE = 10.0

# What a kept "not found" begins with; JSON begins otherwise.
_NOT_FOUND = "!"

# Longest text that is remembered parsed.
_SHORT = 64 * 1024


class CacheKey(NamedTuple):
    """What a result is kept for: who asks, which method, and a name that tells all else, too."""

    viewer: str
    method: str
    name: str


# Most calls are made again and again.
@lru_cache(maxsize=1024)
def cache_key(
    viewer: str, method: str, lang: str | None, api_key: str, *named: tuple[str, str]
) -> CacheKey:
    """Return where the result of a call is kept; equal calls have equal places.

    :param viewer: who asks, which no token is to be seen in.
    :param lang: the language, where *named* does not tell it.
    :param named: names and values of the parameters, as they are sent, in any order; without the
        token, which the viewer stands for.
    """
    text = json.dumps([api_key, sorted({"lg": lang, **dict(named)}.items())])
    digest = blake2b(text.encode(), digest_size=12).hexdigest()
    return CacheKey(viewer, method, f"{viewer}:{method}:{digest}")


class Result:
    """What a call was answered, as it is kept: as a text, of which each caller gets a copy.

    :param text: JSON, or what :meth:`not_found` makes.
    """

    __slots__ = ("_original", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._original: Snapshot | None = None

    @classmethod
    def not_found(cls, error: NotFoundError) -> Result:
        """Return the result that is *error*."""
        return cls(_NOT_FOUND + json.dumps([error.status, error.code, error.message]))

    @property
    def is_not_found(self) -> bool:
        """Whether the answer was "not found"."""
        return self.text.startswith(_NOT_FOUND)

    def read(self, method: str, params: Mapping[str, object]) -> dict[str, Any]:
        """Return the answer, the caller's own to change.

        :param params: what was asked for, to be shown in an error.
        :raises NotFoundError: that is the answer.
        """
        if self._original is None:
            if self.is_not_found:
                status, code, message = json.loads(self.text[len(_NOT_FOUND) :])
                raise NotFoundError(status, code, message, method, shown(params))
            answer: dict[str, Any] = json.loads(self.text)
            if len(self.text) > _SHORT:
                return answer
            self._original = Snapshot(answer)
        copy: dict[str, Any] = self._original.copy()
        return copy


#: Makes results of texts, and remembers the last ones, parsed.
result = lru_cache(maxsize=128)(Result)


class Results(Store[Result], Protocol):
    """Where results are: a store whose keys it makes itself."""

    def look(self, cache_key: CacheKey) -> tuple[str, CacheEntry[Result] | None]:
        """Return the key that is valid for *cache_key* now, and what is kept there.

        After :meth:`forget` or :meth:`clear` it is another key, so that an
        answer that was asked for before is not given to those who ask after.
        """
        ...

    def forget(self, viewer: str, services: Collection[str] | None) -> None:
        """Forget what *viewer* was answered by *services*, ``None`` for all."""
        ...

    def clear(self, method: str | None) -> None:
        """Forget what *method* has answered to anybody, ``None`` for all methods."""
        ...


class ResultCache:
    """Gives results again while they are fresh, and old ones where Ipernity fails.

    :param results: where they are.
    :param max_age: seconds for which a result is fresh.
    :param stale_age: seconds after that in which it may stand in.
    :param of_visitor: whether *results* belong to the visitor of the current request.
    """

    def __init__(
        self, results: Results, max_age: float, stale_age: float, *, of_visitor: bool = False
    ) -> None:
        self.results = results
        self.of_visitor = of_visitor
        lives = {True: Lifetime(NOT_FOUND_MAX_AGE), False: Lifetime(max_age, stale_age)}
        self._cache: Cache[Result] = Cache(
            results,
            lambda result: lives[result.is_not_found],
            stale_on=(ServiceError, QuotaExceeded),
            shared_on=(APIRequestError,),
            stale_at_once=True,
            # Not the monotonic one: processes on several machines share results.
            clock=time,
        )

    def find(self, cache_key: CacheKey, ask: Callable[[], dict[str, Any]]) -> Found[Result]:
        """Return the result of a call, and where it is from.

        :param ask: makes the call.
        """
        key, kept = self.results.look(cache_key)
        return self._cache.fresh(kept) or self._cache.find(key, lambda: self._asked(key, ask))

    def has(self, cache_key: CacheKey) -> bool:
        """Tell whether :meth:`find` would ask nobody now."""
        return self._cache.fresh(self.results.look(cache_key)[1]) is not None

    def _asked(self, key: str, ask: Callable[[], dict[str, Any]]) -> Result:
        try:
            return result(json.dumps(ask()))
        except NotFoundError as error:
            return Result.not_found(error)
        except QuotaExceeded:
            raise
        except APIRequestError:
            # What was there once is refused now, and so no longer stands in.
            self.results.delete(key)
            raise
