"""The method list: which methods the API has, and how each is called.

``methods.json`` holds what is known of each of them, with its source.
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

# What changes without a call of the caller's.
_LIVE = ("account.getQuota", "auth.", "upload.")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)+", re.ASCII)


class Method(NamedTuple):
    """One API method.

    ``post``: it changes data and must be sent by POST. ``token``: it needs a
    token. ``permissions``: what the token must hold. ``list_key``: where its
    records are in the answer, outermost key first. ``paged``: it takes ``page``
    and ``per_page``. ``max_per_page``: its longest page. ``not_found``: the
    error codes that mean "not there, or not for you". ``takes_file``: a file is
    sent with it. ``may_be_kept``: its answer may be given again for a while.
    """

    name: str
    post: bool
    sign: bool
    token: bool
    permissions: Mapping[str, str]
    list_key: tuple[str, ...] | None
    paged: bool
    max_per_page: int | None
    not_found: frozenset[int]
    takes_file: bool
    may_be_kept: bool


@cache
def all_methods() -> Mapping[str, Method]:
    """Return the methods by name; read from ``methods.json`` at the first call."""
    text = Path(__file__).with_name("methods.json").read_text(encoding="utf-8")
    return MappingProxyType({row["name"]: _method(row) for row in json.loads(text)["methods"]})


def _method(row: dict[str, Any]) -> Method:
    params = {param["name"]: param for param in row["params"]}
    errors = row["errors"] or row.get("errors_inferred", {})
    return Method(
        name=row["name"],
        post=row["post"],
        sign=row["sign"],
        token=row["token"],
        permissions=MappingProxyType(row["permissions"]),
        list_key=tuple(row["list_key"]) if row["list_key"] else None,
        paged=row["paged"],
        max_per_page=params.get("per_page", {}).get("max"),
        not_found=frozenset(int(code) for code, text in errors.items() if "not found" in text),
        takes_file="file" in params,
        may_be_kept=not (row["post"] or row["name"].startswith(_LIVE)),
    )


def find(name: str, new: object = False) -> Method:
    """Return the method *name*, under whatever name its service goes.

    :param new: what is true lets a method pass that the list does not have, to
        be called by GET; ``"POST"`` does so by POST.
    :raises UnknownMethod: there is no such method.
    """
    methods = all_methods()
    method = methods.get(name) or methods.get(singular(name))
    if method is not None:
        return method
    if not new or _NAME.fullmatch(name) is None:
        raise unknown(name)
    return Method(
        name=name,
        post=new == "POST",
        sign=True,
        token=False,
        permissions=MappingProxyType({}),
        list_key=None,
        paged=True,
        max_per_page=None,
        not_found=frozenset(),
        takes_file=False,
        # nobody knows whether it only reads
        may_be_kept=False,
    )


@cache
def _services() -> frozenset[str]:
    parts = (name.split(".")[:-1] for name in all_methods())
    return frozenset(".".join(part[:n]) for part in parts for n in range(1, len(part) + 1))


def singular(name: str) -> str:
    """Return *name* with a plural first part replaced: ``docs.getList`` → ``doc.getList``."""
    first, dot, rest = name.partition(".")
    return PLURALS.get(first, first) + dot + rest


def unknown(name: str) -> UnknownMethod:
    """Return the error for *name*, with the nearest methods (or services) in it."""
    names = {known.lower(): known for known in [*all_methods(), *_services()]}
    found = get_close_matches(name.lower(), names, n=3, cutoff=0.6)
    return UnknownMethod(name, tuple(names[match] for match in found))
