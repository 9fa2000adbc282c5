"""Our part of the visitor's session, and the sign-ins in it that have not come back yet.

Ours are the keys that start with ``IPERNITY_SESSION_PREFIX``.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from flask import current_app, request, session

from ..errors import SignInError
from ..web.next_url import MAX_LENGTH, home

#: Sign-ins that a session may have started at once: one a tab, within reason.
MAX_PENDING = 5

_KEY = "sign_ins"


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


class PendingSignIns:
    """The sign-ins that the session of the current request has started and not finished.

    Ipernity sends no ``state`` back, so what a callback is checked against is this list.

    :param session: where they are kept.
    :param max_age: seconds in which a sign-in must come back.
    """

    def __init__(self, session: VisitorSession, max_age: float) -> None:
        self._session = session
        self._max_age = max_age

    def add(self, next_url: str, permissions: Mapping[str, str]) -> None:
        """Remember a sign-in that starts now.

        :param next_url: a path that :func:`.next_url.destination` has returned.
        :param permissions: what is asked for.
        """
        entry = {"next": next_url, "permissions": dict(permissions), "at": int(time())}
        self.keep([*self.entries(), entry][-MAX_PENDING:])

    def take(self) -> dict[str, Any]:
        """Remove the newest from the session and return it.

        It is gone before the frob is exchanged, so that it serves once whatever happens.

        :raises SignInError: there is none.
        """
        entries = self.entries()
        if not entries:
            had_any = bool(self._session.pop(_KEY))
            raise SignInError(
                "expired" if had_any else "not_pending",
                "That took too long."
                if had_any
                else "No sign-in was started in this browser, or it is finished already.",
            )
        newest = entries.pop()
        self.keep(entries)
        return newest

    def entries(self) -> list[dict[str, Any]]:
        """Return those that are young enough, oldest first."""
        oldest = time() - self._max_age
        return [entry for entry in self._session.get(_KEY, []) if entry["at"] >= oldest]

    def keep(self, entries: list[dict[str, Any]]) -> None:
        """Put *entries* into the session.

        Browsers drop a cookie of more than 4096 bytes. When the URLs are long
        altogether, the older sign-ins lead to the front page.
        """
        if not entries:
            self._session.pop(_KEY)
            return
        room = MAX_LENGTH
        for entry in reversed(entries):
            room -= len(entry["next"])
            if room < 0:
                entry["next"] = home(request)
        self._session.set(_KEY, entries)
