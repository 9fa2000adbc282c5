"""``doc.tags.*``: the keywords on a document, and the members tagged on it."""

from __future__ import annotations

import time

from .. import access, parameters, serializers
from ..documents import Doc, DocTag
from ..registry import APIError, MethodCall, api_method, caller, require_not_blocked
from . import limits
from .doc import find_doc
from .doc_search import split_tags
from .doc_write import find_own_doc

#: The parameters and the types of their tags.
_KINDS = {"keywords": "keyword", "members": "member"}


def _permitted_tags(call: MethodCall, doc: Doc, name: str) -> list[DocTag]:
    """Return the tags in a parameter that the caller may put on a document.

    Members must belong to the caller's network ([D]); the caller's own name is accepted too.
    """
    state, who, text, now = call.state, caller(call), call.params.get(name, ""), int(time.time())
    if name == "keywords":
        if not access.may_act(call, doc.owner_id, doc.perm_tag):
            return []
        ids = [state.keyword(word).tag_id for word in split_tags(text)]
    else:
        people = [state.person(part) for part in parameters.comma_list(text)]
        known = who.network | {who.user_id}
        ids = [person.user_id for person in people if person and person.user_id in known]
        if not access.may_act(call, doc.owner_id, doc.perm_tag):
            # "to let a member add his personal member tag" ([D])
            tagme = access.may_act(call, doc.owner_id, doc.perm_tagme)
            ids = [user_id for user_id in ids if tagme and user_id == who.user_id]
    return [DocTag(_KINDS[name], tag_id, who.user_id, now) for tag_id in dict.fromkeys(ids)]


def _tag_count(call: MethodCall, name: str) -> int:
    """Return the number of tags in a parameter, allowed or not."""
    text = call.params.get(name, "")
    return len(split_tags(text) if name == "keywords" else parameters.comma_list(text))


def _answer(call: MethodCall, added: int, dropped: int, tags: list[DocTag]) -> dict[str, object]:
    found = [serializers.tag(call, tag) for tag in tags]
    return {"tags": {"added": added, "dropped": dropped, "tag": found}}


@api_method("doc.tags.add")
def doc_tags_add(call: MethodCall) -> dict[str, object]:
    """Add tags to a document; those that exist already or are not permitted are dropped."""
    doc = find_doc(call)
    require_not_blocked(call, doc.owner_id)
    count = sum(_tag_count(call, name) for name in _KINDS)
    if not count:
        raise APIError(2, "Keywords and members missing")
    there = {(tag.type, tag.id) for tag in doc.tags}
    wanted = [tag for name in _KINDS for tag in _permitted_tags(call, doc, name)]
    new = [tag for tag in wanted if (tag.type, tag.id) not in there]
    if len(doc.tags) + len(new) > limits.MAX_DOC_TAGS:
        raise APIError(3, "Tag limit reached")
    doc.tags += new
    return _answer(call, len(new), count - len(new), new)


@api_method("doc.tags.edit")
def doc_tags_edit(call: MethodCall) -> dict[str, object]:
    """Replace the tags of the given types on the caller's document; an empty value removes them."""
    doc = find_own_doc(call)
    given = [name for name in _KINDS if name in call.params]
    if not given:
        raise APIError(2, "Keywords and members missing")
    there = {(tag.type, tag.id): tag for tag in doc.tags}
    kept = [tag for tag in doc.tags if tag.type not in {_KINDS[name] for name in given}]
    wanted = [
        there.get((tag.type, tag.id), tag)
        for name in given
        for tag in _permitted_tags(call, doc, name)
    ]
    if len(kept) + len(wanted) > limits.MAX_DOC_TAGS:
        raise APIError(3, "Tag limit reached")
    added = [tag for tag in wanted if (tag.type, tag.id) not in there]
    dropped = len(doc.tags) - len(kept) - (len(wanted) - len(added))
    doc.tags = kept + wanted
    return _answer(call, len(added), dropped, doc.tags)


@api_method("doc.tags.getList")
def doc_tags_get_list(call: MethodCall) -> dict[str, object]:
    """Return a document's tags."""
    return {"tags": serializers.tags(call, find_doc(call).tags)}


@api_method("doc.tags.remove")
def doc_tags_remove(call: MethodCall) -> dict[str, object]:
    """Remove a tag; the document's owner and the person who added the tag may do so."""
    doc, user_id = find_doc(call), caller(call).user_id
    wanted = (call.params.get("type"), call.params.get("id"))
    for tag in doc.tags:
        if (tag.type, tag.id) == wanted and user_id in (doc.owner_id, tag.user_id):
            doc.tags.remove(tag)
            return {}
    raise APIError(2, "Tag not found")
