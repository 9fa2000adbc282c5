"""Our keys in the visitor's session, and the pending sign-ins that are stored there.

Our keys start with ``IPERNITY_SESSION_PREFIX``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from math import isfinite
from time import time
from typing import Any

from flask import Response, after_this_request, current_app, request, session
from werkzeug.datastructures import Headers

from ..errors import ConfigurationError
from ..permissions import checked, missing
from ..web.next_url import MAX_LENGTH, home

#: How many pending sign-ins a session may have, in different tabs.
MAX_PENDING = 5

_KEY = "sign_ins"


def app_mark(app_key: str) -> str:
    """Return what tells the records of applications apart that share a session.

    Two applications on one host do so, if they have the same ``SECRET_KEY``: browsers do not
    separate cookies by port.
    """
    return sha256(app_key.encode("utf-8", "replace")).hexdigest()[:10]


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

    def clear(self, keep: Collection[str] = ()) -> None:
        """Remove all our keys but *keep*."""
        kept = {self._prefix + key for key in keep}
        ours = [key for key in session if str(key).startswith(self._prefix)]
        for key in ours:
            if key not in kept:
                del session[key]

    def renew(self) -> None:
        """Give the session a new id, if the session interface can, as that of Flask-Session.

        Call it before anything of value goes into the session. This prevents session fixation: an
        attacker who has planted a session id in the visitor's browser must not share the session
        afterwards.
        """
        regenerate = getattr(current_app.session_interface, "regenerate", None)
        if not callable(regenerate):
            return
        # Flask-Session gives an empty session no new id.
        key = self._prefix + "renewed"
        session[key] = True
        regenerate(session)
        del session[key]


def leave_cookie_alone() -> None:
    """Send no session cookie with the response to the current request, unless the application has
    changed the session.

    A permanent session is sent with every response. One that is sent late would bring back what
    another response has changed meanwhile.
    """
    after_this_request(_without_session_cookie)


def _without_session_cookie(response: Response) -> Response:
    name = current_app.session_interface.get_cookie_name(current_app)
    if not _is_as_it_came(request.cookies.get(name, "")):
        return response
    get_wsgi_headers = response.get_wsgi_headers

    # Flask adds the cookie after all functions that may change the response.
    def without_cookie(environ: Any) -> Headers:
        headers = get_wsgi_headers(environ)
        cookies = headers.getlist("Set-Cookie")
        headers.remove("Set-Cookie")
        for cookie in cookies:
            if not cookie.startswith(f"{name}="):
                headers.add("Set-Cookie", cookie)
        return headers

    response.get_wsgi_headers = without_cookie  # type: ignore[method-assign]
    return response


def _is_as_it_came(cookie: str) -> bool:
    """Return whether the browser needs no other session cookie than it has sent.

    ``session.modified`` does not tell: a function that makes every session permanent sets it.

    :param cookie: the value that the browser has sent.
    """
    if hasattr(session, "sid"):
        # A session on the server, as that of Flask-Session: the cookie has only its id. If there is
        # another id now, the session has ended meanwhile, or was renewed.
        return cookie != ""
    sent = current_app.session_interface.open_session(current_app, request)
    return dict(sent or {}) == dict(session)


class PendingSignIns:
    """The pending sign-ins of the current request's session.

    Ipernity does not send ``state`` back, so callbacks are checked against this list.

    :param session: where they are stored.
    :param max_age: seconds in which a sign-in must finish.
    :param mark: the :func:`app_mark` of the application.
    """

    def __init__(self, session: VisitorSession, max_age: float, mark: str) -> None:
        self._session = session
        self._max_age = max_age
        self._mark = mark

    def add(self, next_url: str, permissions: Mapping[str, str], *, elsewhere: bool) -> None:
        """Add a sign-in that starts now.

        :param next_url: a path returned by :func:`.next_url.destination`.
        :param permissions: the requested permissions.
        :param elsewhere: whether another site has started it.
        """
        entry = {
            "next": next_url,
            "permissions": dict(permissions),
            "at": int(time()),
            "app": self._mark,
        }
        if elsewhere:
            entry["elsewhere"] = True
        self.keep([*self.entries(), entry])

    def entries(self) -> list[dict[str, Any]]:
        """Return the sign-ins of this application that have not expired, oldest first."""
        return [entry for entry in self._all() if entry.get("app") == self._mark]

    def have_expired(self) -> bool:
        """Return whether there were any that have expired."""
        return bool(self._session.get(_KEY)) and not self.entries()

    def remove(self, entry: Mapping[str, Any]) -> None:
        """Remove *entry*, which can be used only once."""
        entries = self.entries()
        if entry in entries:
            entries.remove(dict(entry))
            self.keep(entries)

    def keep(self, entries: list[dict[str, Any]]) -> None:
        """Store *entries* in the session, the newest of them, instead of those that are there.

        Browsers reject cookies of more than 4096 bytes. If all URLs together are too long, the
        older sign-ins lead to the front page.
        """
        others = [entry for entry in self._all() if entry.get("app") != self._mark]
        kept = [*others, *entries][-MAX_PENDING:]
        if not kept:
            self._session.pop(_KEY)
            return
        room = MAX_LENGTH
        for entry in reversed(kept):
            room -= len(entry["next"])
            if room < 0:
                entry["next"] = home(request)
        self._session.set(_KEY, kept)

    def _all(self) -> list[dict[str, Any]]:
        """Return the sign-ins of all applications that share the session."""
        entries: Any = self._session.get(_KEY)
        if not isinstance(entries, list):
            return []
        oldest = time() - self._max_age
        return [dict(entry) for entry in entries if is_entry(entry) and entry["at"] >= oldest]


def is_entry(value: Any) -> bool:
    """Return whether *value* has the shape of a pending sign-in."""
    if not isinstance(value, dict) or not is_time(value.get("at")):
        return False
    try:
        checked(value.get("permissions", ""))
    except ConfigurationError:
        return False
    return isinstance(value.get("next"), str)


def is_time(value: Any) -> bool:
    """Return whether *value* is a number of seconds."""
    return isinstance(value, int | float) and isfinite(value)


def best_fit(entries: list[dict[str, Any]], granted: Mapping[str, str]) -> dict[str, Any]:
    """Return which of *entries* has come back with the permissions *granted*.

    Two tabs may have asked for different permissions. It is the newest of those whose permissions
    were all granted, unless another one of them asks for all that it does and for more. If there
    are none, it is the newest one.

    :param entries: pending sign-ins, oldest first; at least one.
    """
    best: dict[str, Any] | None = None
    for entry in reversed(entries):
        asked = entry["permissions"]
        if not missing(granted, asked) and (best is None or _is_more(asked, best["permissions"])):
            best = entry
    return best or entries[-1]


def _is_more(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return not missing(one, other) and bool(missing(other, one))
