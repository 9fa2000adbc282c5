"""Checks of what an answer holds: its keys, lists and values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .checks import Unseen, check, payload
from .shapes import (
    at,
    differences,
    kind_of,
    masked,
    method_list,
    number,
    quoted,
    shown_key,
    skeleton,
)
from .wire import Answer


def records(answer: Answer, path: str) -> list[Any]:
    """Return the list at *path*; it is empty if there is none."""
    found: Any = next(at(payload(answer), path), [])
    return found if isinstance(found, list) else []


@check
def shape(answer: Answer, value: dict[str, Any]) -> Iterator[str]:
    """The answer has the keys and kinds of values that the method list says."""
    data = dict(payload(answer))
    data.pop("api", None)
    wanted, extras = skeleton(value["method"], value.get("beyond", {}))
    optional = {*extras, *value.get("optional", ())}
    if value.get("any_keys"):
        # The keys come from the file; see the name of the map.
        for name in value["any_keys"]:
            inner = data.get(name)
            if isinstance(inner, dict):
                data[name] = {key: one for key, one in inner.items() if key in wanted[name]}
                optional |= wanted[name].keys()
    yield from differences(wanted, data, optional)


@check
def has(answer: Answer, value: str) -> Iterator[str]:
    """The key is there."""
    if not list(at(payload(answer), value)):
        yield f"{value} is missing"


@check
def lacks(answer: Answer, value: str) -> Iterator[str]:
    """The key is not there."""
    if found := list(at(payload(answer), value)):
        yield f"{value} is there: {kind_of(found[0])}"


@check
def empty_list(answer: Answer, value: dict[str, Any]) -> Iterator[str]:
    """An empty list is ``absent``, an empty ``list``, or ``either``."""
    above, _, key = value["path"].rpartition(".")
    parents = list(at(payload(answer), above))
    if not parents:
        if value["as"] == "list":
            yield f"{above} is missing, too"
        return
    parent = parents[0]
    if not isinstance(parent, dict):
        yield f"{above or 'the answer'} is {kind_of(parent)}"
    elif key not in parent:
        if value["as"] == "list":
            yield f"{key} is missing, not an empty list"
    elif parent[key]:
        raise Unseen("the list is not empty")
    elif parent[key] != []:
        yield f"{key} is {kind_of(parent[key])}"
    elif value["as"] == "absent":
        yield f"{key} is an empty list, not missing"


@check
def pages(answer: Answer, value: dict[str, Any]) -> Iterator[str]:
    """The list says ``total``, ``per_page``, ``page`` and ``pages``, and they fit together."""
    listing = next(at(payload(answer), value["path"]), None)
    if not isinstance(listing, dict):
        yield f"{value['path']} is {kind_of(listing)}"
        return
    numbers: dict[str, int] = {}
    for key in ("total", "per_page", "page", "pages"):
        if key in value.get("lacks", ()):
            if key in listing:
                yield f"{key} is there"
        elif key not in listing:
            yield f"{key} is missing"
        elif (found := number(listing[key])) is not None:
            numbers[key] = found
        else:
            yield f"{key} is {kind_of(listing[key])}"
    most = value["per_page"]
    if numbers.get("per_page", most) != most:
        yield f"per_page is {numbers['per_page']}, not {most}"
    count = len(next((one for one in listing.values() if isinstance(one, list)), []))
    if count > most:
        yield f"there are {count} records, more than {most}"
    if len(numbers) == 4 and numbers["per_page"]:
        right = -(-numbers["total"] // numbers["per_page"])
        if numbers["pages"] != right:
            yield f"pages is {numbers['pages']}, not {right}"


@check
def some(answer: Answer, value: str) -> Iterator[str]:
    """The list is not empty."""
    if not records(answer, value):
        yield "nothing was found"


@check
def at_most(answer: Answer, value: dict[str, Any]) -> Iterator[str]:
    """The list has at most so many records."""
    count = len(records(answer, value["path"]))
    if count > value["most"]:
        yield f"there are {count} records, more than {value['most']}"


@check
def equals(answer: Answer, value: dict[str, Any]) -> Iterator[str]:
    """The values at a path are all the same as given."""
    found = list(at(payload(answer), value["path"]))
    if not found:
        raise Unseen(f"there is no {value['path']}")
    for one in found:
        if one != value["value"]:
            text = _word(one) if isinstance(one, str) else kind_of(one)
            yield f"{value['path']} is {text}, not “{value['value']}”"


@check
def among(answer: Answer, value: dict[str, Any]) -> Iterator[str]:
    """The values at a path are among those that are known."""
    found = [one for one in at(payload(answer), value["path"]) if isinstance(one, str)]
    if not found:
        raise Unseen(f"there is no {value['path']}")
    for one in found:
        if one not in value["values"]:
            yield f"{value['path']} is {_word(one)}"


def _word(text: str) -> str:
    """Return a value that should be one of a few words of the service, if it can be one."""
    return quoted(text) if re.fullmatch(r"[a-z0-9.-]{1,12}", text) else masked(text)


@check
def pattern(answer: Answer, value: dict[str, str]) -> Iterator[str]:
    """The values at a path look like the pattern."""
    found = [one for one in at(payload(answer), value["path"]) if isinstance(one, str)]
    if not found:
        raise Unseen(f"there is no {value['path']}")
    wrong = (masked(one) for one in found if not re.fullmatch(value["pattern"], one))
    yield from (f"{value['path']} is text like {one}" for one in dict.fromkeys(wrong))


@check
def descending(answer: Answer, value: str) -> Iterator[str]:
    """The numbers at a path go down."""
    found = [one for one in map(number, at(payload(answer), value)) if one is not None]
    if len(found) < 2:
        raise Unseen("there are not two to compare")
    if found != sorted(found, reverse=True):
        yield f"{value} does not go down"


@check
def methods(answer: Answer, value: str) -> Iterator[str]:
    """The service lists the methods of the method list, with the same flags and permissions."""
    ours = method_list()["methods"]
    theirs = {
        row["name"]: row
        for row in at(payload(answer), "methods.method.*")
        if isinstance(row, dict) and isinstance(row.get("name"), str)
    }
    if value == "names":
        yield from (f"{name} is not listed" for name in sorted(ours.keys() - theirs.keys()))
        yield from (f"{shown_key(one)} is new" for one in sorted(theirs.keys() - ours.keys()))
        return
    for name in sorted(ours.keys() & theirs.keys()):
        if value == "flags":
            flags = theirs[name].get("authentication")
            for flag in ("post", "sign", "token"):
                found = flags.get(flag) if isinstance(flags, dict) else None
                if str(found) != str(int(ours[name][flag])):
                    yield f"{name}: {flag} is {found if found in ('0', '1') else kind_of(found)}"
        elif (theirs[name].get("permissions") or {}) != ours[name]["permissions"]:
            yield f"{name}: the permissions differ"
