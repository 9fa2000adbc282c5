"""Lists: their order and their pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from .documents import Album, Doc, Folder

T = TypeVar("T")


def newest_first(docs: Iterable[Doc]) -> list[Doc]:
    """Documents by posting date, the newest first."""
    return sorted(docs, key=lambda doc: (doc.posted_at, int(doc.doc_id)), reverse=True)


def most_popular_first(docs: Iterable[Doc]) -> list[Doc]:
    """Documents by faves and visits."""
    return sorted(
        docs,
        key=lambda doc: (len(doc.audience.faves), doc.audience.visit_count, int(doc.doc_id)),
        reverse=True,
    )


def paginate(
    items: Sequence[T], page: int, per_page: int, *, pages: bool = True
) -> tuple[Sequence[T], dict[str, object]]:
    """One page of a list, and the numbers that describe it; ``page`` is 1 also of nothing."""
    head: dict[str, object] = {"total": len(items), "per_page": per_page, "page": page}
    if pages:
        head["pages"] = -(-len(items) // per_page)
    return items[(page - 1) * per_page : page * per_page], head


def owner_order(item: Album | Folder) -> tuple[int, int]:
    """Sorts albums or folders as their owner ordered them; those made since then come first."""
    return (-1, -item.created_at) if item.place is None else (item.place, 0)


def reorder(items: Mapping[str, Album | Folder], ids: Sequence[str]) -> None:
    """Puts an owner's albums or folders in an order; those not named follow by their ids."""
    rest = sorted(set(items) - set(ids), key=int)
    for place, item_id in enumerate((*dict.fromkeys(ids), *rest)):
        items[item_id].place = place
