"""Lists: where they are in answers, and one page of a list for templates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Generic, NamedTuple, TypeVar

from ..errors import BadAnswer
from .methods import Method
from .values import mapping, whole_number

T = TypeVar("T")

# More than the service has; a larger total or number of pages is a mistake, and is ignored.
_MAX_COUNT = 10**8


class Listing(NamedTuple):
    """One page of a list, as it is in an answer."""

    records: list[Any]
    #: The number of records of the whole list; ``None`` where the answer does not say.
    total: int | None
    #: The number of records of a full page.
    per_page: int
    #: The number of pages of the whole list; ``None`` where the answer does not say.
    pages: int | None


def list_path(method: Method, elem_name: str | None = None) -> tuple[str, ...]:
    """Return where the records of *method* are in its answer, outermost key first.

    :param elem_name: where they are if not where the method list says:
        ``doc`` for ``docs.doc``, or a path with dots.
    :raises ValueError: the method list names no path, and *elem_name* is missing.
    """
    if elem_name is not None:
        keys = tuple(elem_name.split("."))
        return keys if len(keys) > 1 else (f"{elem_name}s", elem_name)
    if method.list_key is None:
        raise ValueError(f"{method.name} answers no list; name it with elem_name")
    return method.list_key


def read_list(
    answer: Any, path: tuple[str, ...], method_name: str, wanted: int | None = None
) -> Listing:
    """Return the list at *path* of *answer*.

    :param wanted: the number of records of a page that was asked for.
    :raises BadAnswer: there is no list.
    """
    listing = mapping(answer)
    for key in path[:-1]:
        listing = None if listing is None else mapping(listing.get(key))
    # An empty list may have no key at all.
    records = None if listing is None else listing.get(path[-1], [])
    if listing is None or not isinstance(records, list):
        raise BadAnswer(f"the answer has no list at {'.'.join(path)}", method_name)
    total, per_page, pages = (
        _count(listing, key, method_name) for key in ("total", "per_page", "pages")
    )
    per_page = per_page or wanted or len(records)
    if pages is None and total is not None:
        # The answers of some methods have the total only.
        pages = -(-total // max(1, per_page))
    return Listing(records, total, per_page, pages)


def _count(listing: Mapping[str, Any], key: str, method_name: str) -> int | None:
    if key not in listing:
        return None
    value = whole_number(listing[key])
    if value is None:
        raise BadAnswer(f"{key} of the list is no number", method_name)
    return value if 0 <= value <= _MAX_COUNT else None


def page_number(value: object) -> int:
    """Return the number of a page, as a view may have it from a visitor.

    ``None``, what is no number, and what is below 1, are the first page.
    """
    if isinstance(value, float) and isfinite(value):
        value = int(value)
    return min(max(1, whole_number(value) or 1), _MAX_COUNT)


class Page(Generic[T]):
    """One page of a list, with the names that Flask-SQLAlchemy's ``Pagination`` has.

    :param items: the records of the page.
    :param page: its number; the first page is 1.
    :param per_page: the number of records of a full page.
    :param total: the number of records of the whole list.
    :param pages: the number of pages of the whole list.
    """

    def __init__(self, items: list[T], page: int, per_page: int, total: int, pages: int) -> None:
        self.items = items
        self.page = page
        self.per_page = per_page
        self.total = total
        self.pages = pages

    def __repr__(self) -> str:
        return f"<Page {self.page} of {self.pages}>"

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def first(self) -> int:
        """The number of the first record of the page, counted from 1; 0 without records."""
        return (self.page - 1) * self.per_page + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The number of the last record of the page; 0 without records."""
        return self.first + len(self.items) - 1 if self.items else 0

    @property
    def has_prev(self) -> bool:
        """Whether there is a page before."""
        return self.page > 1

    @property
    def prev_num(self) -> int | None:
        """The number of the page before; ``None`` for the first page."""
        return self.page - 1 if self.has_prev else None

    @property
    def has_next(self) -> bool:
        """Whether there is a page after."""
        return self.page < self.pages

    @property
    def next_num(self) -> int | None:
        """The number of the page after; ``None`` for the last page."""
        return self.page + 1 if self.has_next else None

    def iter_pages(
        self,
        *,
        left_edge: int = 2,
        left_current: int = 2,
        right_current: int = 4,
        right_edge: int = 2,
    ) -> Iterator[int | None]:
        """Yield the numbers of pages to link to, with ``None`` where some are left out.

        :param left_edge: how many at the beginning of the list.
        :param left_current: how many before this page.
        :param right_current: how many after this page.
        :param right_edge: how many at the end of the list.
        """
        shown = {
            *range(1, left_edge + 1),
            *range(self.page - left_current, self.page + right_current + 1),
            *range(self.pages - right_edge + 1, self.pages + 1),
        }
        before = 0
        for number in sorted(number for number in shown if 1 <= number <= self.pages):
            if number > before + 1:
                yield None
            yield number
            before = number
        if before < self.pages:
            yield None
