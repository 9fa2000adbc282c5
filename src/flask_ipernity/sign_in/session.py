"""Our keys in the visitor's session, and the pending sign-ins that are stored there.

Our keys start with ``IPERNITY_SESSION_PREFIX``.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import time
from typing import Any

from flask import current_app, request, session

from ..errors import SignInError
from ..web.next_url import MAX_LENGTH, home

#: How many pending sign-ins a session may have, in different tabs.
MAX_PENDING = 5

_KEY = "sign_ins"


class VisitorSession:
    """Our keys in the session of the current request.

    :param prefix: the prefix of the keys.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of *key*, or *default*."""
        return session.get(self._prefix + key, default)

    def set(self, key: str, value: Any) -> None:
        """Store *value* under *key*."""
        session[self._prefix + key] = value

    def pop(self, key: str, default: Any = None) -> Any:
        """Remove *key*, and return its value or *default*."""
        # Without a SECRET_KEY, the session can be read only, and is empty.
        return session.pop(self._prefix + key) if self._prefix + key in session else default

    def clear(self) -> None:
        """Remove all our keys."""
        for key in [key for key in session if key.startswith(self._prefix)]:
            del session[key]

    def renew(self) -> None:
        """Give the session a new id, if the session interface can, as that of Flask-Session.

        This prevents session fixation: an attacker who has planted a session id in the visitor's
        browser must not share the session after the sign-in.
        """
        regenerate = getattr(current_app.session_interface, "regenerate", None)
        if callable(regenerate):
            regenerate(session)


class PendingSignIns:
    """The pending sign-ins of the current request's session.

    Ipernity does not send ``state`` back, so callbacks are checked against this list.

    :param session: where they are stored.
    :param max_age: seconds in which a sign-in must finish.
    """

    def __init__(self, session: VisitorSession, max_age: float) -> None:
        self._session = session
        self._max_age = max_age

    def add(self, next_url: str, permissions: Mapping[str, str]) -> None:
        """Add a sign-in that starts now.

        :param next_url: a path returned by :func:`.next_url.destination`.
        :param permissions: the requested permissions.
        """
        entry = {"next": next_url, "permissions": dict(permissions), "at": int(time())}
        self.keep([*self.entries(), entry][-MAX_PENDING:])

    def take(self) -> dict[str, Any]:
        """Remove the newest sign-in from the session, and return it.

        This happens before the frob is exchanged, so each can be used only once.

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
        """Return the sign-ins that have not expired, oldest first."""
        oldest = time() - self._max_age
        return [entry for entry in self._session.get(_KEY, []) if entry["at"] >= oldest]

    def keep(self, entries: list[dict[str, Any]]) -> None:
        """Store *entries* in the session.

        Browsers reject cookies of more than 4096 bytes. If all URLs together are too long, the
        older sign-ins lead to the front page.
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
