"""The method list: the methods of the API, and how each is called.

``methods.json`` has the facts about each method, with their sources, and ``invalidation.json``
the services whose results a writing method invalidates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from ..errors import UnknownMethod

#: Other names of services, as PyIpernity's users know them from Flask-Ipernity 0.1.
PLURALS = {
    "docs": "doc",
    "albums": "album",
    "folders": "folder",
    "groups": "group",
    "posts": "post",
    "users": "user",
}

# Their results change without a call of the caller's.
_NEVER_CACHED = ("account.getQuota", "auth.", "upload.")

# A frob is spent by the first exchange, even if the response with the token gets lost.
_FROB_EXCHANGE = "auth.getToken"

#: The only method that cannot be called by POST, as oneyoung/python-ipernity-api reports.
GET_ONLY = "api.methods.get"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)+", re.ASCII)


class Method(NamedTuple):
    """One API method."""

    name: str
    #: It changes data. Ipernity takes it by POST only; other methods go by POST if they have a
    #: token, so that none is in a URL.
    post: bool
    #: Where its records are in the answer, outermost key first.
    list_key: tuple[str, ...] | None
    #: It takes ``page`` and ``per_page``.
    paged: bool
    #: The number of records of its longest page.
    max_per_page: int | None
    #: The error codes that mean "not there, or not for you".
    not_found: frozenset[int]
    #: A file is sent with it.
    takes_file: bool
    #: It may be sent again after a failure.
    repeatable: bool
    #: Its result may be cached.
    cacheable: bool
    #: The services whose results a call can change for the caller; ``None`` for all.
    invalidates: frozenset[str] | None


@cache
def all_methods() -> Mapping[str, Method]:
    """Return all methods by name."""
    invalidated = _invalidated(_read("invalidation.json"))
    rows = _read("methods.json")["methods"]
    return MappingProxyType({row["name"]: _method(row, invalidated) for row in rows})


def _read(name: str) -> Any:
    return json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _invalidated(table: Any) -> dict[str, frozenset[str]]:
    groups = {f"*{name}": names for name, names in table["groups"].items()}
    return {
        method: frozenset(name for part in parts for name in groups.get(part, [part]))
        for method, parts in table["changes"].items()
    }


def _method(row: dict[str, Any], invalidated: Mapping[str, frozenset[str]]) -> Method:
    params = {param["name"]: param for param in row["params"]}
    errors = row["errors"] or row.get("errors_inferred", {})
    return Method(
        name=row["name"],
        post=row["post"],
        list_key=tuple(row["list_key"]) if row["list_key"] else None,
        paged=row["paged"],
        max_per_page=params.get("per_page", {}).get("max"),
        not_found=frozenset(int(code) for code, text in errors.items() if "not found" in text),
        takes_file="file" in params,
        repeatable=not row["post"] and row["name"] != _FROB_EXCHANGE,
        cacheable=not (row["post"] or row["name"].startswith(_NEVER_CACHED)),
        invalidates=invalidated.get(row["name"], None if row["post"] else frozenset()),
    )


def find_method(name: str, unknown: object = False) -> Method:
    """Return the method *name*; its service may have its plural name.

    :param unknown: a true value allows a method that the list does not have, which is then
        called as one that reads; with ``"POST"``, as one that changes data.
    :raises UnknownMethod: there is no such method.
    """
    methods = all_methods()
    method = methods.get(name) or methods.get(singular(name))
    if method is not None:
        return method
    if not unknown or _NAME.fullmatch(name) is None:
        raise unknown_method(name)
    return Method(
        name=name,
        post=unknown == "POST",
        list_key=None,
        paged=True,
        max_per_page=None,
        not_found=frozenset(),
        takes_file=False,
        repeatable=unknown != "POST",
        # Whether it only reads is not known.
        cacheable=False,
        invalidates=None if unknown == "POST" else frozenset(),
    )


def service_of(method_name: str) -> str:
    """Return the service that a method belongs to: ``album`` for ``album.docs.getList``."""
    return method_name.partition(".")[0]


@cache
def _services() -> frozenset[str]:
    parts = (name.split(".")[:-1] for name in all_methods())
    return frozenset(".".join(part[:n]) for part in parts for n in range(1, len(part) + 1))


def singular(name: str) -> str:
    """Return *name* with a plural first part replaced: ``docs.getList`` → ``doc.getList``."""
    first, dot, rest = name.partition(".")
    return PLURALS.get(first, first) + dot + rest


def unknown_method(name: str) -> UnknownMethod:
    """Return the error for *name*, with the names of similar methods and services."""
    names = {known.lower(): known for known in [*all_methods(), *_services()]}
    found = get_close_matches(name.lower(), names, n=3, cutoff=0.6)
    return UnknownMethod(name, tuple(names[match] for match in found))
