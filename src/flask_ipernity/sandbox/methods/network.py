"""``network.*``: a member's contacts and their documents."""

from __future__ import annotations

import re
import time

from .. import access, lists, parameters, serializers
from ..accounts import Person
from ..registry import APIError, MethodCall, api_method, caller
from .doc import doc_items
from .user import find_person, relation, visible_counts

#: The maximum of members that network.autocomplete finds.
MAX_COMPLETIONS = 500
_MAX_HOURS = 744


def _related_ids(person: Person, wanted: str | None) -> set[str]:
    """Return the user ids of a member's relations of one kind; without a known kind, of all."""
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


def _people(call: MethodCall, ids: set[str]) -> list[Person]:
    """Return open accounts, in the order of creation."""
    people = call.state.people.values()
    return [person for person in people if person.user_id in ids and not person.closed]


@api_method("network.getList")
def network_get_list(call: MethodCall) -> dict[str, object]:
    """Return a member's network; ``relation`` applies to the caller's own only ([D]).

    The form of ``extra`` follows ``user.get`` ([R]), and ``count`` is present without being
    requested, as in the help page's example.
    """
    person = find_person(call)
    own = access.owns(call, person.user_id, "network")
    ids = _related_ids(person, call.params.get("relation") if own else None)
    people = _people(call, ids)
    per_page = parameters.int_param(call.params, "per_page", 20, 1, 100)
    page = parameters.int_param(call.params, "page", 1, 1, 10**9)
    chosen, head = lists.paginate(people, page, per_page)
    extras = parameters.comma_list(call.params.get("extra"))
    return {
        "network": {
            "count": len(chosen),
            **head,
            "user": [
                {
                    "user_id": other.user_id,
                    "username": other.username,
                    "icon": serializers.avatar(call, other),
                    "alias": other.alias,
                    "relation": relation(call.viewer or _NOBODY, other),
                    "count": visible_counts(call, other),
                    "realname": other.realname if "realname" in extras else None,
                    "location": {"country": other.country, "town": other.town}
                    if "location" in extras
                    else None,
                }
                for other in chosen
            ],
        }
    }


#: Replaces an anonymous caller; has no contacts.
_NOBODY = Person("0", "", "", "")


@api_method("network.autocomplete")
def network_autocomplete(call: MethodCall) -> dict[str, object]:
    """Return the members with a word of their name that begins with the query.

    With ``anywhere=1`` the query may stand inside a word.
    """
    who = caller(call)
    query = call.params.get("query", "").strip()
    if not query:
        raise APIError(1, "Query empty or invalid")
    bound = "" if call.params.get("anywhere") == "1" else r"\b"
    pattern = re.compile(bound + re.escape(query), re.IGNORECASE)
    people = _people(call, _related_ids(who, call.params.get("relation")))
    found = [person for person in people if pattern.search(person.username)]
    return {
        "network": {
            "query": query,
            "network": len(who.network),
            "count": len(found[:MAX_COMPLETIONS]),
            "complete": len(found) <= MAX_COMPLETIONS,
            "user": [
                {
                    "user_id": person.user_id,
                    "username": person.username,
                    "isfriend": person.user_id in who.friends,
                    "isfamily": person.user_id in who.family,
                    "icon": serializers.avatar(call, person),
                }
                for person in found[:MAX_COMPLETIONS]
            ],
        }
    }


@api_method("network.docs.getRecent")
def network_docs_get_recent(call: MethodCall) -> dict[str, object]:
    """Return the newest documents of the caller's network, a few of each member.

    Without ``hours`` the service goes back to the last visit at each member ([D]); such visits are
    not recorded here, so all documents count.
    """
    who = caller(call)
    ids = _related_ids(who, call.params.get("relation"))
    since = 0.0
    if call.params.get("hours"):
        since = time.time() - 3600 * parameters.int_param(
            call.params, "hours", _MAX_HOURS, 1, _MAX_HOURS
        )
    limit = parameters.int_param(call.params, "limit", 5, 1, 10)
    docs = []
    for person in _people(call, ids):
        theirs = access.visible_docs(call, person.user_id)
        docs += [doc for doc in theirs[:limit] if doc.posted_at >= since]
    docs = lists.newest_first(docs)[: parameters.int_param(call.params, "count", 50, 1, 100)]
    extras = ("dates", "count", "geo", "medias", "original", "owner")
    return {
        "docs": {"count": len(docs), "show": limit, "doc": doc_items(call, docs, extras, "owner")}
    }
