"""Goes through lists that come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..errors import BadAnswer
from .methods import all_methods, singular


def walk(
    call: Callable[..., dict[str, Any]],
    method_name: str,
    elem_name: str | None = None,
    **params: object,
) -> Iterator[dict[str, Any]]:
    """Yield the records of *method_name* in order, one page after the other.

    The longest pages that the method allows are asked for, unless *params*
    says ``per_page``.
    """
    method = all_methods().get(singular(method_name))
    if elem_name is not None:
        keys = tuple(elem_name.split("."))
        path = keys if len(keys) > 1 else (f"{elem_name}s", elem_name)
    elif method is not None and method.list_key:
        path = method.list_key
    else:
        raise ValueError(f"{method_name} answers no list; name it with elem_name")
    if method is not None and method.max_per_page:
        params.setdefault("per_page", method.max_per_page)
    page = int(str(params.pop("page", 1)))
    while True:
        listing: Any = call(method_name, page=page, **params)
        try:
            for key in path[:-1]:
                listing = listing[key]
            # An empty list has no key at all.
            records = listing.get(path[-1], [])
            pages = _pages(listing)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BadAnswer(f"the answer has no list at {'.'.join(path)}", method_name) from None
        yield from records
        # An empty list may tell fewer pages than the first, and a page
        # without records is the end even where more are promised.
        if page >= pages or not records:
            return
        page += 1


def _pages(listing: dict[str, Any]) -> int:
    """Return the number of pages; some methods tell only the total."""
    if "pages" in listing:
        return int(listing["pages"])
    return -(-int(listing["total"]) // max(1, int(listing["per_page"])))
