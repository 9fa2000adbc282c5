"""Goes through lists that come in pages."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import BadAnswer
from .lists import Listing, list_path, read_list
from .methods import Method, find

if TYPE_CHECKING:
    from .api import IpernityAPI
    from .transport import Transport

T = TypeVar("T")

#: Pages that are on their way or waiting at once.
AHEAD = 10

# A list that grows while it is read_list is longer than its first page has told,
# but not without end.
_ROOM = 10
_MOST_PAGES = 100_000

# What the records of these lists are told apart by; all others have an id of their own.
_IDS = {"fave": "user_id", "visit": "user_id"}


class Arriving:
    """An answer that a thread is fetching.

    The thread uses nothing but the connections and what is signed already; all
    else happens where the answer is taken.
    """

    def __init__(self, transport: Transport, method: str, sent: dict[str, str]) -> None:
        self.api_sig = sent["api_sig"]
        self._arrived = Event()
        self._answer: dict[str, Any] = {}
        self._error: Exception | None = None
        # A daemon: it must not hold up the end of the program.
        Thread(target=self._fetch, args=(transport, method, sent), daemon=True).start()

    def _fetch(self, transport: Transport, method: str, sent: dict[str, str]) -> None:
        try:
            self._answer = transport.send(method, sent, body=None, repeat=True)
        except Exception as error:
            self._error = error
        finally:
            self._arrived.set()

    def take(self) -> dict[str, Any]:
        """Return the answer when it is there, or raise what became of it."""
        self._arrived.wait()
        if self._error is not None:
            raise self._error
        return self._answer


class Walk(Generic[T]):
    """The records of a list, in order, fetched page by page while they are taken.

    Half through a page the following pages are asked for, several at a time, so
    that whoever takes few records causes few calls. No record comes twice, also
    when records move to a later page meanwhile. When some are removed
    meanwhile, others move to an earlier page and may be missed.

    An error comes where its page would: what stands before is delivered.

    :param api: whose calls these are.
    :param method_name: a method of the list that answers a list.
    :param elem_name: where the records are in an answer; see :meth:`.IpernityAPI.walk_data`.
    :param limit: so many records at most.
    :param per_page: records of a page; by default as many as the method allows.
    :param ahead: pages that may be on their way at once; 0 fetches one after the other.
    :param page: the first page.
    :param params: parameters of the method.
    :raises UnknownMethod: no such method.
    :raises ValueError: the method answers no list, or *limit* is below 0.
    """

    def __init__(
        self,
        api: IpernityAPI,
        method_name: str,
        elem_name: str | None = None,
        *,
        limit: int | None = None,
        per_page: int | None = None,
        ahead: int = AHEAD,
        page: int | str = 1,
        **params: object,
    ) -> None:
        if limit is not None and limit < 0:
            raise ValueError(f"limit={limit}: a number from 0 on")
        self._api = api
        self._method = find(method_name)
        self._path = list_path(self._method, elem_name)
        self._limit = limit
        self._ahead = min(ahead, api._transport.pool_size)
        self._start = int(page)
        self._params = params
        if per_page is None:
            per_page = _page_length(self._method, limit if self._start == 1 else None)
        self._per_page = None if per_page is None else int(per_page)
        self._first: Listing | None = None
        self._coming: dict[int, Arriving] = {}
        self._records = self._walk()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        return next(self._records)

    def close(self) -> None:
        """Stop: no page is asked for any more."""
        self._records.close()

    @property
    def total(self) -> int | None:
        """How many records the whole list has, as its first page tells; ``None`` if it does not.

        The first page is fetched if it is not there yet.
        """
        return self._first_page().total

    def __len__(self) -> int:
        """How many records come, all together, if the list stays as it is.

        :raises TypeError: the service does not tell.
        """
        if self._limit == 0:
            return 0
        total = self.total
        if total is None:
            raise TypeError(f"{self._method.name} does not tell how many records there are")
        if self._start > 1:
            total = max(0, total - (self._start - 1) * self._first_page().per_page)
        return total if self._limit is None else min(total, self._limit)

    def _walk(self) -> Generator[T]:
        if self._limit == 0:
            return
        number, listing = self._start, self._first_page()
        last = _MOST_PAGES if listing.pages is None else 2 * max(listing.pages, number) + _ROOM
        key = _IDS.get(self._path[-1], f"{self._path[-1]}_id")
        seen: set[str] = set()
        given = 0
        while True:
            fresh = _fresh(listing.records, key, seen)
            for position, record in enumerate(fresh):
                if position == len(fresh) // 2:
                    self._look_ahead(number, listing)
                yield record
                given += 1
                if given == self._limit:
                    return
            if self._is_last(number, listing, fresh):
                return
            if number >= last:
                raise BadAnswer("the list does not end", self._method.name)
            number += 1
            listing = self._page(number)

    def _is_last(self, number: int, listing: Listing, fresh: list[Any]) -> bool:
        # An empty list may tell fewer pages than the first, and a page without
        # records is the end even where more are promised.
        if not self._method.paged or not listing.records:
            return True
        return not fresh if listing.pages is None else number >= listing.pages

    def _first_page(self) -> Listing:
        if self._first is None:
            self._first = self._page(self._start)
        return self._first

    def _page(self, number: int) -> Listing:
        params = self._page_params(number)
        arriving = self._coming.pop(number, None)
        answer = self._api._call_with(arriving, self._method.name, params)
        return read_list(answer, self._path, self._method.name, self._per_page)

    def _page_params(self, number: int) -> dict[str, object]:
        if not self._method.paged:
            return self._params
        return {"page": number, "per_page": self._per_page, **self._params}

    def _look_ahead(self, number: int, listing: Listing) -> None:
        """Ask for the pages after *number* that are not on their way yet."""
        if not self._method.paged or listing.pages is None:
            return
        last = min(listing.pages, number + self._ahead)
        if self._limit is not None:
            needed = -(-self._limit // self._first_page().per_page)
            last = min(last, self._start - 1 + needed)
        for coming in range(number + 1, last + 1):
            if coming not in self._coming:
                arriving = self._api._ask(self._method.name, self._page_params(coming))
                if arriving is None:
                    return
                self._coming[coming] = arriving


def _page_length(method: Method, limit: int | None) -> int | None:
    most = method.max_per_page
    return min(most, limit) if most and limit else most


def _fresh(records: list[Any], key: str, seen: set[str]) -> list[Any]:
    """Return the records whose id is not in *seen*, and put it there."""
    fresh = []
    for record in records:
        name = record.get(key, record.get("id")) if isinstance(record, dict) else None
        # Records without an id are told apart by all they hold.
        name = repr(record) if name is None else str(name)
        if name not in seen:
            seen.add(name)
            fresh.append(record)
    return fresh
