"""``network.*``: whom a member knows, and what they show."""

from __future__ import annotations

import re
import time

from .. import shapes
from ..accounts import Person
from . import Call, Refusal, caller, method, number
from .doc import doc_items
from .user import counts, relation, wanted_person

MAX_FOUND = 500
"""Members that network.autocomplete finds at most."""
_MAX_HOURS = 744


def _related(person: Person, wanted: str | None) -> set[str]:
    """The user ids whom a member calls so; no value or an unknown one means everyone."""
    match wanted:
        case "1":
            return person.family
        case "2":
            return person.friends
        case "3":
            return person.family | person.friends
        case "4":
            return person.contacts
        case "8":
            return person.blocked
        case _:
            return person.network


def _people(call: Call, ids: set[str]) -> list[Person]:
    """Open accounts, in the order in which they were made."""
    people = call.state.people.values()
    return [person for person in people if person.user_id in ids and not person.closed]


@method("network.getList")
def network_get_list(call: Call) -> dict[str, object]:
    """Whom a member knows; ``relation`` counts for the caller's own network only ([D]).

    The shapes of ``extra`` go by user.get ([R]), and ``count`` is there without being asked for,
    as in the help page's example.
    """
    person = wanted_person(call)
    own = shapes.owns(call, person.user_id, "network")
    ids = _related(person, call.params.get("relation") if own else None)
    people = _people(call, ids)
    per_page = number(call.params, "per_page", 20, 1, 100)
    page = number(call.params, "page", 1, 1, 10**9)
    chosen, head = shapes.paged(people, page, per_page)
    extras = shapes.words(call.params.get("extra"))
    return {
        "network": {
            "count": len(chosen),
            **head,
            "user": [
                {
                    "user_id": other.user_id,
                    "username": other.username,
                    "icon": shapes.avatar(call, other),
                    "alias": other.alias,
                    "relation": relation(call.viewer or _NOBODY, other),
                    "count": counts(call, other),
                    "realname": other.realname if "realname" in extras else None,
                    "location": {"country": other.country, "town": other.town}
                    if "location" in extras
                    else None,
                }
                for other in chosen
            ],
        }
    }


_NOBODY = Person("0", "", "", "")
"""Stands in for a caller who is not signed in, and knows nobody."""


@method("network.autocomplete")
def network_autocomplete(call: Call) -> dict[str, object]:
    """The members whose name has a word that begins so, or with ``anywhere=1`` contains it."""
    who = caller(call)
    query = call.params.get("query", "").strip()
    if not query:
        raise Refusal(1, "Query empty or invalid")
    bound = "" if call.params.get("anywhere") == "1" else r"\b"
    pattern = re.compile(bound + re.escape(query), re.IGNORECASE)
    people = _people(call, _related(who, call.params.get("relation")))
    found = [person for person in people if pattern.search(person.username)]
    return {
        "network": {
            "query": query,
            "network": len(who.network),
            "count": len(found[:MAX_FOUND]),
            "complete": len(found) <= MAX_FOUND,
            "user": [
                {
                    "user_id": person.user_id,
                    "username": person.username,
                    "isfriend": person.user_id in who.friends,
                    "isfamily": person.user_id in who.family,
                    "icon": shapes.avatar(call, person),
                }
                for person in found[:MAX_FOUND]
            ],
        }
    }


@method("network.docs.getRecent")
def network_docs_get_recent(call: Call) -> dict[str, object]:
    """The newest documents of the caller's network, a few of each member.

    Without ``hours`` the service goes back to the last visit at each member ([D]); nobody visits
    anybody here, so it goes back to the beginning.
    """
    who, state = caller(call), call.state
    ids = _related(who, call.params.get("relation"))
    since = 0.0
    if call.params.get("hours"):
        since = time.time() - 3600 * number(call.params, "hours", _MAX_HOURS, 1, _MAX_HOURS)
    limit = number(call.params, "limit", 5, 1, 10)
    docs = []
    for person in _people(call, ids):
        theirs = [
            doc
            for doc in state.docs.values()
            if doc.owner_id == person.user_id
            and doc.posted_at >= since
            and shapes.visible(call, doc)
        ]
        docs += shapes.newest_first(theirs)[:limit]
    docs = shapes.newest_first(docs)[: number(call.params, "count", 50, 1, 100)]
    extras = ("dates", "count", "geo", "medias", "original", "owner")
    return {
        "docs": {"count": len(docs), "show": limit, "doc": doc_items(call, docs, extras, "owner")}
    }
