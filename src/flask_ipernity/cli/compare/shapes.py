"""Compares answers with the skeletons of the method list: keys, and kinds of values.

What differs is described by keys and kinds only; no value of an answer is repeated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from functools import cache
from importlib.resources import files
from typing import Any

#: What the text of each kind of scalar looks like; other kinds are any text.
_KINDS = {
    "id": r"[0-9]+",
    "int": r"-?[0-9]+",
    "flag": r"[01]",
    "unix": r"[0-9]+",
    "float": r"-?[0-9]+(\.[0-9]+)?",
    "datetime": r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}",
    "url": r"https?://\S+",
    "perm": r"none|read|write|delete",
}
#: Keys that are shown; a longer or stranger one may be somebody's words.
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_/-]{0,30}")


@cache
def method_list() -> Mapping[str, Any]:
    """Return the method list: the methods by name, and the general errors."""
    data = json.loads((files("flask_ipernity") / "client/methods.json").read_text("utf-8"))
    return {
        "methods": {row["name"]: row for row in data["methods"]},
        "general_errors": data["general_errors"],
    }


def skeleton(
    method: str, beyond: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], set[str]]:
    """Return the answer of *method* with all extras, and the keys that only these add.

    :param beyond: keys of records that the method list does not have, or not so.
    """
    facts = method_list()["methods"][method]
    shape = deepcopy(facts["response"])
    added: dict[str, Any] = {}
    for extra in facts.get("extra_shapes", {}).values():
        added |= extra
    added |= beyond or {}
    if not added:
        return shape, set()
    if facts["list_key"]:
        records: Any = shape
        for key in facts["list_key"]:
            records = records[key]
        places = records
    elif method.endswith(".docs.getContext"):
        places = [shape["prev"]["doc"][0], shape["doc"], shape["next"]["doc"][0]]
    else:
        places = [next(iter(shape.values()))]
    for place in places:
        place.update(added)
    return shape, set(added)


def differences(
    shape: Any, found: Any, optional: Collection[str] = (), where: str = ""
) -> Iterator[str]:
    """Yield how *found* differs from *shape*, once for each difference.

    An empty list may be there or not; that is looked at elsewhere.

    :param optional: keys that may be missing, by name or by path such as ``.doc.medias``.
    """
    yield from dict.fromkeys(_differences(shape, found, optional, where))


def _differences(shape: Any, found: Any, optional: Collection[str], where: str) -> Iterator[str]:
    place = where.lstrip(".") or "the answer"
    if isinstance(shape, dict):
        if where.endswith(".permissions") and found in ("", []):
            # An empty map of PHP.
            return
        if not isinstance(found, dict):
            yield f"{place} is {kind_of(found)}, not an object"
            return
        for key in sorted(found.keys() - shape.keys()):
            yield f"{place} has a key that is not known: {shown_key(key)} ({kind_of(found[key])})"
        for key, inner in shape.items():
            path = f"{where}.{key}"
            if key in found:
                yield from _differences(inner, found[key], optional, path)
            elif not _may_miss(inner, key, path, optional, found):
                yield f"{path.lstrip('.')} is missing"
    elif isinstance(shape, list):
        if found == "" and where in optional:
            # Text where there are none.
            return
        if not isinstance(found, list):
            yield f"{place} is {kind_of(found)}, not a list"
            return
        for one in found:
            yield from _differences(shape[0], one, optional, f"{where}[]")
    elif shape == "list":
        if found != "" and not isinstance(found, list):
            yield f"{place} is {kind_of(found)}, not a list"
    elif not isinstance(found, str):
        yield f"{place} is {kind_of(found)}, not text"
    else:
        kind = shape.rstrip("?")
        if not re.fullmatch(_KINDS.get(kind, r"(?s).*"), found):
            yield f"{place} is text like {masked(found)}, not {kind}"


def _may_miss(
    inner: Any, key: str, path: str, optional: Collection[str], parent: Mapping[str, Any]
) -> bool:
    if isinstance(inner, str) and inner.endswith("?"):
        return True
    if isinstance(inner, list) and parent.get("total", parent.get("count", "0")) in ("0", 0):
        return True
    return key in optional or path in optional


def number(value: object) -> int | None:
    """Return a number that is not negative, as text or not; ``None`` if it is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text := str(value)) else None


def kind_of(value: object) -> str:
    """Return what JSON calls a value, and what of it may be shown."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text" if value else "empty text"
        case list():
            return "a list" if value else "an empty list"
    return "an object"


def shown_key(key: str) -> str:
    """Return a key as a word of the service, or that it is a strange one."""
    return quoted(key) if _KEY.fullmatch(key) else "(a key that is no plain word)"


def quoted(text: str) -> str:
    """Return words of the service; the report looks into these marks for anything private."""
    return f"“{text[:80].replace('“', '').replace('”', '')}”"


def masked(text: str) -> str:
    """Return what a text looks like: 9 for each digit, a for each letter."""
    if not text:
        return "''"
    digits = re.sub(r"[0-9]", "9", text[:40])
    return "'" + re.sub(r"[^\W\d_]", "a", digits) + ("…'" if len(text) > 40 else "'")


def at(data: Any, path: str) -> Iterator[Any]:
    """Yield the values at *path*, such as ``docs.doc.*.title``; ``*`` is each of a list."""
    found = [data]
    for key in path.split(".") if path else []:
        if key == "*":
            found = [one for value in found if isinstance(value, list) for one in value]
        else:
            found = [value[key] for value in found if isinstance(value, dict) and key in value]
    yield from found


def scalars(data: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of each scalar in *data*; a path has the keys as they are."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from scalars(value, f"{where}.{key}".lstrip("."))
    elif isinstance(data, list):
        for value in data:
            yield from scalars(value, f"{where}[]")
    else:
        yield where, data
