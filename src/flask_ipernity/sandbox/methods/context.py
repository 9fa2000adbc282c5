"""``getContext`` of documents, albums, groups and articles: the neighbours of an item.

``prev`` contains what was posted or added before, ``next`` what came later; the nearest item is
the first of both. They are numbered from -1 downwards and from 1 upwards ([D] the help pages, in
the method list of 2014).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from .. import access, parameters, serializers
from ..documents import Doc
from ..posts import Post
from ..registry import APIError, MethodCall, api_method
from .album import find_album
from .doc import find_doc
from .group import find_group
from .post import find_post, visible_posts

T = TypeVar("T")


def _with_neighbours(
    call: MethodCall,
    key: str,
    items: Sequence[T],
    here: T,
    describe: Callable[[T, int], dict[str, object]],
) -> dict[str, object]:
    """Return an item and its neighbours in a list that begins with the oldest."""
    # not index(), which compares all attributes of each item
    place = next(number for number, item in enumerate(items) if item is here)
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


def _doc_with_neighbours(
    call: MethodCall, docs: Sequence[Doc], here: Doc, place: str = "", *, safety: bool = True
) -> dict[str, object]:
    """Return a document and its neighbours; each with its own size.

    :param place: the end of URLs within an album or group, such as ``/in/album/12``.
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
    return _with_neighbours(call, "doc", docs, here, describe)


@api_method("doc.getContext")
def doc_get_context(call: MethodCall) -> dict[str, object]:
    """Return a document and its neighbours among its owner's, by posting date."""
    doc = find_doc(call)
    docs = access.visible_docs(call, doc.owner_id)[::-1]
    return _doc_with_neighbours(call, docs, doc)


@api_method("album.docs.getContext")
def album_docs_get_context(call: MethodCall) -> dict[str, object]:
    """Return a document and its neighbours in an album's order."""
    album = find_album(call)
    docs = access.album_docs(call, album)
    return {
        "album": {
            "album_id": album.album_id,
            "total": len(docs),
            "thumbsize": parameters.thumbsize(call),
        },
        **_doc_with_neighbours(call, docs, _find_among(call, docs), f"/in/album/{album.album_id}"),
    }


@api_method("group.docs.getContext")
def group_docs_get_context(call: MethodCall) -> dict[str, object]:
    """Return a document and its neighbours in a group, in the order in which they were added."""
    group = find_group(call)
    docs = [call.state.docs[doc_id] for doc_id in group.shown]
    docs = [doc for doc in docs if access.visible(call, doc)]
    here = _find_among(call, docs)
    if user_id := call.params.get("user_id"):
        docs = [doc for doc in docs if doc is here or doc.owner_id == user_id]
    return {
        "group": {
            "group_id": group.group_id,
            "total": len(docs),
            "thumbsize": parameters.thumbsize(call),
        },
        **_doc_with_neighbours(call, docs, here, f"/in/group/{group.group_id}", safety=False),
    }


def _find_among(call: MethodCall, docs: Sequence[Doc]) -> Doc:
    """Return the document with the id ``doc_id``, which must be one of these.

    :raises APIError: 2 if it is not.
    """
    for doc in docs:
        if doc.doc_id == call.params.get("doc_id"):
            return doc
    raise APIError(2, "Document not found")


@api_method("post.getContext")
def post_get_context(call: MethodCall) -> dict[str, object]:
    """Return an article and its neighbours; no help page was found, see ``doc.getContext``."""
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
    return _with_neighbours(call, "post", posts, post, describe)
