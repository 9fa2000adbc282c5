"""The cache of results in the visitor's session, usually a cookie of at most 4 kB.

Browsers reject a longer cookie, and the sign-in would be lost with it. So results use only the
space that other data in the session leaves. In a session on the server there is more space.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from time import time
from typing import Any, NamedTuple

from flask import Flask, current_app, has_request_context, request, request_started, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.wrappers import Response

from ..caching.results import CacheKey, Result
from ..caching.single_flight import CacheEntry, LocalLookup
from ..client.methods import service_of
from ..web.navigation import is_navigation
from .session import PendingSignIns, VisitorSession, is_time

#: Length of the longest ``Set-Cookie`` header; browsers accept 4096 bytes of name and value.
MAX_COOKIE = 4093


class Limits(NamedTuple):
    """How many characters of results a session may hold."""

    #: Of the longest result.
    one: int
    #: Of all results.
    all: int


#: In a cookie, before it is compressed; what does not fit is removed when it is saved.
IN_COOKIE = Limits(32_000, 200_000)

#: In a session on the server, such as that of Flask-Session: a list of 100 documents with extras
#: has about 60,000 characters. The session is read with every request.
ON_SERVER = Limits(500_000, 2_000_000)

_KEY = "cache"


class _Row(NamedTuple):
    """A result as it is stored in the session, as a list."""

    method: str
    digest: str
    fresh_until: int
    text: str

    def is_under(self, key: CacheKey) -> bool:
        return self.digest == key.digest and self.method == key.method


def _is_row(value: Any) -> bool:
    if not isinstance(value, list | tuple) or len(value) != len(_Row._fields):
        return False
    method, digest, fresh_until, text = value
    return all(isinstance(part, str) for part in (method, digest, text)) and is_time(fresh_until)


class SessionResults:
    """The results in the session of the current request, oldest first.

    Results are added only by navigations: a response to a background request may arrive after a
    sign-out, and would restore the old session.

    :param session: where they are stored.
    :param pending: while a sign-in is pending, no result is added.
    """

    def __init__(self, session: VisitorSession, pending: PendingSignIns) -> None:
        self._session = session
        self._pending = pending
        self._name = ""

    def init_app(self, app: Flask, prefix: str) -> None:
        """Remove results from the sessions of *app* whose cookies would be too long.

        :param prefix: the prefix of our keys in the session.
        """
        self._name = prefix + _KEY
        request_started.connect(self._fit_cookies, app)

    def _fit_cookies(self, app: Flask, **_: object) -> None:
        # The application may set another session interface until its first request.
        interface = app.session_interface
        if not isinstance(interface, SecureCookieSessionInterface):
            return
        if isinstance(interface.save_session, _FittingSave):
            return
        # A copy: the default interface is shared by all applications.
        fitting = copy(interface)
        save = _FittingSave(fitting.save_session, self._name)
        fitting.save_session = save  # type: ignore[method-assign]
        app.session_interface = fitting

    def lookup(self, key: CacheKey) -> LocalLookup[CacheKey, Result]:
        """Return the entry of *key*, and the means to replace it."""
        return LocalLookup(self, key)

    def get(self, key: CacheKey) -> CacheEntry[Result] | None:
        """Return the entry of *key*."""
        for row in self._rows():
            if row.is_under(key):
                return CacheEntry(Result(row.text), row.fresh_until, row.fresh_until)
        return None

    def set(self, key: CacheKey, entry: CacheEntry[Result]) -> None:
        """Store *entry* under *key*, if it fits when the session is saved."""
        in_cookie = isinstance(current_app.session_interface, SecureCookieSessionInterface)
        limits = IN_COOKIE if in_cookie else ON_SERVER
        if len(entry.value.text) > limits.one or not self._may_write():
            return
        now = time()
        rows = [row for row in self._rows() if now < row.fresh_until and not row.is_under(key)]
        rows.append(_Row(key.method, key.digest, int(entry.fresh_until), entry.value.text))
        while sum(len(row.text) for row in rows) > limits.all:
            del rows[0]
        self._keep(rows)

    def delete(self, key: CacheKey) -> None:
        """Remove the entry of *key*."""
        self._remove(lambda row: row.is_under(key))

    def forget(self, viewer: str, services: Collection[str] | None) -> None:
        """Remove the results of *services*, ``None`` for all. The session has one viewer."""
        self._remove(lambda row: services is None or service_of(row.method) in services)

    def clear(self, method: str | None) -> None:
        """Remove the results of *method* in this session, ``None`` for all methods."""
        self._remove(lambda row: method in (None, row.method))

    def _remove(self, gone: Callable[[_Row], bool]) -> None:
        rows = self._rows()
        rest = [row for row in rows if not gone(row)]
        if len(rest) < len(rows):
            self._keep(rest)

    def _rows(self) -> list[_Row]:
        kept = self._session.get(_KEY) if has_request_context() else None
        # Version 0.1 stored something else under this name.
        return [_Row(*row) for row in kept if _is_row(row)] if isinstance(kept, list) else []

    def _keep(self, rows: list[_Row]) -> None:
        if rows:
            self._session.set(_KEY, [list(row) for row in rows])
        else:
            self._session.pop(_KEY)

    def _may_write(self) -> bool:
        if not has_request_context() or not is_navigation(request):
            return False
        if current_app.session_interface.is_null_session(session):
            return False
        # The callback may respond in another tab before this request does; the browser would then
        # keep the session of this response.
        return not self._pending.entries()


#: The method of session interfaces that saves a session.
Save = Callable[[Flask, SessionMixin, Response], None]


class _FittingSave:
    """Saves a session, without the oldest results if its cookie would be too long.

    Flask saves the session after all ``after_request`` functions, so it is complete.

    :param save: saves the session.
    :param name: the key of the results in the session.
    """

    def __init__(self, save: Save, name: str) -> None:
        self._save = save
        self._name = name

    def __call__(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.modified and isinstance(rows := session.get(self._name), list):
            self._fit(app, session, rows)
        self._save(app, session, response)

    def _fit(self, app: Flask, session: SessionMixin, rows: list[Any]) -> None:
        """Remove results from *session*, oldest first, until its cookie is short enough."""
        if self._fits(app, session):
            return
        kept: list[Any] = []
        for row in reversed(rows):
            session[self._name] = [row, *kept]
            if self._fits(app, session):
                kept = session[self._name]
            elif kept:
                break
        if kept:
            session[self._name] = kept
        else:
            del session[self._name]

    def _fits(self, app: Flask, session: SessionMixin) -> bool:
        measured = _MeasuredResponse()
        self._save(app, session, measured)
        return all(len(line) < MAX_COOKIE for line in measured.headers.getlist("Set-Cookie"))


class _MeasuredResponse(Response):
    """A response that is only measured: Werkzeug must not warn about a long cookie."""

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        return 0
