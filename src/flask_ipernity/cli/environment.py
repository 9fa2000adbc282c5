"""The settings in environment variables, for commands that run without an application."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TEXTS = ("APP_KEY", "APP_SECRET", "API_URL", "AUTHORIZE_URL", "OWNER_TOKEN", "LANG", "USER_AGENT")
_LIST = "MEDIA_HOSTS"


def from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration in the variables ``IPERNITY_…``.

    Or in ``FLASK_IPERNITY_…``, as the command ``sandbox`` prints them for applications. A list is
    JSON, or has commas.
    """
    config: dict[str, Any] = {}
    for name in (*_TEXTS, _LIST):
        key = f"IPERNITY_{name}"
        if text := environ.get(key):
            config[key] = _hosts(text) if name == _LIST else text
        elif text := environ.get(f"FLASK_{key}"):
            config[key] = _hosts(text) if name == _LIST else _parsed(text)
    return config


def _parsed(text: str) -> Any:
    """Return a value as ``Flask.config.from_prefixed_env`` reads it."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _hosts(text: str) -> tuple[Any, ...]:
    found = _parsed(text)
    return tuple(found) if isinstance(found, list) else tuple(text.split(","))
