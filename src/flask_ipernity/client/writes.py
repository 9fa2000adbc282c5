"""Which answers a call can change; ``writes.json`` says it for each method that changes any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from .methods import Method, all_methods

#: Methods that read, but what changes without a call of the caller's.
_ALWAYS_LIVE = frozenset({"account.getQuota"})
_LIVE_SERVICES = frozenset({"auth", "upload"})


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


def may_be_kept(method: Method) -> bool:
    """Tell whether an answer of the method may be given again for a while."""
    return not (
        method.post
        or method.name in _ALWAYS_LIVE
        or service_of(method.name) in _LIVE_SERVICES
        # Of a method that is not in the list nobody knows whether it only reads.
        or method.name not in all_methods()
    )


def service_of(method_name: str) -> str:
    """Return the service that a method belongs to: ``album`` for ``album.docs.getList``."""
    return method_name.partition(".")[0]
