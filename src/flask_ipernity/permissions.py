"""The permissions of a token: items and levels.

Source: Ipernity's help page ``permissions.html``.
"""

from __future__ import annotations

from collections.abc import Mapping

from .errors import ConfigurationError

#: ``doc`` is photos, videos, files, albums, folders; ``post`` is articles.
ITEMS = ("doc", "blog", "post", "network", "profile")

#: Each level includes those before it.
LEVELS = ("none", "read", "write", "delete")


def checked(permissions: Mapping[str, str]) -> dict[str, str]:
    """Return *permissions* with plain names of items: ``doc`` for ``perm_doc``.

    :raises ConfigurationError: *permissions* is not a mapping, or has an item or a level that
        does not exist.
    """
    if not isinstance(permissions, Mapping):
        raise ConfigurationError(
            f'permissions must be a mapping such as {{"doc": "read"}}, not {permissions!r}'
        )
    result = {}
    for name, level in permissions.items():
        item = name.removeprefix("perm_") if isinstance(name, str) else name
        if item not in ITEMS:
            raise ConfigurationError(
                f"permission item {name!r} does not exist; the items are {', '.join(ITEMS)}"
            )
        levels = LEVELS[:3] if item == "profile" else LEVELS
        if level not in levels:
            raise ConfigurationError(
                f"permission level {level!r} of {item!r} does not exist; the levels are"
                f" {', '.join(levels)}"
            )
        result[item] = level
    return result


def missing(granted: Mapping[str, str], needed: Mapping[str, str]) -> dict[str, str]:
    """Return the part of *needed* that *granted* does not include.

    Items that *granted* lacks and unknown levels count as ``none``.
    """
    return {
        item: level
        for item, level in checked(needed).items()
        if _rank(granted.get(item)) < _rank(level)
    }


def union(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Return the higher level of each item, without items that are ``none`` in both."""
    highest = {
        item: max(one.get(item, "none"), other.get(item, "none"), key=_rank) for item in ITEMS
    }
    return {item: level for item, level in highest.items() if _rank(level)}


def _rank(level: str | None) -> int:
    return LEVELS.index(level) if level in LEVELS else 0
