"""``post.get``, ``getList``, ``search`` and ``set``.

``get`` and ``set`` require the permission "blog", all others "post" ([C] PyIpernity's list).
"""

from __future__ import annotations

import time
from typing import Any

from .. import access, lists, parameters, serializers
from ..documents import PUBLIC
from ..folding import folded
from ..posts import Post
from ..registry import APIError, MethodCall, api_method, caller
from .doc_search import MAX_HITS, relevance, tag_names, tag_texts
from .doc_write import LICENSES, PERM_VALUES, one_of
from .user import find_person


def find_post(call: MethodCall, item: str = "blog") -> Post:
    """Return the article with the id ``post_id``.

    :param item: the permission item that opens private articles.
    :raises APIError: 1 if there is none, or it is not visible to the caller.
    """
    post = call.state.posts.get(call.params.get("post_id", ""))
    if post is None or not call.state.visible(post, call.viewer, call.level(item)):
        raise APIError(1, "Post not found")
    return post


def visible_posts(call: MethodCall, owner_id: str | None = None) -> list[Post]:
    """Return the articles of one member or of all that the caller may see, the newest first."""
    posts = [
        post
        for post in call.state.posts.values()
        if owner_id in (None, post.owner_id)
        and call.state.visible(post, call.viewer, call.level("post"))
    ]
    return sorted(posts, key=lambda post: (post.posted_at, int(post.post_id)), reverse=True)


def _common_keys(call: MethodCall, post: Post) -> dict[str, object]:
    """Return the keys of an article in all answers; ``created`` is in Unix seconds too ([D])."""
    return {
        "post_id": post.post_id,
        "license": post.license,
        "link": serializers.post_link(call, post),
        "title": post.title,
        "intro": post.intro,
        "safety": post.safety,
        "visibility": serializers.visibility(post),
        "dates": {
            "posted_at": post.posted_at,
            "created": post.created_at,
            "last_comment_at": post.audience.comment_at,
            "last_update_at": post.updated_at,
        },
        "owner": serializers.owner(call, post.owner_id),
        "count": {
            "visits": post.audience.visit_count,
            "faves": len(post.audience.faves),
            "comments": len(post.audience.comments),
            "tags": len(post.tags),
        },
        "share": {"url": serializers.post_link(call, post)},
    }


def _full_record(call: MethodCall, post: Post, item: str) -> dict[str, object]:
    """Return an article with its text, and what the caller may do with it."""
    who = access.reader(call, item)
    return {
        **_common_keys(call, post),
        "description": post.content,
        "permissions": serializers.permissions(post),
        "can": {
            "fave": who is not None and who.user_id != post.owner_id,
            "comment": access.may_act(call, post.owner_id, post.perm_comment, item),
            "tag": access.may_act(call, post.owner_id, post.perm_tag, item),
            "tagme": access.may_act(call, post.owner_id, post.perm_tagme, item),
            # keys of documents, too; an article has nothing to enlarge or download
            "zoom": False,
            "share": serializers.visibility(post)["ispublic"],
            "download": False,
            "print": False,
            "extra": access.owns(call, post.owner_id, item),
        },
        "you": serializers.you(call, post.audience, item),
    }


@api_method("post.get")
def post_get(call: MethodCall) -> dict[str, object]:
    """Return one article; the form of ``extra=embed`` is not known ([U]), it is ignored."""
    post = find_post(call)
    shape = _full_record(call, post, "blog")
    if "tags" in parameters.comma_list(call.params.get("extra")):
        shape["tags"] = serializers.tags(call, post.tags)
    return {"post": shape}


