"""``explore.*``: public documents of all members, and groups."""

from __future__ import annotations

from collections.abc import Sequence

from .. import access, lists, parameters
from ..documents import Doc
from ..registry import MethodCall, api_method
from .doc import doc_items, docs_page

_EXTRAS = ("owner", "dates", "license", "medias", "geo")


def _public(call: MethodCall) -> Sequence[Doc]:
    """Return the public documents of the requested media, the newest first."""
    return access.visible_docs(call, media=call.params.get("media", ""), public=True)


@api_method("explore.docs.getPopular")
def get_popular(call: MethodCall) -> dict[str, object]:
    """Return the documents with the most faves and visits."""
    docs = lists.most_popular_first(_public(call))
    return {"docs": docs_page(call, docs, 20, 50, _EXTRAS, "owner")}


@api_method("explore.docs.getRecent")
def get_recent(call: MethodCall) -> dict[str, object]:
    """Return the newest documents, without pages."""
    docs = _public(call)[: parameters.int_param(call.params, "count", 50, 1, 100)]
    return {"docs": {"count": len(docs), "doc": doc_items(call, docs, _EXTRAS, "owner")}}


@api_method("explore.docs.homepage")
def homepage(call: MethodCall) -> dict[str, object]:
    """Return popular pictures; the method takes a page, but answers without totals."""
    docs = lists.most_popular_first(doc for doc in _public(call) if doc.media == "photo")
    per_page = parameters.int_param(call.params, "per_page", 5, 1, 100)
    chosen, _ = lists.paginate(
        docs, parameters.int_param(call.params, "page", 1, 1, 10**9), per_page
    )
    return {"docs": {"count": len(chosen), "doc": doc_items(call, chosen, _EXTRAS, "owner")}}


@api_method("explore.groups.getRandom")
def get_random_groups(call: MethodCall) -> dict[str, object]:
    """Return no groups: the method exists, but seems defunct ([C] python-ipernity-api-py3)."""
    return {"groups": {"count": 0, "group": []}}
