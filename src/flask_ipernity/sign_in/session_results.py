"""Results in the visitor's session, which most often is a cookie of 4 kB.

A cookie that is too long is dropped by the browser, and with it the sign-in. So
results take only the room that all else in the session leaves.
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

#: Longest ``Set-Cookie`` line; browsers take 4096 bytes of name and value.
MAX_COOKIE = 4093

#: Characters of a result that are worth a try: the cookie is compressed.
MAX_RESULT = 32_000

#: Characters of all results in a session that is kept on the server.
MAX_RESULTS = 200_000

_KEY = "cache"


class _Row(NamedTuple):
    """A result in the session, where it is a list."""

    method: str
    digest: str
    fresh_until: int
    text: str


class SessionResults:
    """Results in the session of the current request, the oldest first.

    The session is written only when a result comes or goes, and results come
    only while a person navigates: the response to a request in the background
    may arrive after a sign-out, and would bring the old session back.

    :param session: where they are kept.
    :param pending: while a sign-in is pending, nothing is kept.
    """

    def __init__(self, session: VisitorSession, pending: PendingSignIns) -> None:
        self._session = session
        self._pending = pending

    def look(self, key: CacheKey) -> tuple[str, CacheEntry[Result] | None]:
        """Return the name for *key*, and what is kept there."""
        # Two visitors have two sessions; the viewer is in the name for those who ask at once.
        name = f"{key.method} {key.name}"
        return name, self.get(name)

    def get(self, key: str) -> CacheEntry[Result] | None:
        """Return what is held under *key*."""
        for row in self._rows():
            if _key(row) == key:
                return CacheEntry(result(row.text), row.fresh_until, row.fresh_until)
        return None

    def set(self, key: str, entry: CacheEntry[Result]) -> None:
        """Hold *entry* under *key*, if there is room in the end: see :func:`fit`."""
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
        """Hold nothing under *key* any more."""
        self._remove(lambda row: _key(row) == key)

    def lease(self, key: str) -> Callable[[], None]:
        """Let the caller ask: no other process sees a session."""
        return lambda: None

    def forget(self, viewer: str, services: Collection[str] | None) -> None:
        """Forget what *services* answered, ``None`` for all; the session has one viewer."""
        self._remove(lambda row: services is None or service_of(row.method) in services)

    def clear(self, method: str | None) -> None:
        """Forget what *method* has answered in this session, ``None`` for all methods."""
        self._remove(lambda row: method in (None, row.method))

    def _remove(self, gone: Callable[[_Row], bool]) -> None:
        rows = self._rows()
        rest = [row for row in rows if not gone(row)]
        if len(rest) < len(rows):
            self._keep(rest)

    def _rows(self) -> list[_Row]:
        kept = self._session.get(_KEY) if has_request_context() else None
        # Version 0.1 had something else under this name.
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
        # The callback may answer in another tab before this request does, and the browser
        # would keep the session from before.
        return not self._pending.entries()


def _key(row: _Row) -> str:
    return f"{row.method} {row.digest}"


def init_app(app: Flask, prefix: str) -> None:
    """Let *app* save no session whose results make its cookie too long.

    :param prefix: start of the names of our keys in the session.
    """
    fitting: SecureCookieSessionInterface | None = None

    def wrap(sender: Flask, **_: object) -> None:
        nonlocal fitting
        # The application may set another session interface at any time before it serves.
        interface = app.session_interface
        if interface is not fitting and isinstance(interface, SecureCookieSessionInterface):
            # A copy: the default interface is shared by all applications.
            fitting = copy(interface)
            save = partial(_fit_and_save, interface, prefix + _KEY)
            fitting.save_session = save  # type: ignore[method-assign]
            app.session_interface = fitting

    # The signal refers to what it calls weakly; the state of the application keeps it.
    request_started.connect(wrap, app, weak=False)


def _fit_and_save(
    interface: SecureCookieSessionInterface,
    name: str,
    app: Flask,
    saved: SessionMixin,
    response: Response,
) -> None:
    """Save a session, without the oldest results where its cookie would be too long.

    Flask saves the session after all functions that run after a request, so that
    all is in it that the application keeps there.

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
    """A response that is only measured; Werkzeug shall not warn of its cookie's length."""

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        return 0


def _fits(interface: SecureCookieSessionInterface, app: Flask, saved: SessionMixin) -> bool:
    written = _Scratch()
    interface.save_session(app, saved, written)
    return all(len(line) < MAX_COOKIE for line in written.headers.getlist("Set-Cookie"))
