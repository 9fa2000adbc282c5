"""``doc.comments.*`` and ``post.comments.*``: the same methods for documents and articles.

Of those for articles, only ``delete`` has a known help page; the others follow those for
documents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, TypeAlias

from .. import access, lists, parameters, serializers
from ..accounts import Person
from ..audience import Comment
from ..documents import Doc
from ..posts import Post
from ..registry import APIError, MethodCall, api_method, caller, require_not_blocked
from . import limits
from .doc import find_doc
from .post import find_post

Item: TypeAlias = Doc | Post

#: Age up to which a comment can be deleted, in seconds.
DELETE_SECONDS = 7 * 86_400
#: Age up to which a comment is changed without a date of change, in seconds ([D]).
_UNMARKED_EDIT_SECONDS = 300


class Commentable(NamedTuple):
    """A kind of item with comments: the permission item that covers them, and how to find one."""

    name: str
    found: Callable[[MethodCall], Item]
    all: Callable[[MethodCall], Iterable[Item]]


COMMENTABLES = (
    Commentable("doc", find_doc, lambda call: call.state.docs.values()),
    Commentable("post", partial(find_post, item="post"), lambda call: call.state.posts.values()),
)


def _item_id(item: Item) -> str:
    return item.doc_id if isinstance(item, Doc) else item.post_id


def _find_comment(kind: Commentable, call: MethodCall) -> tuple[Item, Comment]:
    """Return the comment with the id ``comment_id``, on an item that the caller may see.

    :raises APIError: 1 if there is none.
    """
    comment_id = call.params.get("comment_id", "")
    for item in kind.all(call):
        if comment_id in item.audience.comments and call.state.visible(
            item, call.viewer, call.level(kind.name)
        ):
            return item, item.audience.comments[comment_id]
    raise APIError(1, "Comment not found")


def _content(call: MethodCall) -> str:
    """Return the text of a comment.

    :raises APIError: 2 if it is empty.
    """
    content = call.params.get("content", "").strip()
    if not content:
        raise APIError(2, "Comment text empty")
    return content


def _writing_record(call: MethodCall, item: Item, comment: Comment) -> dict[str, object]:
    """Return a comment as the writing methods answer it."""
    page = (
        serializers.doc_link(call, item)
        if isinstance(item, Doc)
        else serializers.post_link(call, item)
    )
    number = comment.comment_id
    return {
        "comment_id": number,
        "user_id": comment.user_id,
        "posted_at": comment.posted_at,
        "modified_at": comment.modified_at,
        "link": f"{page}/comment/{number}#comment{number}",
        "content": comment.content,
    }


def _store_comment(
    kind: Commentable, call: MethodCall, item: Item, parent_id: str | None
) -> dict[str, object]:
    """Store a comment; the same text by the same member is stored once ([D])."""
    who, content = caller(call), _content(call)
    require_not_blocked(call, item.owner_id)
    if not access.may_act(call, item.owner_id, item.perm_comment, kind.name):
        raise APIError(3, "Not permitted to comment")
    comments = item.audience.comments
    for comment in comments.values():
        if (comment.user_id, comment.content) == (who.user_id, content):
            return _writing_record(call, item, comment)
    if len(comments) >= limits.MAX_COMMENTS:
        raise APIError(4, "Comment limit reached")
    preview = call.params.get("preview") == "1"
    number = "0" if preview else call.state.new_id("comment")
    comment = Comment(number, who.user_id, content, int(time.time()), parent_id)
    if not preview:
        comments[number] = comment
    return _writing_record(call, item, comment)


def _add(kind: Commentable, call: MethodCall) -> dict[str, object]:
    """Comment on an item."""
    return {"comment": _store_comment(kind, call, kind.found(call), None)}


def _reply(kind: Commentable, call: MethodCall) -> dict[str, object]:
    """Reply to a comment."""
    item, parent = _find_comment(kind, call)
    said = _store_comment(kind, call, item, parent.comment_id)
    return {"comment": {**said, "parent_id": parent.comment_id}}


def _edit(kind: Commentable, call: MethodCall) -> dict[str, object]:
    """Change the caller's own comment; later than some minutes, it gets a date of change."""
    item, comment = _find_comment(kind, call)
    if comment.user_id != caller(call).user_id:
        raise APIError(1, "Comment not found")
    changed = Comment(
        comment.comment_id,
        comment.user_id,
        _content(call),
        comment.posted_at,
        comment.parent_id,
        comment.modified_at,
    )
    now = int(time.time())
    if now - comment.posted_at >= _UNMARKED_EDIT_SECONDS:
        changed.modified_at = now
    if call.params.get("preview") != "1":
        item.audience.comments[comment.comment_id] = changed
    return {"comment": _writing_record(call, item, changed)}


