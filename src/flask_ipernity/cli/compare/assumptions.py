"""The assumptions about the service, which ``client/assumptions.json`` holds."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple


class Assumption(NamedTuple):
    """One thing that the client and the sandbox take for granted."""

    id: str
    #: The section of the list that it is in.
    section: str
    what: str
    #: ``documented``, ``proven by clients``, ``inferred`` or ``unknown``.
    evidence: str
    #: Where that is written or was seen.
    source: str
    #: The section of the reference on Ipernity's API.
    reference: str
    #: Entries of the overlay or of the method list that say so.
    overlay: tuple[str, ...]
    #: The modules of the client and of the sandbox that rely on it.
    lives: tuple[str, ...]
    #: How it is checked, in words.
    how: str
    #: The names of the calls that show it.
    calls: tuple[str, ...]
    #: The calls that must have succeeded before.
    after: tuple[str, ...]
    #: The function that looks at the answers, and what it is given.
    check: str
    value: Any


@cache
def all_assumptions() -> tuple[Assumption, ...]:
    """Return all assumptions in the order of the list."""
    text = (files("flask_ipernity") / "client/assumptions.json").read_text("utf-8")
    return tuple(
        Assumption(
            id=row["id"],
            section=section["title"],
            what=row["what"],
            evidence=row["evidence"],
            source=row.get("source", section["source"]),
            reference=row.get("reference", section["reference"]),
            overlay=tuple(row.get("overlay", ())),
            lives=tuple(row.get("lives", section["lives"])),
            how=row["how"],
            calls=tuple(row["calls"]),
            after=tuple(row.get("after", ())),
            check=row["check"],
            value=row.get("value"),
        )
        for section in json.loads(text)["sections"]
        for row in section["assumptions"]
    )
