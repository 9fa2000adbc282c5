"""Which answers a call can change; ``writes.json`` says it for each method that changes any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType


@cache
def changes() -> Mapping[str, frozenset[str]]:
    """Return by method the services whose answers it can change for the caller."""
    table = json.loads(Path(__file__).with_name("writes.json").read_text(encoding="utf-8"))
    groups = {f"*{name}": names for name, names in table["groups"].items()}
    return MappingProxyType(
        {
            method: frozenset(name for part in parts for name in groups.get(part, [part]))
            for method, parts in table["changes"].items()
        }
    )


def service_of(method_name: str) -> str:
    """Return the service that a method belongs to: ``album`` for ``album.docs.getList``."""
    return method_name.partition(".")[0]
