"""Results of API calls, kept for a while."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import blake2b
from time import time
from typing import Any, NamedTuple, Protocol

from ..client.api_errors import shown
from ..client.values import decode, shown_text
from ..errors import APIRequestError, BadAnswer, NotFoundError, QuotaExceeded, ServiceError
from .json_copy import Snapshot
from .single_flight import Cache, CacheEntry, Found, Lifetime, MemoryStore, Store

#: Seconds for which "not found" is remembered.
NOT_FOUND_MAX_AGE = 10.0

#: Characters of the longest text that is remembered parsed.
MAX_PARSED = 64 * 1024

#: How many results are kept in memory at most, and how many bytes.
MEMORY_RESULTS = 10_000
MEMORY_BYTES = 64 * 1024 * 1024

#: Bytes that a result in memory takes beyond the characters of its text and key, about.
RESULT_OVERHEAD = 600


class CacheKey(NamedTuple):
    """What a result is kept under."""

    #: Who calls; shows no token.
    viewer: str
    #: The start of the method's name.
    service: str
    method: str
    #: Stands for viewer, method, and all else that the result depends on.
    digest: str

    def is_of(self, viewer: str, services: Collection[str] | None) -> bool:
        """Return whether this is what one of *services* answers *viewer*; ``None`` for any."""
        return self.viewer == viewer and (services is None or self.service in services)


def cache_key(
    viewer: str, method: str, lang: str | None, api_key: str, *params: tuple[str, str]
) -> CacheKey:
    """Return what the result of a call is kept under; equal calls have equal keys.

    :param viewer: who calls, as a name that shows no token.
    :param lang: the language, unless it is one of *params*.
    :param params: names and values of the parameters, as they are sent, in any order; without the
        token, for which the viewer stands.
    """
    make = _kept_key if sum([len(value) for _, value in params]) <= _MAX_KEPT else _make_key
    return make(viewer, method, lang, api_key, *params)


def _make_key(
    viewer: str, method: str, lang: str | None, api_key: str, *params: tuple[str, str]
) -> CacheKey:
    named = sorted({"lg": lang, **dict(params)}.items())
    text = json.dumps([viewer, method, api_key, named])
    digest = blake2b(text.encode(), digest_size=12).hexdigest()
    return CacheKey(viewer, method.partition(".")[0], method, digest)


# Most calls are made again and again. Long ones, such as a search for what a visitor has sent,
# would take memory without a bound.
_kept_key = lru_cache(maxsize=1024)(_make_key)
#: Characters of the parameters of the longest call whose key is kept.
_MAX_KEPT = 1000


class BrokenResult(Exception):
    """What was stored is no result."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a call was answered, as a text, of which each caller gets a copy."""

    #: JSON: an object is the answer; a list is status, code and message of a "not found".
    text: str

    @classmethod
    def not_found(cls, error: NotFoundError) -> Result:
        """Return the result that is *error*."""
        return cls(json.dumps([error.status, error.code, error.message]))

    @property
    def is_not_found(self) -> bool:
        """Whether the answer was "not found"."""
        return self.text.startswith("[")

    def read(self, method: str, params: Mapping[str, object]) -> dict[str, Any]:
        """Return a copy of the answer, which the caller may change.

        :param params: the parameters of the call, to be shown in an error.
        :raises NotFoundError: that is the answer.
        :raises BrokenResult: the text is no result; others can write to the store.
        """
        try:
            is_remembered = self.text.startswith("{") and len(self.text) <= MAX_PARSED
            parsed = snapshot(self.text).copy() if is_remembered else decode(self.text)
        except (ValueError, RecursionError):
            raise BrokenResult from None
        match parsed:
            case {"api": dict()}:
                answer: dict[str, Any] = parsed
                return answer
            case [str(status), int(code), str(message)] if not isinstance(code, bool):
                text = shown_text(message)
                raise NotFoundError(shown_text(status), code, text, method, shown(params))
        raise BrokenResult


