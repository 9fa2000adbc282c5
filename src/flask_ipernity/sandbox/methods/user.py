"""``user.get`` and ``account.getQuota``."""

from __future__ import annotations

from ..shapes import avatar, visible
from ..state import Person
from . import Call, Refusal, method

MAX_ALBUMS = 2048
"""The help page's example."""

_MB = 1024 * 1024
_MONTHLY = {True: 10_240 * _MB, False: 200 * _MB}
_SECONDS = {True: 36_000, False: 600}
_MAX_FILE = {True: 100 * _MB, False: 5 * _MB // 2}


def wanted_person(call: Call) -> Person:
    """The member that ``user_id`` names, or the caller ([C]: it may be left out with a token).

    :raises Refusal: error 1, no such member, or the account is closed.
    """
    person = call.viewer
    if user_id := call.params.get("user_id"):
        person = call.state.people.get(user_id)
    if person is None or person.closed:
        raise Refusal(1, "User not found")
    return person


def _relation(viewer: Person, person: Person) -> dict[str, object]:
    """How the caller calls a member, and how the member calls the caller."""
    return {
        "isfamily": person.user_id in viewer.family,
        "isfriend": person.user_id in viewer.friends,
        "iscontact": person.user_id in viewer.contacts,
        "revfamily": viewer.user_id in person.family,
        "revfriend": viewer.user_id in person.friends,
        "revcontact": viewer.user_id in person.contacts,
    }


@method("user.get")
def user_get(call: Call) -> dict[str, object]:
    """A member, by id or alias."""
    name = call.params.get("user_id")
    person = call.state.person(name) if name else call.viewer
    if person is None:
        raise Refusal(1, "User not found")
    docs = [doc for doc in call.state.docs.values() if doc.owner_id == person.user_id]
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
            "relation": _relation(call.viewer, person) if call.viewer else None,
            "location": {"country": person.country, "town": person.town},
            "count": {
                "docs": sum(visible(call, doc) for doc in docs),
                "posts": person.posts,
                "network": len(person.contacts | person.family | person.friends),
            },
            "dates": {"member_since": person.member_since, "last_online": person.last_online},
        }
    }


def _amount(number: int, whole: int, seconds: int | None = None) -> dict[str, object]:
    """A number of bytes in all its units, and as a part of the whole."""
    return {
        "bytes": number,
        "kb": number // 1024,
        "mb": number // _MB,
        "percent": round(100 * number / whole),
        "seconds": seconds,
    }


@method("account.getQuota")
def account_get_quota(call: Call) -> dict[str, object]:
    """What the caller may still upload. All documents count as uploaded this month."""
    person = call.viewer
    if person is None:
        raise Refusal(106, "Token missing")
    state = call.state
    docs = [doc for doc in state.docs.values() if doc.owner_id == person.user_id]
    most, seconds = _MONTHLY[person.is_pro], _SECONDS[person.is_pro]
    used = sum(doc.source.size for doc in docs)
    played = sum(doc.length or 0 for doc in docs)
    albums = sum(album.owner_id == person.user_id for album in state.albums.values())
    largest = _MAX_FILE[person.is_pro]
    file = {"bytes": largest, "kb": largest // 1024, "mb": largest // _MB}
    return {
        "quota": {
            "user_id": person.user_id,
            "is_pro": person.is_pro,
            "upload": {
                "unlimited": person.is_pro,
                "max": _amount(most, most, seconds),
                "used": _amount(used, most, played),
                "left": _amount(max(0, most - used), most, max(0, seconds - played)),
            },
            "maxfilesize": dict.fromkeys(("photo", "audio", "video", "other"), file),
            "albums": {"max": MAX_ALBUMS, "created": albums, "left": MAX_ALBUMS - albums},
        }
    }
