"""The blueprint ``ip_callback``: where visitors return from Ipernity."""

from __future__ import annotations

import logging
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, request
from werkzeug.wrappers import Response

from ..errors import ConfigurationError, SignInError
from ..permissions import checked
from ..web.navigation import is_from_elsewhere, is_navigation
from ..web.next_url import home, own_url
from ..web.pages import page
from . import confirmation
from .authorize import begin
from .flow import finish_callback, finish_confirmation
from .guard import ask_to_sign_in, wanted_permissions
from .visitor import visitor_api

log = logging.getLogger(__name__)


def callback_blueprint(*, finishes: bool) -> Blueprint:
    """Return the blueprint ``ip_callback``.

    :param finishes: whether visitors return to it; else it only has the view that starts a
        sign-in.
    """
    blueprint = Blueprint("ip_callback", __name__)
    blueprint.add_url_rule("/cb/again", "again", again, methods=["GET"])
    if finishes:
        blueprint.add_url_rule("/cb", "ipernity_callback", ipernity_callback)
        blueprint.add_url_rule("/cb/confirm", "confirm", confirm_page, methods=["GET", "POST"])
    return blueprint


def ipernity_callback() -> Response:
    """Finish the sign-in and lead to where the visitor wanted to go."""
    if request.method == "GET" and is_navigation(request):
        _warn_if_overheard()
    next_url = finish_callback()
    return _redirect(own_url("ip_callback.confirm", request) if next_url is None else next_url)


def confirm_page() -> Response:
    """Ask the visitor to confirm the account, and handle the answer."""
    if request.method == "POST":
        agreed = request.form.get("answer") == "continue"
        try:
            next_url = finish_confirmation(request.form.get("token", ""), agreed=agreed)
        except SignInError as error:
            if not agreed and error.reason in ("other_account", "refused"):
                return _redirect(home(request))
            raise
        return _redirect(next_url)
    api = visitor_api()
    record = confirmation.candidate(api)
    return page(
        "confirm.html",
        user=record["auth"]["user"],
        former=api.known_user,
        token=confirmation.signed(record),
    )


def again() -> Response:
    """Start a sign-in, from a link on a page of ours: one that failed, or status 401.

    Pages and other responses do not start one themselves: then a forged callback, or a script of
    the page, would create the pending sign-in that the next forged callback needs.
    """
    if is_from_elsewhere(request):
        # An attacker who can start a sign-in in a visitor's browser could finish it with another
        # frob.
        raise SignInError("not_pending", "The link to this page is on another site.")
    args, needed = request.args, None
    asked = {name: level for name, level in args.items() if name.startswith("perm_")}
    with suppress(ConfigurationError):
        needed = checked(asked) if asked else None
    next_url = args.get("next", "")
    if not is_navigation(request) or visitor_api().is_unknown:
        return ask_to_sign_in(needed, next_url)
    return begin(wanted_permissions(needed), next_url, elsewhere="elsewhere" in args)


def _redirect(target: str) -> Response:
    response = redirect(target, 303)
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _warn_if_overheard() -> None:
    host = urlsplit(f"//{request.host}").hostname or ""
    if request.scheme == "https" or current_app.debug or _is_this_machine(host):
        return
    if visitor_api().context.seen.is_new("callback over http"):
        log.warning(
            "The callback from Ipernity came over http, where others can read its one-time code."
            " Register an https URL with Ipernity; behind a proxy, use ProxyFix."
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