def _delete(kind: Commentable, call: MethodCall) -> dict[str, object]:
    """Delete a comment; its author and the item's owner may do so for seven days."""
    item, comment = _find_comment(kind, call)
    if caller(call).user_id not in (comment.user_id, item.owner_id):
        raise APIError(1, "Comment not found")
    if time.time() - comment.posted_at > DELETE_SECONDS:
        raise APIError(3, "Comment older than 7 days")
    del item.audience.comments[comment.comment_id]
    return {}


def _reading_record(call: MethodCall, item: Item, comment: Comment) -> dict[str, object]:
    """Return a comment as the reading methods answer it; a deleted parent is not named."""
    with_owner = "owner" in parameters.comma_list(call.params.get("extra"))
    return {
        "comment_id": comment.comment_id,
        "user_id": comment.user_id,
        "username": call.state.people[comment.user_id].username,
        "posted_at": comment.posted_at,
        "content": comment.content,
        "parent_id": comment.parent_id if comment.parent_id in item.audience.comments else None,
        "owner": serializers.owner(call, comment.user_id) if with_owner else None,
    }


def _get(kind: Commentable, call: MethodCall) -> dict[str, object]:
    """Return one comment, its parent, and what the caller may do with it."""
    item, comment = _find_comment(kind, call)
    who: Person | None = access.reader(call, kind.name)
    own = who is not None and who.user_id == comment.user_id
    ruled = who is not None and who.user_id in (comment.user_id, item.owner_id)
    young = time.time() - comment.posted_at <= DELETE_SECONDS
    parent = item.audience.comments.get(comment.parent_id or "")
    return {
        "comment": {
            **_reading_record(call, item, comment),
            "canreply": access.may_act(call, item.owner_id, item.perm_comment, kind.name),
            "canedit": own,
            "candelete": ruled and young,
            "parent": {
                "comment_id": parent.comment_id,
                "user_id": parent.user_id,
                "username": call.state.people[parent.user_id].username,
                "content": parent.content,
            }
            if parent
            else None,
        }
    }


def _get_list(kind: Commentable, call: MethodCall) -> dict[str, object]:
    """Return the comments on an item, the oldest first."""
    item = kind.found(call)
    per_page = parameters.int_param(call.params, "per_page", 100, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    comments = sorted(item.audience.comments.values(), key=lambda comment: comment.posted_at)
    chosen, head = lists.paginate(comments, page, per_page)
    return {
        "comments": {
            f"{kind.name}_id": _item_id(item),
            **head,
            "count": len(chosen),
            "comment": [
                {**_reading_record(call, item, comment), "modified_at": comment.modified_at}
                for comment in chosen
            ],
        }
    }


for _kind in COMMENTABLES:
    for _name, _function in {
        "add": _add,
        "delete": _delete,
        "edit": _edit,
        "get": _get,
        "getList": _get_list,
        "reply": _reply,
    }.items():
        api_method(f"{_kind.name}.comments.{_name}")(partial(_function, _kind))
