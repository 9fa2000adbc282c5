"""The order of lists, and their pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from .documents import Album, Doc, Folder

T = TypeVar("T")


def newest_first(docs: Iterable[Doc]) -> list[Doc]:
    """Return documents by posting date, the newest first."""
    return sorted(docs, key=lambda doc: (doc.posted_at, int(doc.doc_id)), reverse=True)


def most_popular_first(docs: Iterable[Doc]) -> list[Doc]:
    """Return documents by the number of faves, then of visits, then in the given order."""
    noticed: list[Doc] = []
    others: list[Doc] = []
    for doc in docs:
        seen = doc.audience
        (noticed if seen.faves or seen.visits or seen.anonymous.count else others).append(doc)
    noticed.sort(key=lambda doc: (-len(doc.audience.faves), -doc.audience.visit_count))
    return noticed + others


def paginate(
    items: Sequence[T], page: int, per_page: int, *, pages: bool = True
) -> tuple[Sequence[T], dict[str, object]]:
    """Return one page of a list, and the numbers that describe it.

    :param page: counted from 1.
    :param pages: whether the number of pages is among the numbers.
    """
    head: dict[str, object] = {"total": len(items), "per_page": per_page, "page": page}
    if pages:
        head["pages"] = -(-len(items) // per_page)
    return items[(page - 1) * per_page : page * per_page], head


def owner_order(item: Album | Folder) -> tuple[int, int]:
    """Return the sort key of an album or folder: new ones first, then in the owner's order."""
    return (-1, -item.created_at) if item.place is None else (item.place, 0)


def reorder(items: Mapping[str, Album | Folder], ids: Sequence[str]) -> None:
    """Put an owner's albums or folders in an order; those not named follow by id."""
    rest = sorted(set(items) - set(ids), key=int)
    for place, item_id in enumerate((*dict.fromkeys(ids), *rest)):
        items[item_id].place = place
