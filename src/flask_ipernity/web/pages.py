"""The extension's own pages. An application may replace their templates."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from inspect import signature
from typing import Any

from flask import (
    current_app,
    got_request_exception,
    jsonify,
    make_response,
    request,
)
from flask.globals import app_ctx
from flask.wrappers import Response
from werkzeug.exceptions import HTTPException, default_exceptions

from ..http.redaction import one_line
from .navigation import wants_json
from .next_url import home
from .templates import render

log = logging.getLogger(__name__)


def error_response(
    status: int,
    title: str,
    detail: str,
    *,
    reason: str,
    sign_in: str | None = None,
    headers: Mapping[str, str] | None = None,
    error: Exception | None = None,
    code: int | None = None,
    cause: str | None = None,
    level: int = logging.INFO,
    is_fault: bool = False,
) -> Response:
    """Log an error, and return the response for it, which the application may replace.

    It is a page for people, or ``application/problem+json`` (RFC 9457) for programs. A handler
    that the application has registered for the status, for ``HTTPException`` or for
    ``Exception`` gets it as the ``response`` of Werkzeug's exception, and its result wins.

    As Flask does for errors that no handler is for, send the signal ``got_request_exception`` if
    the status is 500 or higher.

    :param status: the HTTP status.
    :param title: what is wrong, in a few words.
    :param detail: what to do about it, in a sentence.
    :param reason: what is wrong, in a word for programs and templates.
    :param sign_in: the URL that begins a sign-in, where that helps.
    :param error: the error, for the handlers of the application: ``__cause__`` of the exception.
    :param code: Ipernity's error code.
    :param cause: the likely cause, for the log and, in debug mode, for the page.
    :param level: the level of the log line.
    :param is_fault: whether the application is at fault. If no handler of the application takes
        it, *error* is then raised wherever Flask raises errors of the application: with
        ``TESTING`` or ``PROPAGATE_EXCEPTIONS``.
    """
    what = reason if error is None else one_line(f"{type(error).__name__}: {error}")
    path = one_line(request.path)
    log.log(level, "%s %s: %d, %s%s", request.method, path, status, what, _likely(cause))
    problem: dict[str, Any] = {"status": status, "title": title, "detail": detail, "reason": reason}
    if code is not None:
        problem["code"] = code
    if sign_in:
        problem["sign_in"] = sign_in
    if cause and current_app.debug:
        problem["cause"] = cause
    response = _error_page(problem)
    response.status_code = status
    response.vary.update(("Accept", "Accept-Language", "Sec-Fetch-Dest"))
    response.headers.update(headers or {})
    http_error = default_exceptions[status](detail, response)
    http_error.__cause__ = error
    handled = _handle(http_error)
    if error is not None and status >= 500:
        if is_fault and handled is http_error and _propagates():
            if (note := cause or detail) not in getattr(error, "__notes__", ()):
                error.add_note(note)
            raise error
        tell_trackers(error)
    return response if handled is http_error else current_app.make_response(handled)


def tell_trackers(error: Exception) -> None:
    """Send Flask's signal of an error that no view has caught, for error trackers."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)


def _likely(cause: str | None) -> str:
    return f". Likely cause: {cause}" if cause else ""


def _propagates() -> bool:
    """Return whether Flask raises errors of the application. In debug mode, the page names the
    cause."""
    wanted = current_app.config["PROPAGATE_EXCEPTIONS"]
    return current_app.testing if wanted is None else bool(wanted)


def _handle(error: HTTPException) -> Any:
    """Return what the application's handler for *error* returns; *error* if it has none."""
    handle: Any = current_app.handle_http_exception
    # From Flask 3.2 on, the methods that dispatch a request are given its context.
    return handle(app_ctx, error) if "ctx" in signature(handle).parameters else handle(error)


def _error_page(problem: Mapping[str, Any]) -> Response:
    if wants_json(request):
        response = jsonify({"type": "about:blank", **problem})
        response.mimetype = "application/problem+json"
        _protect(response)
        return response
    return page("error.html", **{"sign_in": None, "code": None, "cause": None, **problem})


def page(template: str, **values: object) -> Response:
    """Return a page that is not stored by caches and cannot be framed.

    :param template: its name below ``flask_ipernity/``.
    """
    response = make_response(render(template, **{"home": home(request), **values}))
    response.vary.add("Accept-Language")
    _protect(response)
    return response


def _protect(response: Response) -> None:
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Against clickjacking.
    response.headers["X-Frame-Options"] = "DENY"
