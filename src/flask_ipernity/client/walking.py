"""Walks: all records of a list that comes in pages."""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from ..errors import BadAnswer
from ..http.redaction import hide
from .base import Caller
from .lists import Listing, list_path, read_list
from .methods import Method, find_method
from .transport import Prefetched

log = logging.getLogger(__name__)

T = TypeVar("T")

#: How many pages are fetched ahead by default.
PAGES_AHEAD = 10

# A list that grows during a walk may have more pages than its first page says, but not
# without end.
_EXTRA_PAGES = 10
_MAX_PAGES = 100_000

# Keys of the ids of records that have none of their own.
_ID_KEYS = {"fave": "user_id", "visit": "user_id"}


class Prefetcher(Caller, Protocol):
    """A caller that can start to fetch replies before it needs them."""

    def prefetch(self, method_name: str, **params: object) -> Prefetched | None: ...


class Walk(Generic[T]):
    """An iterator over the records of a list, in order; it fetches the pages as they are needed.

    In the middle of a page the following pages are prefetched, several at a time, so that a
    caller who takes few records makes few calls. No record comes twice, even if records move to
    a later page during the walk. If records are removed during the walk, others move to an
    earlier page and may be missed. A list that sends the same page again and again, whatever
    number of pages it names, ends after the first such page.

    An error is raised where its page would begin, after all records before it.

    :param api: makes the calls.
    :param method_name: a method that answers a list.
    :param elem_name: see :meth:`.IpernityAPI.walk_data`.
    :param limit: the largest number of records.
    :param per_page: the number of records of a page; by default as many as the method allows.
    :param ahead: how many pages to prefetch; with 0, pages are fetched one after the other.
        There are never more on their way than the transport has connections.
    :param page: the number of the first page.
    :param params: parameters of the method.
    :raises UnknownMethod: there is no such method.
    :raises ValueError: the method answers no list, or *limit* is negative.
    """

    def __init__(
        self,
        api: Prefetcher,
        method_name: str,
        elem_name: str | None = None,
        *,
        limit: int | None = None,
        per_page: int | None = None,
        ahead: int = PAGES_AHEAD,
        page: int | str = 1,
        **params: object,
    ) -> None:
        params = hide(params)
        if limit is not None and limit < 0:
            raise ValueError(f"limit={limit}: it must not be negative")
        self._api = api
        self._method = find_method(method_name)
        self._path = list_path(self._method, elem_name)
        self._limit = limit
        self._ahead = ahead
        self._first_number = int(page)
        self._params = params
        if per_page is None:
            per_page = _page_length(self._method, limit if self._first_number == 1 else None)
        self._per_page = None if per_page is None else int(per_page)
        self._first: Listing | None = None
        self._prefetched: dict[int, Prefetched] = {}
        self._before = Listing([], None, 1, None)
        #: How many pages in a row had nothing new.
        self._repeated = 0
        self._records = self._walk()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        return next(self._records)

    def close(self) -> None:
        """End the walk; no further page is asked for."""
        self._records.close()

    @property
    def total(self) -> int | None:
        """The number of records of the whole list; ``None`` if its first page does not say.

        The first page is fetched if that was not done yet.
        """
        return self._first_page().total

    def __len__(self) -> int:
        """Return how many records the walk has from its beginning, if the list does not change.

        :raises TypeError: the first page does not say how many there are.
        """
        if self._limit == 0:
            return 0
        total = self.total
        if total is None:
            raise TypeError(f"{self._method.name} does not say how many records there are")
        if self._first_number > 1:
            total = max(0, total - (self._first_number - 1) * self._first_page().per_page)
        return total if self._limit is None else min(total, self._limit)

    def _walk(self) -> Generator[T]:
        try:
            yield from islice(self._all_records(), self._limit)
        finally:
            # The prefetched pages that were not needed.
            self._prefetched.clear()

    def _all_records(self) -> Generator[T]:
        number, listing = self._first_number, self._first_page()
        last = (
            _MAX_PAGES if listing.pages is None else 2 * max(listing.pages, number) + _EXTRA_PAGES
        )
        key = _ID_KEYS.get(self._path[-1], f"{self._path[-1]}_id")
        seen: set[str] = set()
        self._before = listing
        while True:
            new = _new_records(listing.records, key, seen)
            for position, record in enumerate(new):
                if position == len(new) // 2:
                    self._prefetch_after(number, listing)
                yield record
            if self._is_last(number, listing, new):
                return
            if number >= last:
                raise BadAnswer("the list does not end", self._method.name)
            number += 1
            listing = self._page(number)

    def _is_last(self, number: int, listing: Listing, new: list[Any]) -> bool:
        # A page without records is the end, whatever number of pages the service names.
        if not self._method.paged or not listing.records:
            return True
        if listing.pages is None:
            return not new
        if number >= listing.pages:
            return True
        before, self._before = self._before, listing
        self._repeated = 0 if new else self._repeated + 1
        if new or not self._is_repeated(listing, before):
            return False
        log.warning(
            "%s sends the same records again: the walk ends at page %d of %d",
            self._method.name,
            number,
            listing.pages,
        )
        return True

    def _is_repeated(self, listing: Listing, before: Listing) -> bool:
        """Return whether nothing but a mistake of the list explains a page without anything new.

        Records that are added at the beginning during the walk move others to later pages, so that
        these come again; the list is longer then.
        """
        if listing.records == before.records:
            return _size(listing) <= _size(before)
        added = _size(listing) - _size(self._first_page())
        return (self._repeated - 1) * listing.per_page > max(0, added)

    def _first_page(self) -> Listing:
        if self._first is None:
            self._first = self._page(self._first_number)
        return self._first

    def _page(self, number: int) -> Listing:
        params = self._page_params(number)
        if prefetched := self._prefetched.pop(number, None):
            params = {**params, "prefetched": prefetched}
        answer = self._api.call(self._method.name, **params)
        return read_list(answer, self._path, self._method.name, self._per_page)

    def _page_params(self, number: int) -> dict[str, object]:
        if not self._method.paged:
            return self._params
        return {"page": number, "per_page": self._per_page, **self._params}

    def _prefetch_after(self, number: int, listing: Listing) -> None:
        """Prefetch the pages after *number* that are not on their way yet."""
        if not self._method.paged or listing.pages is None:
            return
        last = min(listing.pages, number + self._ahead)
        if self._limit is not None:
            needed = -(-self._limit // self._first_page().per_page)
            last = min(last, self._first_number - 1 + needed)
        for next_number in range(number + 1, last + 1):
            if next_number not in self._prefetched:
                params = self._page_params(next_number)
                prefetched = self._api.prefetch(self._method.name, **params)
                if prefetched is None:
                    return
                self._prefetched[next_number] = prefetched


def _size(listing: Listing) -> int:
    """Return how many records the whole list has, as far as its page says."""
    return (listing.pages or 0) * listing.per_page if listing.total is None else listing.total


def _page_length(method: Method, limit: int | None) -> int | None:
    longest = method.max_per_page
    return min(longest, limit) if longest and limit else longest


def _new_records(records: list[Any], key: str, seen: set[str]) -> list[Any]:
    """Return the records whose id is not in *seen*, and add their ids to it."""
    new = []
    for record in records:
        record_id = record.get(key, record.get("id")) if isinstance(record, dict) else None
        if isinstance(record_id, str | int):
            record_id = str(record_id)
        else:
            # Records without an id are compared as a whole.
            try:
                record_id = json.dumps(record, sort_keys=True)
            except RecursionError:
                raise BadAnswer("a record is nested too deeply") from None
        if record_id not in seen:
            seen.add(record_id)
            new.append(record)
    return new
