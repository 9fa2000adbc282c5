"""The decorator for views that need a signed-in visitor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakSet

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

from ..errors import ConfigurationError, SignInError
from ..permissions import checked, union
from ..site.diagnosis import diagnose
from ..web.navigation import is_navigation, wants_json
from ..web.pages import error_response
from ..web.translation import gettext
from .authorize import authorize, start_url, unavailable
from .session import leave_cookie_alone
from .visitor import visitor_api

log = logging.getLogger(__name__)

#: Seconds after which a visitor may try again when the store of tokens does not work.
RETRY_AFTER = 10

View = TypeVar("View", bound=Callable[..., Any])

#: What :func:`ipernity_auth_required` has returned. The mark cannot be an attribute: decorators
#: copy those outwards.
_guarded: WeakSet[Callable[..., Any]] = WeakSet()


def ipernity_auth_required(
    permissions: Mapping[str, str] | None = None,
) -> Callable[[View], View]:
    """Call the view only for visitors who are signed in with *permissions*.

    Other visitors are redirected to Ipernity, and return to the view after the sign-in. Submitted
    forms and requests of scripts get status 401. Write the decorator below ``@app.route``, with
    parentheses. The view may be a coroutine function.

    :param permissions: such as ``{"doc": "write"}``; by default the ``IPERNITY_PERMISSIONS`` of
        the current application.
    :raises ConfigurationError: a permission does not exist.
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

        _guarded.add(guarded)
        return guarded  # type: ignore[return-value]

    return decorate


def warn_of_cached_guards(app: Flask) -> None:
    """Name in the log each view for which Flask-Caching keeps what the guard has answered.

    That is the redirect to the sign-in, or what the first member saw, for everybody.
    """
    for endpoint, view in app.view_functions.items():
        methods = vars(getattr(view, "view_class", object)).values()
        for function in (view, *methods):
            # The attribute is documented: the function whose results are kept.
            if _is_guarded(getattr(function, "uncached", None)):
                log.warning(
                    "The view %s has @cache.cached() above @ipernity_auth_required(), so that"
                    " everybody gets what one visitor was answered. Write it below.",
                    endpoint,
                )
                break


def _is_guarded(view: Any) -> bool:
    """Return whether *view* is what the guard has returned, perhaps with decorators around it."""
    while view is not None and view not in _guarded:
        view = getattr(view, "__wrapped__", None)
    return view is not None


def ask_to_sign_in(
    needed: Mapping[str, str] | None = None, next_url: str | None = None
) -> Response:
    """Return the response that asks the visitor to sign in.

    Permissions that were granted before are requested again, so that none is lost. Navigations are
    redirected. Other requests get status 401, because a redirect cannot submit a form again, and a
    script cannot follow it to a page of another site. They start nothing, and leave the session
    alone: their response may be late.

    :param needed: permissions; by default ``IPERNITY_PERMISSIONS``.
    :param next_url: where the visitor goes afterwards; by default the current URL, or the page of
        the form or script.
    """
    api = visitor_api()
    if api.is_unknown:
        return not_now(unavailable())
    wanted = wanted_permissions(needed)
    if request.method == "GET" and is_navigation(request) and not wants_json(request):
        return authorize(wanted, next_url)
    leave_cookie_alone()
    return error_response(
        401,
        gettext("Please sign in"),
        gettext("This needs an Ipernity account. Sign in, then try again."),
        reason="sign_in_required",
        sign_in=start_url(next_url or request.referrer or "", wanted),
        headers={"WWW-Authenticate": "Ipernity"},
    )


def wanted_permissions(needed: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return *needed*, by default ``IPERNITY_PERMISSIONS``, with what is granted already."""
    api = visitor_api()
    granted = api.permissions or {}
    return union(granted, api.context.settings.permissions if needed is None else needed)


def not_now(error: SignInError, title: str | None = None, sign_in: str | None = None) -> Response:
    """Return the response for *error*: the store of tokens does not work at present.

    :param title: what is wrong, in a few words.
    :param sign_in: the URL that begins another sign-in, where that helps.
    """
    diagnosis = diagnose(error)
    return error_response(
        503,
        title or gettext("Please try again later"),
        gettext(error.sentence, **error.values),
        sign_in=sign_in,
        reason=error.reason,
        headers={"Retry-After": str(RETRY_AFTER)},
        error=error,
        cause=diagnosis.cause,
        level=diagnosis.level,
    )
