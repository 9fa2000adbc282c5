"""Groups as the dictionaries that API answers consist of."""

from __future__ import annotations

import time

from . import serializers
from .groups import MEDIA, Group
from .registry import MethodCall


def link(call: MethodCall, group: Group) -> str:
    """Return the URL of a group's page."""
    return f"{call.web_url}/group/{group.alias}"


def common(call: MethodCall, group: Group) -> serializers.JSONObject:
    """Return the keys that all answers about a group share; no method makes topics."""
    return {
        "title": group.title,
        "link": link(call, group),
        "icon": call.media_url + group.icon_path,
        "visibility": {"ispublic": group.ispublic, "docs": True, "topics": True},
        "dates": {
            "created_at": group.created_at,
            "last_doc_at": group.last_doc_at,
            "last_topic_at": 0,
        },
        "count": {"members": len(group.members), "docs": len(group.shown), "topics": 0},
    }


def you(group: Group, user_id: str) -> serializers.JSONObject:
    """Return the relation of a member to a group."""
    member = group.members.get(user_id)
    role = member.role if member else ""
    return {
        "isadmin": role == "admin",
        "ismoderator": role == "moderator",
        "ismember": member is not None,
        "docs": sum(entry.owner_id == user_id for entry in group.docs.values()),
        "joined_at": member.joined_at if member else 0,
        "visited_at": member.visited_at if member else 0,
    }


def quota(call: MethodCall, group: Group) -> serializers.JSONObject:
    """Return how many documents a member may add, and whether moderators must accept them.

    Without a quota ``max`` is 0; the value of ``left`` is then not known ([U]), here it is 0.
    """
    member = call.viewer is not None and call.viewer.user_id in group.members
    left = group.left(call.viewer.user_id, int(time.time())) if call.viewer and member else None
    return {
        "moderated": group.moderated,
        "max": group.quota,
        "period": group.period,
        "left": left or 0,
    }


def can(call: MethodCall, group: Group) -> serializers.JSONObject:
    """Return what the caller may do in a group, and which media it accepts."""
    viewer = call.viewer
    member = viewer is not None and viewer.user_id in group.members
    left = group.left(viewer.user_id, int(time.time())) if viewer else 0
    room = len(group.docs) < group.room
    return {
        "add_doc": member and room and left != 0,
        "add_topic": member,
        **{f"accept_{media}": media in group.accepts for media in MEDIA},
    }
