"""The pages that the extension itself shows; an application may replace their templates."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, jsonify, make_response, render_template, request
from flask.wrappers import Response

from .fetch_metadata import wants_json

#: Brings the templates below ``flask_ipernity/`` into the application.
templates = Blueprint("flask_ipernity", __name__, template_folder="templates")


def error_answer(
    status: int,
    title: str,
    detail: str,
    *,
    sign_in: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a page for people, or ``application/problem+json`` (RFC 9457) for programs.

    :param status: of HTTP.
    :param title: what is wrong, in a few words.
    :param detail: what to do about it, in a sentence.
    :param sign_in: the address that begins a sign-in, where that helps.
    """
    if wants_json(request):
        problem = {"type": "about:blank", "status": status, "title": title, "detail": detail}
        if sign_in:
            problem["sign_in"] = sign_in
        response = jsonify(problem)
        response.mimetype = "application/problem+json"
        _protect(response)
    else:
        response = page("error.html", title=title, detail=detail, sign_in=sign_in, status=status)
    response.status_code = status
    response.vary.update(("Accept", "Sec-Fetch-Dest"))
    response.headers.update(headers or {})
    return response


def page(template: str, **values: object) -> Response:
    """Return a page that nobody keeps and no other page frames.

    :param template: its name below ``flask_ipernity/``.
    """
    response = make_response(render_template(f"flask_ipernity/{template}", **values))
    _protect(response)
    return response


def _protect(response: Response) -> None:
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Who believes to click on another page must not agree to something here.
    response.headers["X-Frame-Options"] = "DENY"
