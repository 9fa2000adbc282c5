"""Results in the visitor's session, which most often is a cookie of 4 kB.

A cookie that is too long is dropped by the browser, and with it the sign-in. So
results take only the room that all else in the session leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from time import time
from typing import Any, NamedTuple

from flask import current_app, has_request_context, request, session
from flask.globals import request_ctx
from flask.sessions import SecureCookieSessionInterface
from werkzeug.wrappers import Response

from ..client.writes import service_of
from ..fetch_metadata import is_navigation
from ..sign_in import started
from ..sign_in.session import session_get, session_pop, session_set
from ..state import current_state
from .mechanism import Kept
from .results import Place, Result, result

#: Longest ``Set-Cookie`` line; browsers take 4096 bytes of name and value.
MAX_COOKIE = 4093

#: Characters of a result that are worth a try: the cookie is compressed.
MAX_RESULT = 32_000

#: Characters of all results in a session that is kept on the server.
MAX_RESULTS = 200_000

_KEY = "cache"


class _Entry(NamedTuple):
    """A result in the session, where it is a list."""

    method: str
    digest: str
    fresh_until: int
    text: str


class SessionResults:
    """Results in the session of the current request, the oldest first.

    The session is written only when a result comes or goes, and results come
    only while a person navigates: the answer to a request in the background
    may arrive after a sign-out, and would bring the old session back.
    """

    def look(self, place: Place) -> tuple[str, Kept[Result] | None]:
        """Return the key for *place*, and what is kept there."""
        # Two visitors have two sessions; the viewer is in the name for those who ask at once.
        key = f"{place.method} {place.name}"
        return key, self.get(key)

    def get(self, key: str) -> Kept[Result] | None:
        """Return what is held under *key*."""
        for entry in _entries():
            if _key(entry) == key:
                return Kept(result(entry.text), entry.fresh_until, entry.fresh_until)
        return None

    def set(self, key: str, kept: Kept[Result]) -> None:
        """Hold *kept* under *key*, if there is room in the end: see :func:`fit`."""
        if len(kept.value.text) > MAX_RESULT or not _may_write():
            return
        now = time()
        entries = [one for one in _entries() if now < one.fresh_until and _key(one) != key]
        method, _, digest = key.partition(" ")
        entries.append(_Entry(method, digest, int(kept.fresh_until), kept.value.text))
        while sum(len(entry.text) for entry in entries) > MAX_RESULTS:
            del entries[0]
        _keep(entries)

    def delete(self, key: str) -> None:
        """Hold nothing under *key* any more."""
        self._remove(lambda entry: _key(entry) == key)

    def lease(self, key: str) -> Callable[[], None]:
        """Let the caller ask: no other process sees a session."""
        return lambda: None

    def forget(self, viewer: str, services: Collection[str] | None) -> None:
        """Forget what *services* answered, ``None`` for all; the session has one viewer."""
        self._remove(lambda entry: services is None or service_of(entry.method) in services)

    def clear(self, method: str | None) -> None:
        """Forget what *method* has answered in this session, ``None`` for all methods."""
        self._remove(lambda entry: method in (None, entry.method))

    def _remove(self, gone: Callable[[_Entry], bool]) -> None:
        entries = _entries()
        rest = [entry for entry in entries if not gone(entry)]
        if len(rest) < len(entries):
            _keep(rest)


def _entries() -> list[_Entry]:
    kept = session_get(_KEY) if has_request_context() else None
    # Version 0.1 had something else under this name.
    return [_Entry(*entry) for entry in kept] if isinstance(kept, list) else []


def _key(entry: _Entry) -> str:
    return f"{entry.method} {entry.digest}"


def _keep(entries: list[_Entry]) -> None:
    if entries:
        session_set(_KEY, [list(entry) for entry in entries])
    else:
        session_pop(_KEY)


def _may_write() -> bool:
    if not has_request_context() or not is_navigation(request):
        return False
    if current_app.session_interface.is_null_session(session._get_current_object()):  # type: ignore[attr-defined]
        return False
    # The callback may answer in another tab before this request does, and the browser
    # would keep the session from before.
    return not started.entries()


def fit(response: Response) -> Response:
    """Let the results of the session go that make its cookie too long, oldest first.

    It must be the last function after the request, when all is in the session
    that the application keeps there.
    """
    interface = current_app.session_interface
    # flask.session would tell caches that the answer depends on the cookie.
    saved: Any = getattr(request_ctx, "_session", None)
    if not isinstance(interface, SecureCookieSessionInterface) or not (saved and saved.modified):
        return response
    name = current_state().settings.session_prefix + _KEY
    entries = saved.get(name)
    if not entries or _fits(interface, saved):
        return response
    kept: list[Any] = []
    for entry in reversed(entries):
        saved[name] = [entry, *kept]
        if _fits(interface, saved):
            kept = saved[name]
        elif kept:
            break
    if kept:
        saved[name] = kept
    else:
        del saved[name]
    return response


def _fits(interface: SecureCookieSessionInterface, saved: Any) -> bool:
    written = Response()
    written.max_cookie_size = 0  # no warning
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    interface.save_session(app, saved, written)  # type: ignore[arg-type]
    return all(len(line) < MAX_COOKIE for line in written.headers.getlist("Set-Cookie"))
