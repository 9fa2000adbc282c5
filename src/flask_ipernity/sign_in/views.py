"""The blueprint ``ip_callback``: where visitors return from Ipernity."""

from __future__ import annotations

import logging
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response

from ..errors import SignInError
from ..web.navigation import is_from_elsewhere, is_navigation
from ..web.next_url import home
from ..web.pages import page
from . import confirmation
from .flow import finish_callback, finish_confirmation
from .guard import ask_to_sign_in
from .visitor import visitor_api

log = logging.getLogger(__name__)

callback = Blueprint("ip_callback", __name__)


@callback.route("/cb")
def ipernity_callback() -> Response:
    """Finish the sign-in and lead to where the visitor wanted to go."""
    if request.method != "GET":
        raise MethodNotAllowed(["GET"])
    if not is_navigation(request):
        # A frob serves once: a picture, a frame or a browser that fetches
        # ahead must not spend it.
        raise SignInError("not_pending", "A sign-in must end in its own tab.")
    _warn_if_overheard()
    if _came_without_cookie():
        return page("bounce.html", url=f"?{request.query_string.decode('latin-1')}&{_BOUNCED}=1")
    next_url = finish_callback()
    return _redirect(url_for(".confirm") if next_url is None else next_url)


@callback.route("/cb/confirm", methods=["GET", "POST"], endpoint="confirm")
def confirm_page() -> Response:
    """Ask the visitor to confirm the account, and handle the answer."""
    if request.method == "POST":
        agreed = request.form.get("answer") == "continue"
        try:
            next_url = finish_confirmation(request.form.get("token", ""), agreed=agreed)
        except SignInError as error:
            if error.reason in ("other_account", "refused"):
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


@callback.get("/cb/again")
def again() -> Response:
    """Start another sign-in, from the link on the page of one that failed."""
    if is_from_elsewhere(request):
        # An attacker who can start a sign-in in a visitor's browser could finish it with another
        # frob.
        raise SignInError("not_pending", "The link to this page is on another site.")
    return ask_to_sign_in(next_url=request.args.get("next", ""))


def _redirect(target: str) -> Response:
    response = redirect(target, 303)
    response.cache_control.no_store = True
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


_BOUNCED = "same_site"


def _came_without_cookie() -> bool:
    """Return whether the session is missing because Ipernity has redirected here.

    Browsers do not send a ``SameSite=Strict`` cookie in this case. They send it if a page of our
    own leads here again.
    """
    strict = str(current_app.config["SESSION_COOKIE_SAMESITE"]).lower() == "strict"
    return strict and _BOUNCED not in request.args and not visitor_api().context.pending.entries()


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