@lru_cache(maxsize=128)
def snapshot(text: str) -> Snapshot:
    """Return what the JSON in *text* means, to be copied; remembers the last ones."""
    return Snapshot(decode(text))


class ResultStore(Store[CacheKey, Result], Protocol):
    """Where results are."""

    def forget(self, viewer: str, services: Collection[str] | None) -> None:
        """Forget what *services* have answered *viewer*, ``None`` for all services."""
        ...

    def clear(self, method: str | None) -> None:
        """Forget what *method* has answered anybody, ``None`` for all methods."""
        ...


class MemoryResults(MemoryStore[CacheKey, Result]):
    """Results in this process."""

    def __init__(self) -> None:
        super().__init__(
            MEMORY_RESULTS, MEMORY_BYTES, lambda result: len(result.text) + RESULT_OVERHEAD
        )

    def forget(self, viewer: str, services: Collection[str] | None) -> None:
        """Forget what *services* have answered *viewer*, ``None`` for all services."""
        self.delete_where(lambda key: key.is_of(viewer, services))

    def clear(self, method: str | None) -> None:
        """Forget what *method* has answered anybody, ``None`` for all methods."""
        self.delete_where(lambda key: method in (None, key.method))


class ResultCache:
    """Gives results again while they are fresh, and stale ones where Ipernity fails.

    Safe to use from several threads.

    :param results: where they are.
    :param max_age: seconds for which a result is fresh.
    :param stale_age: seconds after that in which it is given if the call fails.
    :param of_visitor: whether *results* belong to the visitor of the current request.
    """

    def __init__(
        self, results: ResultStore, max_age: float, stale_age: float, *, of_visitor: bool = False
    ) -> None:
        self.results = results
        self.of_visitor = of_visitor
        lifetimes = {True: Lifetime(NOT_FOUND_MAX_AGE), False: Lifetime(max_age, stale_age)}
        self._cache: Cache[CacheKey, Result] = Cache(
            results,
            lambda result: lifetimes[result.is_not_found],
            stale_on=(ServiceError, QuotaExceeded),
            refused_on=(APIRequestError,),
            stale_at_once=True,
            # Not the monotonic one: processes on several machines share results.
            clock=time,
        )

    def find(
        self, key: CacheKey, call: Callable[[], dict[str, Any]], instead: CacheKey | None = None
    ) -> Found[Result]:
        """Return the result of a call, and where it is from.

        :param call: makes the call.
        :param instead: the key of another result, which is given where a stale one would be, and
            there is none.
        """
        stand_in = None if instead is None else partial(self._answer, instead)
        return self._cache.find(key, partial(_result_of, call), stand_in)

    def _answer(self, key: CacheKey) -> CacheEntry[Result] | None:
        """Return the entry under *key*, unless it is "not found"."""
        entry = self.results.lookup(key).entry
        return None if entry is None or entry.value.is_not_found else entry

    def replace(self, key: CacheKey, call: Callable[[], dict[str, Any]]) -> Found[Result]:
        """Return the result of a call whose stored result is :exc:`broken <BrokenResult>`."""
        self._cache.drop(key)
        return self.find(key, call)

    def has(self, key: CacheKey) -> bool:
        """Return whether :meth:`find` would make no call now."""
        return self._cache.peek(key) is not None

    def forget(self, viewer: str, services: Collection[str] | None) -> None:
        """Forget what *services* have answered *viewer*, ``None`` for all services.

        What is on its way now is not kept either.
        """
        self._cache.detach(lambda key: key.is_of(viewer, services))
        self.results.forget(viewer, services)

    def clear(self, method: str | None) -> None:
        """Forget what *method* has answered anybody, ``None`` for all methods."""
        self._cache.detach(lambda key: method in (None, key.method))
        self.results.clear(method)


def _result_of(call: Callable[[], dict[str, Any]]) -> Result:
    try:
        answer = call()
    except NotFoundError as error:
        return Result.not_found(error)
    try:
        return Result(json.dumps(answer))
    except RecursionError:
        raise BadAnswer("the answer is nested too deeply") from None
