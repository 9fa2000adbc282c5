"""Who came and who liked it: ``getFaves`` and ``getVisitors`` of docs, albums and articles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from .. import shapes
from ..documents import Album, Doc
from ..posts import Post
from . import Call, method, number
from .album import found_album
from .doc import found_doc
from .post import found_post

Item: TypeAlias = Doc | Album | Post
_found_post = partial(found_post, item="post")


def _paged(call: Call, records: list[dict[str, object]]) -> dict[str, object]:
    """The numbers of a page, and its records under ``chosen``."""
    per_page = number(call.params, "per_page", 10, 1, 100)
    page = number(call.params, "page", 1, 1, 10**9)
    chosen, head = shapes.paged(records, page, per_page)
    return {"count": len(chosen), **head, "chosen": list(chosen)}


def _faves(found: Callable[[Call], Item], call: Call) -> dict[str, object]:
    """Who has faved an item, the latest first.

    The owner's own fave is not listed ([C] oneyoung, whose test-suite had one account only).
    """
    item = found(call)
    records: list[dict[str, object]] = [
        {
            "user_id": user_id,
            "username": call.state.people[user_id].username,
            "faved_at": faved_at,
        }
        for user_id, faved_at in sorted(item.audience.faves.items(), key=lambda fave: -fave[1])
        if user_id != item.owner_id
    ]
    page = _paged(call, records)
    return {"faves": {"fave": page.pop("chosen"), **page}}


def _visitors(found: Callable[[Call], Item], call: Call) -> dict[str, object]:
    """Who has visited an item, the latest first, and how often people without a name came."""
    audience = found(call).audience
    latest = sorted(audience.visits.items(), key=lambda visit: -visit[1].last_at)
    records: list[dict[str, object]] = [
        {
            "user_id": user_id,
            "username": call.state.people[user_id].username,
            "visited_at": visits.last_at,
            "first_visit_at": visits.first_at,
            "visits": visits.count,
        }
        for user_id, visits in latest
    ]
    page = _paged(call, records)
    return {
        "visits": {
            "visit": page.pop("chosen"),
            **page,
            "anonymous": {
                "visited_at": audience.anonymous.last_at,
                "visits": audience.anonymous.count,
            },
        }
    }


method("doc.getFaves")(partial(_faves, found_doc))
method("album.getFaves")(partial(_faves, found_album))
method("post.getFaves")(partial(_faves, _found_post))
method("doc.getVisitors")(partial(_visitors, found_doc))
method("album.getVisitors")(partial(_visitors, found_album))
method("post.getVisitors")(partial(_visitors, _found_post))
