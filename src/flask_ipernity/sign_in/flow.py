"""The sign-in: to Ipernity's authorize page, back with a frob, and from the frob to a token."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import redirect, request
from werkzeug.wrappers import Response

from ..client.auth import WebAuthHandler
from ..errors import (
    APIRequestError,
    BadAnswer,
    ConfigurationError,
    IpernityError,
    SignInError,
    TokenError,
)
from ..permissions import checked, missing
from ..signals import sign_in_failed, signed_in, signed_out
from ..web.navigation import may_begin
from ..web.next_url import destination
from . import confirmation
from .visitor import VisitorAPI, visitor_api

log = logging.getLogger(__name__)

T = TypeVar("T")

_FROB = re.compile(r"[0-9A-Za-z_-]{1,200}", re.ASCII)


def authorize(
    permissions: Mapping[str, str] | None = None, next_url: str | None = None
) -> Response:
    """Start a sign-in: return the redirect to Ipernity's authorize page.

    :param permissions: what to ask for; by default ``IPERNITY_PERMISSIONS``.
    :param next_url: a URL of this application where the visitor goes afterwards; by default the
        current one. Any other URL leads to the front page.
    :raises ConfigurationError: a permission does not exist.
    :raises SignInError: the request is for an image, a frame or a prefetch.
    """
    if not may_begin(request):
        raise SignInError("not_pending", "A sign-in must begin in its own tab.")
    api = visitor_api()
    context = api.context
    wanted = checked(context.settings.permissions if permissions is None else permissions)
    auth = api.auth
    assert isinstance(auth, WebAuthHandler)
    target = auth.auth_url(wanted)
    context.pending.add(destination(request.url if next_url is None else next_url, request), wanted)
    response = redirect(target, 302)
    response.cache_control.no_store = True
    return response


def set_token(frob: str | None = None) -> str:
    """Finish a sign-in: exchange the frob for a token, and store it for the visitor.

    The returned path is also stored in the session, under ``next_url``.

    :param frob: the frob; by default that of the current request.
    :returns: the path in this application that the visitor wanted to visit.
    :raises SignInError: the session did not start the sign-in, it took too long, was refused,
        granted too little, or brought another account than the one that is signed in.
    :raises ServiceError: Ipernity gave no usable answer.
    :raises ConfigurationError: ``IPERNITY_CONFIRM_SIGN_IN`` is on, which needs the callback of
        the extension.
    """
    api = visitor_api()
    if api.context.settings.confirm_sign_in:
        raise ConfigurationError(
            "ipernity.set_token() cannot ask the visitor. With IPERNITY_CONFIRM_SIGN_IN, use the"
            " callback of Flask-Ipernity."
        )

    def finish() -> str:
        next_url = _exchange_frob(api, frob)
        if next_url is None:
            confirmation.drop(api)
            raise SignInError(
                "other_account", "You are signed in with another account. Sign out first."
            )
        return next_url

    next_url = _report_failure(api, finish)
    api.context.session.set("next_url", next_url)
    return next_url


def finish_callback() -> str | None:
    """Finish a sign-in with the frob in the request, as :func:`set_token` does.

    :returns: the path that the visitor wanted to visit, or ``None`` if the visitor must confirm
        the account first.
    """
    api = visitor_api()
    return _report_failure(api, lambda: _exchange_frob(api, None))


def finish_confirmation(token: str, *, agreed: bool) -> str:
    """Finish a sign-in for which the visitor had to confirm the account.

    :param token: the token of the form.
    :returns: the path that the visitor wanted to visit.
    :raises SignInError: no sign-in waits for an answer, the visitor has not agreed, or granted too
        little.
    """
    api = visitor_api()

    def finish() -> str:
        record = confirmation.take(api, token)
        if not agreed:
            other = api.token is not None
            raise SignInError("other_account" if other else "refused", "You have not agreed.")
        if _differ(api.known_user, record["auth"]["user"]):
            _sign_out(api)
        return _sign_in(api, record["auth"], record["started"])

    return _report_failure(api, finish)


def _report_failure(api: VisitorAPI, finish: Callable[[], T]) -> T:
    """Return what *finish* returns; log its failure, and send the signal."""
    try:
        return finish()
    except IpernityError as error:
        reason = getattr(error, "reason", "service")
        log.debug("sign-in failed: %s", reason)
        sign_in_failed.send(api.context.app, reason=reason)
        raise


def _exchange_frob(api: VisitorAPI, frob: str | None) -> str | None:
    """Exchange the frob, and sign the visitor in unless the account must be confirmed.

    :returns: the path that the visitor wanted to visit, or ``None`` if the account must be
        confirmed.
    """
    context, former = api.context, api.known_user
    entry = context.pending.take()
    # For the error page.
    context.session.set("next_url", entry["next"])
    values = request.args.getlist("frob") if frob is None else [frob]
    if not values or not values[0]:
        # It is not documented how the service reports that the visitor refused. It cannot be with
        # a frob.
        raise SignInError("refused", "Ipernity did not allow the sign-in.")
    if len(values) > 1 or not _FROB.fullmatch(values[0]):
        raise SignInError("missing_frob", "The URL of the sign-in is damaged.")
    try:
        auth = _checked_auth(api.call("auth.getToken", frob=values[0]))
    except APIRequestError as error:
        if error.code in (1, 2) or isinstance(error, TokenError):
            raise SignInError(
                "expired", "The one-time code of the sign-in was used before, or is too old."
            ) from None
        raise
    if context.settings.confirm_sign_in or _differ(former, auth["user"]):
        confirmation.hold(api, auth, entry)
        return None
    return _sign_in(api, auth, entry)


def _differ(former: Mapping[str, Any] | None, user: Mapping[str, Any]) -> bool:
    """Return whether *former* is an account, and another one than *user*."""
    return former is not None and str(former.get("user_id")) != user["user_id"]


def _sign_in(api: VisitorAPI, auth: dict[str, Any], entry: Mapping[str, Any]) -> str:
    """Sign the visitor in. Of our keys in the session, only the other pending sign-ins remain.

    :returns: the path that the visitor wanted to visit.
    """
    context, next_url = api.context, str(entry["next"])
    others = context.pending.entries()
    api.keep(auth)
    if others:
        context.pending.keep(others)
    signed_in.send(context.app, user=auth["user"])
    if lacking := missing(auth["permissions"], entry["permissions"]):
        context.session.set("next_url", next_url)
        raise SignInError(
            "fewer_permissions",
            "Ipernity granted less than this page needs: "
            + ", ".join(f"{item} {level}" for item, level in lacking.items())
            + " is missing.",
        )
    return next_url


def _checked_auth(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of an answer of ``auth.getToken`` that are stored."""
    auth = answer.get("auth")
    if not isinstance(auth, dict) or not isinstance(auth.get("token"), str):
        raise BadAnswer("the answer has no token", "auth.getToken")
    user, permissions = auth.get("user"), auth.get("permissions")
    if not isinstance(user, dict) or not str(user.get("user_id") or ""):
        raise BadAnswer("the answer does not name the user", "auth.getToken")
    if not auth["token"]:
        raise BadAnswer("the token in the answer is empty", "auth.getToken")
    return {
        "token": auth["token"],
        "user": {**user, "user_id": str(user["user_id"])},
        # An empty map comes as a list.
        "permissions": permissions if isinstance(permissions, dict) else {},
    }


def start_url(next_url: str, permissions: Mapping[str, str] | None = None) -> str | None:
    """Start a sign-in, and return the URL at Ipernity for a link on a page.

    It is ``None`` if no sign-in may begin. The parameters are those of :func:`authorize`.
    """
    return authorize(permissions, next_url).location if may_begin(request) else None


def pop_next_url() -> str | None:
    """Remove and return the path to which the sign-in that just failed should have led."""
    next_url = visitor_api().context.session.pop("next_url")
    return next_url if isinstance(next_url, str) else None


def logout() -> None:
    """Sign the visitor out: remove the token and all our keys from the session.

    The API has no method to revoke a token. The visitor can do so at Ipernity, in the settings of
    the account.
    """
    api = visitor_api()
    _sign_out(api)
    api.context.session.renew()


def _sign_out(api: VisitorAPI) -> None:
    user, was_in = api.known_user, api.token is not None
    api.forget()
    if was_in:
        signed_out.send(api.context.app, user=user)
