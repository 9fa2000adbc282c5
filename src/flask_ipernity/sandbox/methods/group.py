"""``group.*``: groups, and the documents in them."""

from __future__ import annotations

import time

from .. import access, group_serializers, lists, parameters
from ..groups import Group, GroupDoc
from ..registry import MAX_IDS, APIError, MethodCall, api_method, caller
from . import limits
from .doc import docs_page, filter_docs
from .doc_search import relevance


def find_group(call: MethodCall) -> Group:
    """Return the group with the id ``group_id``.

    :raises APIError: 1 if there is none, or it is private and the caller is not a member.
    """
    group = call.state.groups.get(call.params.get("group_id", ""))
    if group is None or not access.group_visible(call, group):
        raise APIError(1, "Group not found")
    return group


@api_method("group.get")
def group_get(call: MethodCall) -> dict[str, object]:
    """Return one group, by id or alias; the key of its id is ``id`` in this answer alone ([D])."""
    group = call.state.group(call.params.get("group_id", ""))
    if group is None or not access.group_visible(call, group):
        raise APIError(1, "Group not found")
    return {
        "group": {
            "id": group.group_id,
            **group_serializers.common(call, group),
            "lang": group.lang,
            "description": group.description,
            "quota": group_serializers.quota(call, group),
            "can": group_serializers.can(call, group),
            "you": group_serializers.you(group, call.viewer.user_id) if call.viewer else None,
        }
    }


@api_method("group.getList")
def group_get_list(call: MethodCall) -> dict[str, object]:
    """Return the groups of a member; the answer has no ``pages`` ([C] PyIpernity)."""
    user_id = call.params.get("user_id")
    person = call.state.people.get(user_id) if user_id else call.viewer
    if person is None or person.closed:
        raise APIError(1, "User invalid or caller not authenticated")
    groups = [
        group
        for group in call.state.groups.values()
        if person.user_id in group.members and access.group_visible(call, group)
    ]
    per_page = parameters.int_param(call.params, "per_page", 100, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    chosen, head = lists.paginate(groups, page, per_page, pages=False)
    who = call.viewer or person
    return {
        "groups": {
            **head,
            "count": len(chosen),
            "thumbsize": parameters.thumbsize(call),
            "group": [
                {
                    "group_id": group.group_id,
                    **group_serializers.common(call, group),
                    "you": group_serializers.you(group, who.user_id),
                }
                for group in chosen
            ],
        }
    }


@api_method("group.search")
def group_search(call: MethodCall) -> dict[str, object]:
    """Return the groups with some words in title or description."""
    text = call.params.get("text", "").strip()
    if not text:
        raise APIError(1, "Search text empty")
    scores = {
        group.group_id: relevance(text, (group.title, group.description))
        for group in call.state.groups.values()
        if access.group_visible(call, group)
    }
    groups = [call.state.groups[group_id] for group_id, score in scores.items() if score]
    order = call.params.get("sort", "relevance")
    if order in ("created-desc", "created-asc"):
        groups.sort(key=lambda group: group.created_at, reverse=order == "created-desc")
    else:
        groups.sort(key=lambda group: scores[group.group_id], reverse=True)
    per_page = parameters.int_param(call.params, "per_page", 20, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    chosen, head = lists.paginate(groups, page, per_page)
    records = [
        {"group_id": group.group_id, **group_serializers.common(call, group)} for group in chosen
    ]
    return {"groups": {**head, "group": records}}


@api_method("group.docs.getList")
def group_docs_get_list(call: MethodCall) -> dict[str, object]:
    """Return a group's documents, the last added first ([R]), without pending ones."""
    group, state = find_group(call), call.state
    docs = [state.docs[doc_id] for doc_id in reversed(group.shown)]
    if user_id := call.params.get("user_id"):
        if user_id not in state.people:
            raise APIError(2, "User not found")
        docs = [doc for doc in docs if doc.owner_id == user_id]
    docs = filter_docs(call, [doc for doc in docs if access.visible(call, doc)])
    extras = ("owner", "dates", "geo", "medias", "original")
    return {
        "group": {"group_id": group.group_id, "docs": docs_page(call, docs, 20, 100, extras, "")}
    }


@api_method("group.docs.add")
def group_docs_add(call: MethodCall) -> dict[str, object]:
    """Add the caller's documents to a group, or submit them to its moderators."""
    group, who, now = find_group(call), caller(call), int(time.time())
    if who.user_id not in group.members:
        raise APIError(1, "Group not found")
    ids = parameters.comma_list(call.params.get("doc_id"))
    docs = [call.state.docs.get(doc_id) for doc_id in dict.fromkeys(ids)]
    own = [doc for doc in docs if doc is not None and doc.owner_id == who.user_id]
    if len(ids) > MAX_IDS or not own or len(own) < len(docs):
        raise APIError(2, "Document not found or not owned")
    new = [doc for doc in own if doc.doc_id not in group.docs]
    left = group.left(who.user_id, now)
    if left is not None and len(new) > left:
        raise APIError(3, "Group quota reached")
    if len(group.docs) + len(new) > group.room:
        raise APIError(4, "Group closed or full")
    records: list[dict[str, object]] = []
    for doc in own:
        error = 0
        if doc in new:
            in_groups = sum(doc.doc_id in other.docs for other in call.state.groups.values())
            if in_groups >= limits.MAX_DOC_GROUPS:
                error = 1
            elif doc.media not in group.accepts:
                error = 2
            else:
                pending = group.moderated and not group.moderates(who.user_id)
                group.docs[doc.doc_id] = GroupDoc(who.user_id, now, pending)
        entry = group.docs.get(doc.doc_id)
        records.append(
            {
                "doc_id": doc.doc_id,
                "added": doc in new and not error,
                "pending": entry is not None and entry.pending,
                "error": error,
            }
        )
    added = sum(bool(record["added"]) for record in records)
    return {
        "group": {
            "group_id": group.group_id,
            "total": len(group.shown),
            "added": added,
            "skipped": len(records) - added,
            "pending": sum(bool(record["pending"]) for record in records),
            "doc": records,
        }
    }


@api_method("group.docs.remove")
def group_docs_remove(call: MethodCall) -> dict[str, object]:
    """Remove documents from a group; moderators may remove those of others too.

    The key of the records is ``docs``, not ``doc`` as on the help page ([C] PyIpernity, 2023).
    """
    group, who = find_group(call), caller(call)
    ids = list(dict.fromkeys(parameters.comma_list(call.params.get("doc_id"))))
    docs = [call.state.docs.get(doc_id) for doc_id in ids]
    allowed = [
        doc
        for doc in docs
        if doc is not None and (doc.owner_id == who.user_id or group.moderates(who.user_id))
    ]
    if not ids or len(ids) > MAX_IDS or len(allowed) < len(docs):
        raise APIError(2, "Document not found")
    gone = {doc.doc_id for doc in allowed if group.docs.pop(doc.doc_id, None)}
    return {
        "group": {
            "group_id": group.group_id,
            "total": len(group.shown),
            "removed": len(gone),
            "skipped": len(ids) - len(gone),
            "docs": [{"doc_id": doc_id, "removed": doc_id in gone} for doc_id in ids],
        }
    }
