"""Reads the lists in answers."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..errors import BadAnswer
from .methods import Method

#: More records than the service has; a total above is a mistake, and not told on.
_MOST = 10**8


class Listing(NamedTuple):
    """One page of a list.

    ``total``: records of the whole list; ``pages``: pages of the whole list;
    ``None`` where the answer does not tell. ``per_page``: records of a whole page.
    """

    records: list[Any]
    total: int | None
    per_page: int
    pages: int | None


def list_path(method: Method, elem_name: str | None = None) -> tuple[str, ...]:
    """Return where the records of *method* are in its answer, outermost key first.

    :param elem_name: where they are, when it is not where the method list says:
        ``doc`` for ``docs.doc``, or a path with dots.
    :raises ValueError: nobody knows.
    """
    if elem_name is not None:
        keys = tuple(elem_name.split("."))
        return keys if len(keys) > 1 else (f"{elem_name}s", elem_name)
    if method.list_key is None:
        raise ValueError(f"{method.name} answers no list; name it with elem_name")
    return method.list_key


def read_list(
    answer: Any, path: tuple[str, ...], method_name: str, asked: int | None = None
) -> Listing:
    """Return the list at *path* of *answer*.

    :param asked: how many records a page was to have.
    :raises BadAnswer: there is none.
    """
    try:
        listing = answer
        for key in path[:-1]:
            listing = listing[key]
        # An empty list has no key at all.
        records = listing.get(path[-1], [])
        if not isinstance(records, list):
            raise TypeError
        total, per_page, pages = (_number(listing, key) for key in ("total", "per_page", "pages"))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadAnswer(f"the answer has no list at {'.'.join(path)}", method_name) from None
    per_page = per_page or asked or len(records)
    if pages is None and total is not None:
        # Some methods tell only the total.
        pages = -(-total // max(1, per_page))
    return Listing(records, total, per_page, pages)


def _number(listing: dict[str, Any], key: str) -> int | None:
    value = int(listing[key]) if key in listing else None
    return value if value is None or 0 <= value <= _MOST else None
