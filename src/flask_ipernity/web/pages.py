"""The extension's own pages. An application may replace their templates."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

from flask import Blueprint, current_app, jsonify, make_response, render_template, request
from flask.globals import app_ctx
from flask.wrappers import Response
from werkzeug.exceptions import HTTPException, default_exceptions

from .navigation import wants_json
from .next_url import home

#: Adds the templates below ``flask_ipernity/`` to the application.
templates = Blueprint("flask_ipernity", "flask_ipernity", template_folder="templates")


def error_response(
    status: int,
    title: str,
    detail: str,
    *,
    sign_in: str | None = None,
    headers: Mapping[str, str] | None = None,
    cause: Exception | None = None,
) -> Response:
    """Return the response for an error, which the application may replace.

    It is a page for people, or ``application/problem+json`` (RFC 9457) for programs. A handler
    that the application has registered for the status, for ``HTTPException`` or for
    ``Exception`` gets it as the ``response`` of Werkzeug's exception, and its result wins.

    :param status: the HTTP status.
    :param title: what is wrong, in a few words.
    :param detail: what to do about it, in a sentence.
    :param sign_in: the URL that begins a sign-in, where that helps.
    :param cause: the error, for the handlers of the application: ``__cause__`` of the exception.
    """
    response = _error_page(status, title, detail, sign_in)
    response.status_code = status
    response.vary.update(("Accept", "Sec-Fetch-Dest"))
    response.headers.update(headers or {})
    error = default_exceptions[status](detail, response)
    error.__cause__ = cause
    handled = _handle(error)
    return response if handled is error else current_app.make_response(handled)


def _handle(error: HTTPException) -> Any:
    """Return what the application's handler for *error* returns; *error* if it has none."""
    handle: Any = current_app.handle_http_exception
    # From Flask 3.2 on, the methods that dispatch a request are given its context.
    return handle(app_ctx, error) if "ctx" in signature(handle).parameters else handle(error)


def _error_page(status: int, title: str, detail: str, sign_in: str | None) -> Response:
    if wants_json(request):
        problem = {"type": "about:blank", "status": status, "title": title, "detail": detail}
        if sign_in:
            problem["sign_in"] = sign_in
        response = jsonify(problem)
        response.mimetype = "application/problem+json"
        _protect(response)
        return response
    return page("error.html", title=title, detail=detail, sign_in=sign_in, status=status)


def page(template: str, **values: object) -> Response:
    """Return a page that is not stored by caches and cannot be framed.

    :param template: its name below ``flask_ipernity/``.
    """
    values = {"home": home(request), **values}
    response = make_response(render_template(f"flask_ipernity/{template}", **values))
    _protect(response)
    return response


def _protect(response: Response) -> None:
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Against clickjacking.
    response.headers["X-Frame-Options"] = "DENY"
