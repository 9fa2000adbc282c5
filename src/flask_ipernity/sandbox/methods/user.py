"""``user.get``."""

from __future__ import annotations

from ..access import visible_docs
from ..accounts import Person
from ..registry import APIError, MethodCall, api_method
from ..serializers import avatar


def find_person(call: MethodCall) -> Person:
    """Return the member with the id ``user_id``; the caller if a token but no id is sent ([C]).

    :raises APIError: 1 if there is none, or the account is closed.
    """
    person = call.viewer
    if user_id := call.params.get("user_id"):
        person = call.state.people.get(user_id)
    if person is None or person.closed:
        raise APIError(1, "User not found")
    return person


def relation(viewer: Person, person: Person) -> dict[str, object]:
    """Return how the caller is related to a member, and the member to the caller."""
    return {
        "isfamily": person.user_id in viewer.family,
        "isfriend": person.user_id in viewer.friends,
        "iscontact": person.user_id in viewer.contacts,
        "revfamily": viewer.user_id in person.family,
        "revfriend": viewer.user_id in person.friends,
        "revcontact": viewer.user_id in person.contacts,
    }


def visible_counts(call: MethodCall, person: Person) -> dict[str, object]:
    """Return how many documents and articles of a member are visible, and their network's size."""
    state, level = call.state, call.level("post")
    return {
        "docs": len(visible_docs(call, person.user_id)),
        "posts": sum(
            post.owner_id == person.user_id and state.visible(post, call.viewer, level)
            for post in state.posts.values()
        ),
        "network": len(person.network),
    }


@api_method("user.get")
def user_get(call: MethodCall) -> dict[str, object]:
    """Return a member, by id or alias."""
    name = call.params.get("user_id")
    person = call.state.person(name) if name else call.viewer
    if person is None:
        raise APIError(1, "User not found")
    return {
        "user": {
            "user_id": person.user_id,
            "username": person.username,
            "realname": person.realname,
            "alias": person.alias,
            "is_pro": person.is_pro,
            "is_online": False,
            "is_closed": person.closed,
            "tmo": person.tmo,
            "icon": avatar(call, person),
            "link": f"{call.web_url}/home/{person.alias}",
            "sex": person.sex,
            "relation": relation(call.viewer, person) if call.viewer else None,
            "location": {"country": person.country, "town": person.town},
            "count": visible_counts(call, person),
            "dates": {"member_since": person.member_since, "last_online": person.last_online},
        }
    }
