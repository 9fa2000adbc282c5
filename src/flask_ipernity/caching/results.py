"""Results of API calls, kept for a while."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from hashlib import blake2b
from time import time
from typing import Any, NamedTuple, Protocol

from ..client.signing import plain_params
from ..errors import APIRequestError, NotFound, QuotaExceeded, ServiceError
from .mechanism import Cache, Found, Kept, Life, Store

#: Seconds for which "not found" is remembered.
NOT_FOUND_MAX_AGE = 10.0

# What a kept "not found" begins with; JSON begins otherwise.
_NOT_FOUND = "!"

# Longest text that is remembered parsed.
_SHORT = 64 * 1024


class Place(NamedTuple):
    """What a result is kept for: who asks, which method, and a digest of all else."""

    viewer: str
    method: str
    digest: str


def place(viewer: str, method: str, params: Mapping[str, object], *more: str | None) -> Place:
    """Return the place of a call; equal calls have equal ones however they are written.

    :param params: as the caller gives them: ``a=1, b=2`` and ``b="2", a="1"`` are the same.
    :param more: what else the answer depends on.
    :raises TypeError: a parameter has no form in which it could be sent.
    """
    told = json.dumps([more, sorted(plain_params(params).items())])
    return Place(viewer, method, blake2b(told.encode(), digest_size=12).hexdigest())


class Results(Store[str], Protocol):
    """Where results are: a store whose keys it makes itself."""

    def look(self, place: Place) -> tuple[str, Kept[str] | None]:
        """Return the key that is valid for *place* now, and what is kept there.

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

    Results are kept as JSON, so each caller has one of its own.

    :param results: where they are.
    :param max_age: seconds for which a result is fresh.
    :param stale_age: seconds after that in which it may stand in.
    """

    def __init__(self, results: Results, max_age: float, stale_age: float) -> None:
        self.results = results
        lives = {True: Life(NOT_FOUND_MAX_AGE), False: Life(max_age, stale_age)}
        self._cache: Cache[str] = Cache(
            results,
            lambda text: lives[text.startswith(_NOT_FOUND)],
            stale_on=(ServiceError, QuotaExceeded),
            shared_on=(APIRequestError,),
            stale_at_once=True,
            # Not the monotonic one: processes on several machines share results.
            clock=time,
        )

    def find(self, place: Place, ask: Callable[[], dict[str, Any]]) -> Found[str]:
        """Return the result of a call as text, for :func:`read`.

        :param ask: makes the call.
        """
        key, kept = self.results.look(place)
        return self._cache.fresh(kept) or self._cache.find(key, lambda: self._asked(key, ask))

    def has(self, place: Place) -> bool:
        """Tell whether :meth:`find` would ask nobody now."""
        return self._cache.fresh(self.results.look(place)[1]) is not None

    def _asked(self, key: str, ask: Callable[[], dict[str, Any]]) -> str:
        try:
            return json.dumps(ask())
        except NotFound as error:
            return _NOT_FOUND + json.dumps([error.status, error.code, error.message])
        except QuotaExceeded:
            raise
        except APIRequestError:
            # What was there once is refused now, and so no longer stands in.
            self.results.delete(key)
            raise


def read(text: str, method: str, params: Mapping[str, object]) -> dict[str, Any]:
    """Return the result that :meth:`ResultCache.find` has found.

    :param params: shown in an error.
    :raises NotFound: that is the result.
    """
    if text.startswith(_NOT_FOUND):
        status, code, message = json.loads(text[1:])
        raise NotFound(status, code, message, method, params)
    answer: dict[str, Any] = _copied(_parsed(text) if len(text) <= _SHORT else json.loads(text))
    return answer


# To copy what is parsed already takes half the time of parsing it.
_parsed = lru_cache(maxsize=64)(json.loads)


def _copied(value: Any) -> Any:
    """Return a copy of what JSON can hold."""
    if type(value) is dict:
        copy = value.copy()
        for name, inner in copy.items():
            if type(inner) is not str:
                copy[name] = _copied(inner)
        return copy
    return [_copied(inner) for inner in value] if type(value) is list else value
