"""One page of a list, for templates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Page(Generic[T]):
    """One page of a list, with the names that Flask-SQLAlchemy's ``Pagination`` has.

    :param items: the records of the page.
    :param page: its number, from 1 on.
    :param per_page: how many records a page has.
    :param total: how many records the whole list has.
    :param pages: how many pages the whole list has.
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
        """The number of the first record of the page, from 1 on; 0 without records."""
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
        """The number of the page before."""
        return self.page - 1 if self.has_prev else None

    @property
    def has_next(self) -> bool:
        """Whether there is a page after."""
        return self.page < self.pages

    @property
    def next_num(self) -> int | None:
        """The number of the page after."""
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

        :param left_edge: so many from the first page on.
        :param left_current: so many before this page.
        :param right_current: so many after this page.
        :param right_edge: so many up to the last page.
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
