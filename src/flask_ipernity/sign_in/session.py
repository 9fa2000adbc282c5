"""Our part of the visitor's session: the keys that start with ``IPERNITY_SESSION_PREFIX``."""

from __future__ import annotations

from typing import Any

from flask import current_app, session


class VisitorSession:
    """Our keys in the session of the current request.

    :param prefix: start of the names of the keys.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def get(self, key: str, default: Any = None) -> Any:
        """Return what is kept under *key*, or *default*."""
        return session.get(self._prefix + key, default)

    def set(self, key: str, value: Any) -> None:
        """Keep *value* under *key*."""
        session[self._prefix + key] = value

    def pop(self, key: str, default: Any = None) -> Any:
        """Remove *key* and return what was kept there, or *default*."""
        return session.pop(self._prefix + key, default)

    def clear(self) -> None:
        """Remove all our keys."""
        for key in [key for key in session if key.startswith(self._prefix)]:
            del session[key]

    def renew(self) -> None:
        """Give the session a new name, where the session interface can: Flask-Session does.

        Otherwise an attacker who has planted the name of a session in a browser would be in
        the session that a visitor signs in to.
        """
        regenerate = getattr(current_app.session_interface, "regenerate", None)
        if callable(regenerate):
            regenerate(session)
