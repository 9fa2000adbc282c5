"""The start of a sign-in: the redirect to Ipernity's authorize page."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, redirect, request
from werkzeug.wrappers import Response

from ..client.auth import WebAuthHandler
from ..errors import SignInError
from ..permissions import checked
from ..web.navigation import is_from_elsewhere, is_navigation
from ..web.next_url import current_url, destination, own_url
from ..web.pages import page
from .visitor import visitor_api


def authorize(
    permissions: Mapping[str, str] | None = None, next_url: str | None = None
) -> Response:
    """Start a sign-in: return the redirect to Ipernity's authorize page.

    With a ``SameSite=Strict`` cookie, a visitor who comes from another site is first sent to a
    page of our own, because the browser has not sent the cookie.

    :param permissions: what to ask for; by default ``IPERNITY_PERMISSIONS``.
    :param next_url: a URL of this application where the visitor goes afterwards; by default the
        current one. Any other URL leads to the front page.
    :raises ConfigurationError: a permission does not exist.
    :raises SignInError: the request is not a navigation of the visitor, or the store of tokens
        does not work.
    """
    api = visitor_api()
    settings = api.context.settings
    wanted = checked(settings.permissions if permissions is None else permissions)
    target = current_url(request) if next_url is None else next_url
    elsewhere = is_from_elsewhere(request)
    if is_strict_cookie_missing() and _is_visit():
        return page("bounce.html", url=start_url(target, wanted, elsewhere=elsewhere))
    return begin(wanted, target, elsewhere=elsewhere)


def begin(permissions: Mapping[str, str], next_url: str, *, elsewhere: bool) -> Response:
    """Start a sign-in, as :func:`authorize` does, with the cookie that the browser has sent.

    :param permissions: what to ask for, checked.
    :param elsewhere: whether another site has started it; who comes back is asked.
    """
    if not _is_visit():
        raise SignInError("not_pending", "A sign-in must begin in its own tab.")
    api = visitor_api()
    if api.is_unknown:
        # The sign-in could not be stored.
        raise unavailable()
    context, auth = api.context, api.auth
    assert isinstance(auth, WebAuthHandler)
    target = destination(next_url, request, context.settings.next_paths)
    context.pending.add(target, permissions, elsewhere=elsewhere)
    response = redirect(auth.auth_url(permissions), 302)
    response.cache_control.no_store = True
    return response


def start_url(next_url: str, permissions: Mapping[str, str], *, elsewhere: bool = False) -> str:
    """Return the URL of ours that starts a sign-in when the visitor opens it.

    The parameters are those of :func:`begin`.
    """
    settings = visitor_api().context.settings
    values = {"next": destination(next_url, request, settings.next_paths)}
    values |= {f"perm_{item}": level for item, level in permissions.items()}
    if elsewhere:
        values["elsewhere"] = "1"
    return own_url("ip_callback.again", request, **values)


def is_strict_cookie_missing() -> bool:
    """Return whether the session may be missing because another site has led here.

    Browsers do not send a ``SameSite=Strict`` cookie in this case. They send it if a page of our
    own leads here.
    """
    interface = current_app.session_interface
    return (
        str(interface.get_cookie_samesite(current_app)).lower() == "strict"
        and interface.get_cookie_name(current_app) not in request.cookies
        and request.headers.get("Sec-Fetch-Site", "cross-site") == "cross-site"
    )


def _is_visit() -> bool:
    return request.method != "HEAD" and is_navigation(request)


def unavailable() -> SignInError:
    """Return the error of a visitor whose token cannot be read now."""
    return SignInError("unavailable", "Your sign-in cannot be checked now. Try again later.")
