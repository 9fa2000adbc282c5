"""``getFaves`` and ``getVisitors`` of documents, albums and articles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from .. import lists, parameters
from ..documents import Album, Doc
from ..posts import Post
from ..registry import MethodCall, api_method
from .album import find_album
from .doc import find_doc
from .post import find_post

Item: TypeAlias = Doc | Album | Post
_find_post = partial(find_post, item="post")


def _page(call: MethodCall, records: list[dict[str, object]]) -> dict[str, object]:
    """Return the numbers of a page, and its records under the key ``chosen``."""
    per_page = parameters.int_param(call.params, "per_page", 10, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    chosen, head = lists.paginate(records, page, per_page)
    return {"count": len(chosen), **head, "chosen": list(chosen)}


def _faves(found: Callable[[MethodCall], Item], call: MethodCall) -> dict[str, object]:
    """Return who has faved an item, the latest first.

    The owner's own fave is not listed ([C] oneyoung, whose test suite used only one account).
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
    page = _page(call, records)
    return {"faves": {"fave": page.pop("chosen"), **page}}


def _visitors(found: Callable[[MethodCall], Item], call: MethodCall) -> dict[str, object]:
    """Return who has visited an item, the latest first, and the number of anonymous visits."""
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
    page = _page(call, records)
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


api_method("doc.getFaves")(partial(_faves, find_doc))
api_method("album.getFaves")(partial(_faves, find_album))
api_method("post.getFaves")(partial(_faves, _find_post))
api_method("doc.getVisitors")(partial(_visitors, find_doc))
api_method("album.getVisitors")(partial(_visitors, find_album))
api_method("post.getVisitors")(partial(_visitors, _find_post))
