"""Read the method list and correct it by the overlay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

#: ``auth.*`` belongs to the way to sign in, and is written by hand in ``client/auth.py``.
BY_HAND = "auth."


@dataclass
class Shape:
    """What stands in an answer.

    ``kind``: ``record``, ``list``, ``map`` (names to texts), or what a text means: ``id``,
    ``int``, ``flag``, ``unix`` and so on, as in the method list.
    """

    kind: str
    fields: dict[str, Shape] = field(default_factory=dict)
    item: Shape | None = None
    optional: bool = False

    def plain(self) -> object:
        """Return what two shapes have in common when they are the same."""
        if self.kind == "record":
            return {name: [part.plain(), part.optional] for name, part in self.fields.items()}
        return [self.item.plain()] if self.item else self.kind

    @property
    def identity(self) -> str:
        """Return the shape as text; the order of the keys does not count."""
        return json.dumps(self.plain(), sort_keys=True)


@dataclass
class Param:
    """A parameter of a method."""

    name: str
    type: str
    required: bool
    text: str
    values: tuple[int | str, ...] = ()
    enum: str | None = None
    limits: dict[str, Any] = field(default_factory=dict)

    @property
    def identifier(self) -> str:
        """Return the name in Python, where ``async`` is a keyword."""
        return f"{self.name}_" if self.name == "async" else self.name


@dataclass
class Method:
    """A method of the API, corrected and put into words."""

    name: str
    text: str
    row: dict[str, Any]
    params: list[Param]
    answer: Shape

    @property
    def service(self) -> str:
        """Return the service that it belongs to: ``doc.comments`` of ``doc.comments.add``."""
        return self.name.rpartition(".")[0]

    @property
    def type_name(self) -> str:
        """Return the name of the type of its answer."""
        return pascal(self.name)


@dataclass
class Facts:
    """All that the generated files are made of."""

    methods: list[Method]
    services: dict[str, str]
    enums: list[dict[str, Any]]
    names: dict[str, str]
    evidence: dict[str, str]


def pascal(name: str) -> str:
    """Return ``DocGetList`` for ``doc.getList`` and ``AlbumCan`` for ``album_can``."""
    parts = name.replace("_", ".").split(".")
    return "".join(part[:1].upper() + part[1:] for part in parts)


def read(path: Path) -> Facts:
    """Return the facts of the method list at *path*, corrected.

    :raises ValueError: a correction or a text belongs to nothing, or one is missing.
    """
    rows = json.loads(path.read_text(encoding="utf-8"))["methods"]
    overlay = json.loads((HERE / "overlay.json").read_text(encoding="utf-8"))
    words = json.loads((HERE / "words.json").read_text(encoding="utf-8"))
    required = {entry["param"]: entry["required"] for entry in overlay["required"]}
    answers = {entry["at"]: entry for entry in overlay["answers"]}
    texts: dict[str, str] = dict(words["methods"])
    unused = {*required, *answers, *texts, *(name for name in words["params"] if ":" in name)}
    methods = []
    for row in rows:
        name = row["name"]
        unused.discard(name)
        answer = _answer(row, answers, unused)
        params = [
            _param(name, param, required, words["params"], overlay["enums"], unused)
            for param in row["params"]
            if param["name"] not in ("api_key", "auth_token")
        ]
        if not name.startswith(BY_HAND) and name not in texts:
            raise ValueError(f"words.json has no text for {name}")
        methods.append(Method(name, texts.get(name, ""), row, params, answer))
    if unused:
        raise ValueError(f"nothing has the name {', '.join(sorted(unused))}")
    return Facts(methods, words["services"], overlay["enums"], overlay["names"], words["evidence"])


def _param(
    method: str,
    row: dict[str, Any],
    required: dict[str, bool],
    texts: dict[str, str],
    enums: list[dict[str, Any]],
    unused: set[str],
) -> Param:
    name, key = row["name"], f"{method}:{row['name']}"
    unused.discard(key)
    if not method.startswith(BY_HAND) and name not in texts and key not in texts:
        raise ValueError(f"words.json has no text for {key}")
    values = tuple(row.get("values", ()))
    enum = None
    if values and row["type"] != "flag" and name != "extra":
        enum = next(
            (
                entry["name"]
                for entry in enums
                if name in entry["params"] and entry["values"] == row["values"]
            ),
            None,
        )
        if enum is None:
            raise ValueError(f"overlay.json names no type for the values of {key}")
    return Param(
        name,
        row["type"],
        required.get(key, row["required"]),
        texts.get(key, texts.get(name, "")),
        values,
        enum,
        {key: row[key] for key in ("default", "min", "max", "max_items") if key in row},
    )


def _answer(row: dict[str, Any], answers: dict[str, dict[str, Any]], unused: set[str]) -> Shape:
    answer = _shape(row["response"])
    # What `extra` adds stands in each record of the list, or in the one record.
    holder = row["list_key"][-1] if row["list_key"] else row["name"].split(".")[-2].rstrip("s")
    for extra, added in row.get("extra_shapes", {}).items():
        at = f"{row['name']}+{extra}"
        if at in answers:
            unused.discard(at)
            continue
        records = [part for path, part in walk(answer) if path.split(".")[-1] == holder]
        for record in records:
            _add(record, _shape(added))
    always = dict(row.get("empty_lists", {}))
    for path, part in walk(answer):
        if path in always and part.kind == "list":
            part.optional = False
            del always[path]
        if (at := f"{row['name']}:{path}") in answers:
            unused.discard(at)
            entry = answers[at]
            part.optional = entry.get("optional", part.optional)
            if "shape" in entry:
                part.kind, part.fields, part.item = entry["shape"], {}, None
    if always:
        raise ValueError(f"{row['name']} has no list {', '.join(always)}")
    return answer


def _shape(node: Any) -> Shape:
    if isinstance(node, dict):
        return Shape("record", {name: _shape(part) for name, part in node.items()})
    if isinstance(node, list):
        # An empty list may have no key at all.
        return Shape("list", item=_shape(node[0]), optional=True)
    return Shape(node.rstrip("?"), optional=node.endswith("?"))


def _add(record: Shape, added: Shape) -> None:
    for name, part in added.fields.items():
        if name not in record.fields:
            record.fields[name] = part
            part.optional = True
        elif part.kind == "record":
            _add(record.fields[name], part)


def walk(shape: Shape, path: str = "") -> Iterator[tuple[str, Shape]]:
    """Yield each part of an answer with its path; a list and its records share one."""
    for name, part in list(shape.fields.items()):
        below = f"{path}.{name}".lstrip(".")
        yield below, part
        if part.item is not None and part.item.kind == "record":
            yield below, part.item
            yield from walk(part.item, below)
        else:
            yield from walk(part, below)
