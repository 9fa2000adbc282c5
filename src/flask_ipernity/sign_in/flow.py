"""Sign-in: to Ipernity's authorize page, back with a frob, and from the frob to a token."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

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
from ..fetch_metadata import may_begin
from ..permissions import checked, missing
from ..signals import sign_in_failed, signed_in, signed_out
from ..state import current_application, current_state
from . import confirm, started
from .next_url import destination
from .session import session_pop, session_renew, session_set
from .visitor import VisitorAPI, visitor_api

log = logging.getLogger(__name__)

_FROB = re.compile(r"[0-9A-Za-z_-]{1,200}", re.ASCII)


def authorize(
    permissions: Mapping[str, str] | None = None, next_url: str | None = None
) -> Response:
    """Start a sign-in: return the redirect to Ipernity's authorize page.

    :param permissions: what is asked for; by default ``IPERNITY_PERMISSIONS``.
    :param next_url: the address of this application where the visitor lands
        afterwards; by default the current one. Any other leads to the front page.
    :raises ConfigurationError: a permission that does not exist.
    :raises SignInError: the request is one for a picture, a frame or a page
        that the browser fetches ahead.
    """
    if not may_begin(request):
        raise SignInError("not_pending", "A sign-in begins in a tab of its own.")
    settings = current_state().settings
    wanted = checked(settings.permissions if permissions is None else permissions)
    auth = visitor_api().auth
    assert isinstance(auth, WebAuthHandler)
    target = auth.auth_url(wanted)
    started.add(destination(request.url if next_url is None else next_url, request), wanted)
    response = redirect(target)
    response.cache_control.no_store = True
    return response


def set_token(frob: str | None = None) -> None:
    """Finish a sign-in: exchange the frob for a token and keep it for the visitor.

    Where the visitor goes next is in the session afterwards, under ``next_url``.

    :param frob: by default the one in the request.
    :raises SignInError: it was not started here, took too long, was refused,
        has brought fewer permissions than were asked for, or another account
        than the one that is signed in.
    :raises ServiceError: Ipernity gave no usable answer.
    :raises ConfigurationError: ``IPERNITY_CONFIRM_SIGN_IN`` is on, and only the
        callback page of the extension can ask.
    """
    if current_state().settings.confirm_sign_in:
        raise ConfigurationError(
            "ipernity.set_token() cannot ask the visitor. With IPERNITY_CONFIRM_SIGN_IN leave"
            " the callback to Flask-Ipernity."
        )
    with _failures_told():
        if not _exchange(frob):
            confirm.drop()
            raise SignInError(
                "other_account", "You are signed in with another account. Sign out first."
            )


def finish() -> bool:
    """Finish a sign-in with the frob in the request, as :func:`set_token` does.

    :returns: whether the visitor is signed in; if not, she has to be asked.
    """
    with _failures_told():
        return _exchange(None)


def settle(token: str, *, agreed: bool) -> None:
    """Finish a sign-in with the visitor's answer to the question which account it is to be.

    :param token: what came with the answer.
    :raises SignInError: nothing waits for an answer, she has not agreed, or
        there are fewer permissions than were asked for.
    """
    with _failures_told():
        record = confirm.answered(token)
        if not agreed:
            other = visitor_api().token is not None
            raise SignInError("other_account" if other else "refused", "You have not agreed.")
        _complete(record["auth"], record["started"])


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except IpernityError as error:
        reason = getattr(error, "reason", "service")
        log.info("sign-in failed: %s", reason)
        sign_in_failed.send(current_application(), reason=reason)
        raise


def _exchange(frob: str | None) -> bool:
    """Exchange the frob, and sign the visitor in unless she has to be asked.

    :returns: whether she is signed in.
    """
    entry = started.take()
    session_set("next_url", entry["next"])
    values = request.args.getlist("frob") if frob is None else [frob]
    if not values or not values[0]:
        # How the service tells that the visitor refused is not documented; it
        # cannot come back with a frob.
        raise SignInError("refused", "Ipernity sent you back without a permit to sign in.")
    if len(values) > 1 or not _FROB.fullmatch(values[0]):
        raise SignInError("missing_frob", "The address you came back to is damaged.")
    try:
        auth = _checked_auth(visitor_api().auth.getToken(values[0], store_token=False))
    except APIRequestError as error:
        if error.code in (1, 2) or isinstance(error, TokenError):
            raise SignInError(
                "expired", "The permit that Ipernity gave you is used up or too old."
            ) from None
        raise
    if confirm.must_ask(auth["user"]):
        confirm.hold(auth, entry)
        return False
    _complete(auth, entry)
    return True


def _complete(auth: dict[str, Any], entry: Mapping[str, Any]) -> None:
    """Sign the visitor in; nothing of ours stays from before but the other started sign-ins."""
    others = started.entries()
    api = visitor_api()
    former = api.known_user
    if former is not None and str(former.get("user_id")) != auth["user"]["user_id"]:
        _end(api)
    api.forget()
    session_renew()
    api.keep(auth)
    started.keep(others)
    session_set("next_url", entry["next"])
    signed_in.send(current_application(), user=auth["user"])
    if lacking := missing(auth["permissions"], entry["permissions"]):
        raise SignInError(
            "fewer_permissions",
            "Ipernity granted less than this page needs: "
            + ", ".join(f"{item} {level}" for item, level in lacking.items())
            + " is missing.",
        )


def _checked_auth(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of an answer of ``auth.getToken``."""
    auth = answer["auth"]
    user, permissions = auth.get("user"), auth.get("permissions")
    if not isinstance(user, dict) or not str(user.get("user_id") or ""):
        raise BadAnswer("the answer does not tell whose token it is", "auth.getToken")
    if not auth["token"]:
        raise BadAnswer("the token in the answer is empty", "auth.getToken")
    return {
        "token": auth["token"],
        "user": {**user, "user_id": str(user["user_id"])},
        # An empty map comes as a list.
        "permissions": permissions if isinstance(permissions, dict) else {},
    }


def start_url(next_url: str, permissions: Mapping[str, str] | None = None) -> str | None:
    """Start a sign-in and return the address at Ipernity, for a link on a page.

    It is ``None`` where no sign-in may begin. The parameters are those of :func:`authorize`.
    """
    return authorize(permissions, next_url).location if may_begin(request) else None


def unfinished() -> str | None:
    """Return where the sign-in that just failed should have led to, once."""
    next_url = session_pop("next_url")
    return next_url if isinstance(next_url, str) else None


def logout() -> None:
    """Sign the visitor out: forget the token and all else of ours in the session.

    Ipernity has no method to end a grant; the visitor can do that in the
    settings of the account there.
    """
    api = visitor_api()
    _end(api)
    session_renew()


def _end(api: VisitorAPI) -> None:
    user, was_in = api.known_user, api.token is not None
    api.forget()
    if was_in:
        signed_out.send(current_application(), user=user)
