"""``tags.user.*`` and ``tags.docs.getList``."""

from __future__ import annotations

from collections import Counter

from .. import access, lists, parameters
from ..registry import APIError, MethodCall, api_method
from .doc import docs_page
from .user import find_person


@api_method("tags.user.getList")
def tags_user_get_list(call: MethodCall) -> dict[str, object]:
    """Return the tags on a member's documents that the caller may see, the most used first."""
    person = find_person(call)
    wanted = call.params.get("type") or "keyword"
    used = Counter(
        tag.id
        for doc in reversed(access.visible_docs(call, person.user_id))
        for tag in doc.tags
        if tag.type == wanted
    )
    chosen = used.most_common(parameters.int_param(call.params, "count", 100, 1, 1000))
    return {
        "tags": {
            "count": len(chosen),
            "type": wanted,
            "user_id": person.user_id,
            "tag": [
                {"type": wanted, "id": tag_id, "tag": call.state.tag_text(wanted, tag_id)}
                for tag_id, _ in chosen
            ],
        }
    }


@api_method("tags.user.getPopular")
def tags_user_get_popular(call: MethodCall) -> dict[str, object]:
    """Return a member's most used tags, and how many documents and articles have them."""
    person, state = find_person(call), call.state
    wanted = call.params.get("type") or "keyword"
    docs = Counter(
        tag.id
        for doc in reversed(access.visible_docs(call, person.user_id))
        for tag in doc.tags
        if tag.type == wanted
    )
    posts = Counter(
        tag.id
        for post in state.posts.values()
        if post.owner_id == person.user_id and state.visible(post, call.viewer, call.level("post"))
        for tag in post.tags
        if tag.type == wanted
    )
    chosen = (docs + posts).most_common(parameters.int_param(call.params, "count", 20, 1, 100))
    return {
        "tags": {
            "count": len(chosen),
            "type": wanted,
            "user_id": person.user_id,
            "tag": [
                {
                    "id": tag_id,
                    "tag": state.tag_text(wanted, tag_id),
                    "docs": docs[tag_id],
                    "posts": posts[tag_id],
                }
                for tag_id, _ in chosen
            ],
        }
    }


@api_method("tags.docs.getList")
def tags_docs_get_list(call: MethodCall) -> dict[str, object]:
    """Return the documents with a keyword, or on which a member is tagged."""
    state, kind, tag_id = call.state, call.params.get("type"), call.params.get("id", "")
    known = {"keyword": set(state.tags), "member": set(state.people)}
    if tag_id not in known.get(kind or "", ()):
        raise APIError(1, "Tag not found")
    user_id = call.params.get("user_id") or None
    if user_id and user_id not in state.people:
        raise APIError(2, "User not found")
    docs = [
        doc
        for doc in access.visible_docs(
            call, user_id, call.params.get("media", ""), call.params.get("share", "")
        )
        if doc.tags and any((tag.type, tag.id) == (kind, tag_id) for tag in doc.tags)
    ]
    order = call.params.get("sort", "popular")
    if order in ("posted-desc", "posted-asc"):
        docs = docs[:: 1 if order == "posted-desc" else -1]
    else:
        docs = lists.most_popular_first(docs)
    extras = ("owner", "dates", "medias", "original")
    return {"docs": docs_page(call, docs, 100, 500, extras, "owner")}
