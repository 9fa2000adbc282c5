"""Our part of the visitor's session: the keys that start with ``IPERNITY_SESSION_PREFIX``."""

from __future__ import annotations

from typing import Any

from flask import current_app, session

from ..state import current_state


def _name(key: str) -> str:
    return current_state().settings.session_prefix + key


def session_get(key: str, default: Any = None) -> Any:
    """Return what is kept under *key*, or *default*."""
    # Each request asks; through the proxy it takes longer.
    return session._get_current_object().get(_name(key), default)  # type: ignore[attr-defined]


def session_set(key: str, value: Any) -> None:
    """Keep *value* under *key*."""
    session[_name(key)] = value


def session_pop(key: str, default: Any = None) -> Any:
    """Remove *key* and return what was kept there, or *default*."""
    return session.pop(_name(key), default)


def session_clear() -> None:
    """Remove all our keys."""
    prefix = current_state().settings.session_prefix
    for key in [key for key in session if key.startswith(prefix)]:
        del session[key]


def session_renew() -> None:
    """Give the session a new name, where the session interface can: Flask-Session does.

    Otherwise who has planted the name of a session in a browser would be in
    the session that a visitor signs in to.
    """
    regenerate = getattr(current_app.session_interface, "regenerate", None)
    if callable(regenerate):
        regenerate(session._get_current_object())  # type: ignore[attr-defined]
