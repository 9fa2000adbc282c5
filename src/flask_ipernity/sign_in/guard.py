"""The decorator that lets only signed-in visitors into a view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, request
from werkzeug.wrappers import Response

from ..errors import ConfigurationError
from ..permissions import checked, union
from ..web.navigation import is_navigation, wants_json
from ..web.pages import error_response
from .flow import authorize, start_url
from .visitor import visitor_api

View = TypeVar("View", bound=Callable[..., Any])


def ipernity_auth_required(
    permissions: Mapping[str, str] | None = None,
) -> Callable[[View], View]:
    """Let only visitors into the view who are signed in with *permissions*.

    Others are sent to Ipernity and come back to the view; a form that is sent
    or a script that fetches gets 401. Stands below ``@app.route``, with
    parentheses; the view may be a coroutine function.

    :param permissions: such as ``{"doc": "write"}``; by default the current
        application's ``IPERNITY_PERMISSIONS``, looked up at each request.
    :raises ConfigurationError: a permission that does not exist.
    """
    if callable(permissions):
        raise ConfigurationError(
            "write @ipernity_auth_required() with parentheses, below @app.route"
        )
    fixed = None if permissions is None else checked(permissions)

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            api = visitor_api()
            needed = api.context.settings.permissions if fixed is None else fixed
            if not api.has_permissions(needed):
                return ask_to_sign_in(needed)
            return current_app.ensure_sync(view)(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    return decorate


def ask_to_sign_in(
    needed: Mapping[str, str] | None = None, next_url: str | None = None
) -> Response:
    """Return the answer that leads the visitor to sign in.

    What is granted already is asked for again, so that nothing is lost by it.
    A person who navigates is redirected; anyone else gets 401, because a form
    cannot be sent again by a redirect, and a script cannot follow one to
    another site's page.

    :param needed: permissions; by default ``IPERNITY_PERMISSIONS``.
    :param next_url: where the visitor lands afterwards; by default the current
        address, or the page that a form or a script is on.
    """
    api = visitor_api()
    granted = api.permissions or {}
    wanted = union(granted, api.context.settings.permissions if needed is None else needed)
    if request.method in ("GET", "HEAD") and is_navigation(request) and not wants_json(request):
        return authorize(wanted, next_url)
    return error_response(
        401,
        "Please sign in",
        "This needs an Ipernity account. Sign in, then try again.",
        sign_in=start_url(next_url or request.referrer or "", wanted),
        headers={"WWW-Authenticate": "Ipernity"},
    )
