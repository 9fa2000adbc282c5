"""Compares answers with the skeletons of the method list: required, optional and unknown keys.

A kind that ends with ``?`` is an optional key. An empty list may have no key, so a test names the
lists that may be missing or empty.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

METHODS = Path(__file__).parents[2] / "src/flask_ipernity/client/methods.json"

#: The keys that records have beyond the method list, and why.
BEYOND: Mapping[str, Mapping[str, Any]] = {
    # PyIpernity's test-suite reads it from live answers (tests/test_walk.py).
    "album.getList": {"owner": {"user_id": "id"}},
    # The list gives what these extras add to documents, or nothing; by analogy with user.get.
    "network.getList": {
        "realname": "str",
        "location": {"country": "str", "town": "str"},
        "count": {"docs": "int", "posts": "int", "network": "int"},
    },
}

_NUMBERS = {"id", "int", "unix", "flag"}


@cache
def entries() -> Mapping[str, Mapping[str, Any]]:
    """Return the methods of the list by name."""
    return {entry["name"]: entry for entry in json.loads(METHODS.read_text("utf-8"))["methods"]}


def skeleton(method: str) -> tuple[dict[str, Any], set[str]]:
    """Return a method's answer with all extras, and the keys that only extras add."""
    facts = entries()[method]
    shape = copy.deepcopy(facts["response"])
    added: dict[str, Any] = {}
    for extra in facts.get("extra_shapes", {}).values():
        added |= extra
    added |= BEYOND.get(method, {})
    records: Any = shape
    if facts["list_key"]:
        for key in facts["list_key"]:
            records = records[key]
        records[0].update(added)
    elif added and method.endswith(".docs.getContext"):
        for record in (shape["prev"]["doc"][0], shape["doc"], shape["next"]["doc"][0]):
            record.update(added)
    elif added:
        next(iter(shape.values())).update(added)
    return shape, set(added)


def check(shape: Any, answer: Any, optional: Collection[str] = (), where: str = "") -> None:
    """Check an answer, down to the last key; all scalars must be strings.

    :param optional: keys that may be missing, by name or by path such as ``.doc.medias``.
    """
    if where.endswith(".permissions") and answer in ("", []):
        # what a method needs that needs nothing ([C] PyIpernity's list)
        return
    if shape == "list":
        assert isinstance(answer, list), where
    elif isinstance(shape, dict):
        assert isinstance(answer, dict), where
        assert set(answer) <= set(shape), f"{where}: {set(answer) - set(shape)} not in the list"
        for key, inner in shape.items():
            path = f"{where}.{key}"
            if key in answer:
                check(inner, answer[key], optional, path)
            else:
                may = isinstance(inner, str) and inner.endswith("?")
                assert may or key in optional or path in optional, f"{path} is missing"
    elif isinstance(shape, list):
        assert isinstance(answer, list), where
        assert answer or where in optional or where.rpartition(".")[2] in optional, where
        for inner in answer:
            check(shape[0], inner, optional, f"{where}[]")
    else:
        assert isinstance(answer, str), where
        kind = shape.rstrip("?")
        if kind in _NUMBERS:
            assert re.fullmatch(r"-?[0-9]+", answer), f"{where}: {answer!r} is no {kind}"
        if kind == "flag":
            assert answer in ("0", "1"), f"{where}: {answer!r} is no flag"
