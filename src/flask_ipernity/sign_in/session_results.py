"""The cache of results in the visitor's session, usually a cookie of at most 4 kB.

Browsers reject a longer cookie, and the sign-in would be lost with it. So results use only the
space that other data in the session leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from functools import partial
from time import time
from typing import Any, NamedTuple

from flask import (
    Flask,
    current_app,
    has_request_context,
    request,
    request_started,
    session,
)
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.wrappers import Response

from ..caching.results import CacheKey, Result, result
from ..caching.single_flight import CacheEntry
from ..client.methods import service_of
from ..web.navigation import is_navigation
from .session import PendingSignIns, VisitorSession

#: Length of the longest ``Set-Cookie`` header; browsers accept 4096 bytes of name and value.
MAX_COOKIE = 4093

#: Characters of the longest result that may fit: the cookie is compressed.
MAX_RESULT = 32_000

#: Characters of all results in a session that is stored on the server.
MAX_RESULTS = 200_000

_KEY = "cache"


class _Row(NamedTuple):
    """A result as it is stored in the session, as a list."""

    method: str
    digest: str
    fresh_until: int
    text: str


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

    def look(self, key: CacheKey) -> tuple[str, CacheEntry[Result] | None]:
        """Return the name for *key*, and its entry."""
        # Each visitor has a session; the viewer is in the name for simultaneous calls.
        name = f"{key.method} {key.name}"
        return name, self.get(name)

    def get(self, key: str) -> CacheEntry[Result] | None:
        """Return the entry of *key*."""
        for row in self._rows():
            if _key(row) == key:
                return CacheEntry(result(row.text), row.fresh_until, row.fresh_until)
        return None

    def set(self, key: str, entry: CacheEntry[Result]) -> None:
        """Store *entry* under *key*, if it fits in the end: see :func:`fit`."""
        if len(entry.value.text) > MAX_RESULT or not self._may_write():
            return
        now = time()
        rows = [row for row in self._rows() if now < row.fresh_until and _key(row) != key]
        method, _, digest = key.partition(" ")
        rows.append(_Row(method, digest, int(entry.fresh_until), entry.value.text))
        while sum(len(row.text) for row in rows) > MAX_RESULTS:
            del rows[0]
        self._keep(rows)

    def delete(self, key: str) -> None:
        """Remove the entry of *key*."""
        self._remove(lambda row: _key(row) == key)

    def lease(self, key: str) -> Callable[[], None]:
        """Let the caller go on: no other process uses this session."""
        return lambda: None

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
        return [_Row(*row) for row in kept] if isinstance(kept, list) else []

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


def _key(row: _Row) -> str:
    return f"{row.method} {row.digest}"


def init_app(app: Flask, prefix: str) -> None:
    """Remove results from the sessions of *app* whose cookies would be too long.

    :param prefix: the prefix of our keys in the session.
    """
    fitting: SecureCookieSessionInterface | None = None

    def wrap(sender: Flask, **_: object) -> None:
        nonlocal fitting
        # The application may set another session interface until its first request.
        interface = app.session_interface
        if interface is not fitting and isinstance(interface, SecureCookieSessionInterface):
            # A copy: the default interface is shared by all applications.
            fitting = copy(interface)
            save = partial(_fit_and_save, interface, prefix + _KEY)
            fitting.save_session = save  # type: ignore[method-assign]
            app.session_interface = fitting

    # By default, signals hold weak references to functions.
    request_started.connect(wrap, app, weak=False)


def _fit_and_save(
    interface: SecureCookieSessionInterface,
    name: str,
    app: Flask,
    saved: SessionMixin,
    response: Response,
) -> None:
    """Save a session, without the oldest results if its cookie would be too long.

    Flask saves the session after all ``after_request`` functions, so it is complete.

    :param name: the key of the results.
    """
    fit(interface, name, app, saved)
    interface.save_session(app, saved, response)


def fit(
    interface: SecureCookieSessionInterface, name: str, app: Flask, saved: SessionMixin
) -> None:
    """Remove results from *saved*, oldest first, until its cookie is short enough."""
    rows = saved.get(name) if saved.modified else None
    if not isinstance(rows, list) or _fits(interface, app, saved):
        return
    kept: list[Any] = []
    for row in reversed(rows):
        saved[name] = [row, *kept]
        if _fits(interface, app, saved):
            kept = saved[name]
        elif kept:
            break
    if kept:
        saved[name] = kept
    else:
        del saved[name]


class _Scratch(Response):
    """A response that is only measured; Werkzeug must not warn about a long cookie."""

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        return 0


def _fits(interface: SecureCookieSessionInterface, app: Flask, saved: SessionMixin) -> bool:
    written = _Scratch()
    interface.save_session(app, saved, written)
    return all(len(line) < MAX_COOKIE for line in written.headers.getlist("Set-Cookie"))
