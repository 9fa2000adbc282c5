"""What comes before and after: in a member's stream, an album, a group, a member's articles.

``prev`` leads to what was posted or added first, ``next`` to what came last; the nearest comes
first in both, numbered from -1 down and from 1 up ([D] the help pages as the method list of 2014
has them).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from .. import access, lists, parameters, serializers
from ..documents import Doc
from ..posts import Post
from ..registry import APIError, MethodCall, api_method
from .album import find_album
from .doc import find_doc
from .group import find_group
from .post import find_post, visible_posts

T = TypeVar("T")


def _around(
    call: MethodCall,
    key: str,
    items: Sequence[T],
    here: T,
    describe: Callable[[T, int], dict[str, object]],
) -> dict[str, object]:
    """An item and its neighbours in a list that begins with the oldest."""
    place = items.index(here)
    before = parameters.int_param(call.params, "prev", 10, 1, 50)
    after = parameters.int_param(call.params, "next", 10, 1, 50)
    older = list(reversed(items[max(0, place - before) : place]))
    newer = items[place + 1 : place + 1 + after]
    return {
        "prev": {
            "count": len(older),
            key: [describe(item, -number) for number, item in enumerate(older, 1)],
        },
        key: describe(here, 0),
        "next": {
            "count": len(newer),
            key: [describe(item, number) for number, item in enumerate(newer, 1)],
        },
    }


def _docs_around(
    call: MethodCall, docs: Sequence[Doc], here: Doc, place: str = "", *, safety: bool = True
) -> dict[str, object]:
    """A document and its neighbours; their size stands on the documents themselves.

    :param place: what an address ends on within an album or group, such as ``/in/album/12``.
    """
    with_owner = "owner" in parameters.comma_list(call.params.get("extra"))

    def describe(doc: Doc, index: int) -> dict[str, object]:
        size = serializers.thumb(call, doc, parameters.thumbsize(call)) or {}
        return {
            "index": index,
            "doc_id": doc.doc_id,
            "media": doc.media,
            "title": doc.title,
            "safety": doc.safety if safety else None,
            "w": size.get("w"),
            "h": size.get("h"),
            "url": size.get("url"),
            "link": serializers.doc_link(call, doc) + place,
            "user_id": doc.owner_id,
            "owner": serializers.owner(call, doc.owner_id) if with_owner and not safety else None,
        }

    if media := call.params.get("media"):
        docs = [doc for doc in docs if doc is here or doc.media == media]
    return _around(call, "doc", docs, here, describe)


@api_method("doc.getContext")
def doc_get_context(call: MethodCall) -> dict[str, object]:
    """The documents before and after one among its owner's, by the date of posting."""
    doc = find_doc(call)
    docs = [
        other
        for other in call.state.docs.values()
        if other.owner_id == doc.owner_id and access.visible(call, other)
    ]
    return _docs_around(call, lists.newest_first(docs)[::-1], doc)


@api_method("album.docs.getContext")
def album_docs_get_context(call: MethodCall) -> dict[str, object]:
    """The documents before and after one in an album's order."""
    album = find_album(call)
    docs = access.album_docs(call, album)
    return {
        "album": {
            "album_id": album.album_id,
            "total": len(docs),
            "thumbsize": parameters.thumbsize(call),
        },
        **_docs_around(call, docs, _among(call, docs), f"/in/album/{album.album_id}"),
    }


@api_method("group.docs.getContext")
def group_docs_get_context(call: MethodCall) -> dict[str, object]:
    """The documents before and after one in a group, as they were added."""
    group = find_group(call)
    docs = [call.state.docs[doc_id] for doc_id in group.shown]
    docs = [doc for doc in docs if access.visible(call, doc)]
    here = _among(call, docs)
    if user_id := call.params.get("user_id"):
        docs = [doc for doc in docs if doc is here or doc.owner_id == user_id]
    return {
        "group": {
            "group_id": group.group_id,
            "total": len(docs),
            "thumbsize": parameters.thumbsize(call),
        },
        **_docs_around(call, docs, here, f"/in/group/{group.group_id}", safety=False),
    }


def _among(call: MethodCall, docs: Sequence[Doc]) -> Doc:
    """The wanted document, which must be one of these.

    :raises APIError: error 2.
    """
    for doc in docs:
        if doc.doc_id == call.params.get("doc_id"):
            return doc
    raise APIError(2, "Document not found")


@api_method("post.getContext")
def post_get_context(call: MethodCall) -> dict[str, object]:
    """The articles before and after one of a member; no page was found, it goes by doc's."""
    post = find_post(call)

    def describe(other: Post, index: int) -> dict[str, object]:
        return {
            "index": index,
            "post_id": other.post_id,
            "title": other.title,
            "link": serializers.post_link(call, other),
            "user_id": other.owner_id,
        }

    posts = visible_posts(call, post.owner_id)[::-1]
    return _around(call, "post", posts, post, describe)
