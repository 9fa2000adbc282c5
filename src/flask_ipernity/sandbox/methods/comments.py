"""``doc.comments.*`` and ``post.comments.*``: the same methods for documents and articles.

For articles only ``delete`` has a known page; the others go by those for documents.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, TypeAlias

from .. import shapes
from ..accounts import Person
from ..audience import Comment
from ..documents import Doc
from ..posts import Post
from . import Call, Refusal, caller, limits, method, not_blocked, number
from .doc import found_doc
from .post import found_post

Item: TypeAlias = Doc | Post

DELETABLE = 7 * 86_400
"""Seconds in which a comment can be deleted."""
_QUIET = 300
"""Seconds in which a change is not told ([D])."""


class Kind(NamedTuple):
    """What can be commented on: the permission item of its comments, and where to find it."""

    name: str
    found: Callable[[Call], Item]
    all: Callable[[Call], Iterable[Item]]


KINDS = (
    Kind("doc", found_doc, lambda call: call.state.docs.values()),
    Kind("post", partial(found_post, item="post"), lambda call: call.state.posts.values()),
)


def _item_id(item: Item) -> str:
    return item.doc_id if isinstance(item, Doc) else item.post_id


def _found(kind: Kind, call: Call) -> tuple[Item, Comment]:
    """The comment that ``comment_id`` names, on an item that the caller may see.

    :raises Refusal: error 1.
    """
    comment_id = call.params.get("comment_id", "")
    for item in kind.all(call):
        if comment_id in item.audience.comments and call.state.visible(
            item, call.viewer, call.level(kind.name)
        ):
            return item, item.audience.comments[comment_id]
    raise Refusal(1, "Comment not found")


def _content(call: Call) -> str:
    """:raises Refusal: error 2, there is no text."""
    content = call.params.get("content", "").strip()
    if not content:
        raise Refusal(2, "Comment text empty")
    return content


def _shape(call: Call, item: Item, comment: Comment) -> dict[str, object]:
    """A comment as the writing methods answer it."""
    page = shapes.doc_link(call, item) if isinstance(item, Doc) else shapes.post_link(call, item)
    number = comment.comment_id
    return {
        "comment_id": number,
        "user_id": comment.user_id,
        "posted_at": comment.posted_at,
        "modified_at": comment.modified_at,
        "link": f"{page}/comment/{number}#comment{number}",
        "content": comment.content,
    }


def _say(kind: Kind, call: Call, item: Item, parent_id: str | None) -> dict[str, object]:
    """Makes a comment; the same text twice by one member is stored once ([D])."""
    who, content = caller(call), _content(call)
    not_blocked(call, item.owner_id)
    if not shapes.may_act(call, item.owner_id, item.perm_comment, kind.name):
        raise Refusal(3, "Not permitted to comment")
    comments = item.audience.comments
    for comment in comments.values():
        if (comment.user_id, comment.content) == (who.user_id, content):
            return _shape(call, item, comment)
    if len(comments) >= limits.COMMENTS:
        raise Refusal(4, "Comment limit reached")
    preview = call.params.get("preview") == "1"
    number = "0" if preview else call.state.new_id("comment")
    comment = Comment(number, who.user_id, content, int(time.time()), parent_id)
    if not preview:
        comments[number] = comment
    return _shape(call, item, comment)


def _add(kind: Kind, call: Call) -> dict[str, object]:
    """Comments on an item."""
    return {"comment": _say(kind, call, kind.found(call), None)}


def _reply(kind: Kind, call: Call) -> dict[str, object]:
    """Answers a comment."""
    item, parent = _found(kind, call)
    said = _say(kind, call, item, parent.comment_id)
    return {"comment": {**said, "parent_id": parent.comment_id}}


def _edit(kind: Kind, call: Call) -> dict[str, object]:
    """Changes a comment of the caller's own; late changes get a date."""
    item, comment = _found(kind, call)
    if comment.user_id != caller(call).user_id:
        raise Refusal(1, "Comment not found")
    changed = Comment(
        comment.comment_id,
        comment.user_id,
        _content(call),
        comment.posted_at,
        comment.parent_id,
        comment.modified_at,
    )
    now = int(time.time())
    if now - comment.posted_at >= _QUIET:
        changed.modified_at = now
    if call.params.get("preview") != "1":
        item.audience.comments[comment.comment_id] = changed
    return {"comment": _shape(call, item, changed)}


def _delete(kind: Kind, call: Call) -> dict[str, object]:
    """Deletes a comment; its author and the item's owner may, for seven days."""
    item, comment = _found(kind, call)
    if caller(call).user_id not in (comment.user_id, item.owner_id):
        raise Refusal(1, "Comment not found")
    if time.time() - comment.posted_at > DELETABLE:
        raise Refusal(3, "Comment older than 7 days")
    del item.audience.comments[comment.comment_id]
    return {}


def _described(call: Call, item: Item, comment: Comment) -> dict[str, object]:
    """A comment as the reading methods answer it; a parent that is deleted is not named."""
    with_owner = "owner" in shapes.words(call.params.get("extra"))
    return {
        "comment_id": comment.comment_id,
        "user_id": comment.user_id,
        "username": call.state.people[comment.user_id].username,
        "posted_at": comment.posted_at,
        "content": comment.content,
        "parent_id": comment.parent_id if comment.parent_id in item.audience.comments else None,
        "owner": shapes.owner(call, comment.user_id) if with_owner else None,
    }


def _get(kind: Kind, call: Call) -> dict[str, object]:
    """One comment, what it replies to, and what the caller may do with it."""
    item, comment = _found(kind, call)
    who: Person | None = shapes.reader(call, kind.name)
    own = who is not None and who.user_id == comment.user_id
    ruled = who is not None and who.user_id in (comment.user_id, item.owner_id)
    young = time.time() - comment.posted_at <= DELETABLE
    parent = item.audience.comments.get(comment.parent_id or "")
    return {
        "comment": {
            **_described(call, item, comment),
            "canreply": shapes.may_act(call, item.owner_id, item.perm_comment, kind.name),
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


def _get_list(kind: Kind, call: Call) -> dict[str, object]:
    """The comments on an item, the oldest first."""
    item = kind.found(call)
    per_page = number(call.params, "per_page", 100, 1, 100)
    page = number(call.params, "page", 1, 1, 10**9)
    comments = sorted(item.audience.comments.values(), key=lambda comment: comment.posted_at)
    chosen, head = shapes.paged(comments, page, per_page)
    return {
        "comments": {
            f"{kind.name}_id": _item_id(item),
            **head,
            "count": len(chosen),
            "comment": [
                {**_described(call, item, comment), "modified_at": comment.modified_at}
                for comment in chosen
            ],
        }
    }


for _kind in KINDS:
    for _name, _function in {
        "add": _add,
        "delete": _delete,
        "edit": _edit,
        "get": _get,
        "getList": _get_list,
        "reply": _reply,
    }.items():
        method(f"{_kind.name}.comments.{_name}")(partial(_function, _kind))