def _posts_page(call: MethodCall, posts: list[Post]) -> dict[str, object]:
    per_page = parameters.int_param(call.params, "per_page", 20, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    chosen, head = lists.paginate(posts, page, per_page)
    return {"posts": {**head, "post": [_full_record(call, post, "post") for post in chosen]}}


@api_method("post.getList")
def post_get_list(call: MethodCall) -> dict[str, object]:
    """Return a member's articles, the newest first; no help page was found, see ``doc.getList``."""
    posts = visible_posts(call, find_person(call).user_id)
    if share := call.params.get("share"):
        posts = [post for post in posts if str(post.share) == share]
    return _posts_page(call, posts)


@api_method("post.search")
def post_search(call: MethodCall) -> dict[str, object]:
    """Return the articles that meet all conditions."""
    params, state = call.params, call.state
    posts = visible_posts(call, params.get("user_id") or None)
    if share := params.get("share"):
        # as in doc.search, where public ones are found for all ([R])
        posts = [
            post
            for post in posts
            if str(post.share) == share
            and (post.share == PUBLIC or access.owns(call, post.owner_id, "post"))
        ]
    if licenses := parameters.comma_list(params.get("license")):
        posts = [post for post in posts if str(post.license) in licenses]
    if tags := set(tag_names(params.get("tags", ""))):
        posts = [
            post for post in posts if tags <= {folded(text) for text in tag_texts(state, post)}
        ]
    posted_min = parameters.int_param(params, "posted_min", 0, 0, 2**62)
    posted_max = parameters.int_param(params, "posted_max", 2**62, 0, 2**62)
    posts = [post for post in posts if posted_min <= post.posted_at <= posted_max]
    # these are dates without a time
    first, last = params.get("created_min") or "", params.get("created_max") or "9"
    posts = [post for post in posts if first <= _day(post) <= last]
    if text := params.get("text", "").strip():
        scores = {
            post.post_id: relevance(
                text, (post.title, post.intro, post.content, " ".join(tag_texts(state, post)))
            )
            for post in posts
        }
        posts = [post for post in posts if scores[post.post_id]]
        posts.sort(key=lambda post: scores[post.post_id], reverse=True)
    return _posts_page(call, _sorted(posts, params.get("sort", "relevance"))[:MAX_HITS])


def _day(post: Post) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(post.created_at))


def _sorted(posts: list[Post], order: str) -> list[Post]:
    """Return articles in the requested order; an unknown order means relevance."""
    keys: dict[str, Any] = {
        "popular": lambda post: (len(post.audience.faves), post.audience.visit_count),
        "posted": lambda post: post.posted_at,
        "created": lambda post: post.created_at,
    }
    name, _, direction = order.partition("-")
    if name not in keys:
        return posts
    return sorted(posts, key=keys[name], reverse=direction != "asc")


@api_method("post.set")
def post_set(call: MethodCall) -> dict[str, object]:
    """Write or change an article; ``lg_id`` is ignored, its values are not known ([U])."""
    who, params, now = caller(call), call.params, int(time.time())
    post = find_post(call) if params.get("post_id") else None
    if post is not None and post.owner_id != who.user_id:
        raise APIError(1, "Post not found")
    names = {"com": "perm_comment", "tag": "perm_tag", "tagme": "perm_tagme"}
    changes: dict[str, object] = {
        name: params[name] for name in ("title", "content", "intro") if name in params
    }
    try:
        for name, attribute in names.items():
            if name in params:
                changes[attribute] = one_of(PERM_VALUES)(params[name])
        if "share" in params:
            changes["share"] = one_of((0, 1, 2, 3, 4))(params["share"])
        if "license" in params:
            changes["license"] = one_of(LICENSES)(params["license"])
    except ValueError:
        raise APIError(3, "Extra argument out of bounds") from None
    if post is None:
        if not params.get("title", "").strip() or not params.get("content", "").strip():
            raise APIError(2, "No parameter given")
        post = Post(call.state.new_id("post"), who.user_id, "", "", posted_at=now, created_at=now)
        call.state.posts[post.post_id] = post
    elif not changes:
        raise APIError(2, "No parameter given")
    for attribute, value in changes.items():
        setattr(post, attribute, value)
    post.updated_at = now
    return {"post": _common_keys(call, post)}
