"""The end of a sign-in, back from Ipernity: from the frob to a token. And signing out."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, TypeVar

from flask import abort, request, session
from werkzeug.exceptions import MethodNotAllowed

from ..errors import (
    APIRequestError,
    BadAnswer,
    ConfigurationError,
    IpernityError,
    SignInError,
    TokenError,
)
from ..http.redaction import Secret
from ..permissions import missing
from ..signals import sign_in_failed, signed_in, signed_out, signing_in, visitor_left
from ..web.navigation import is_navigation
from ..web.pages import page
from . import confirmation
from .authorize import is_strict_cookie_missing, unavailable
from .records import clean, is_token
from .session import best_fit, leave_cookie_alone
from .visitor import VisitorAPI, visitor_api

log = logging.getLogger(__name__)

T = TypeVar("T")

_BOUNCED = "same_site"

_FROB = re.compile(r"[0-9A-Za-z_-]{1,200}", re.ASCII)


def set_token(frob: str | None = None) -> str:
    """Finish a sign-in: exchange the frob for a token, and store it for the visitor.

    The returned path is also stored in the session, under ``next_url``.

    :param frob: the frob; by default that of the current request.
    :returns: the path in this application that the visitor wanted to visit.
    :raises SignInError: the request is not a navigation of the visitor, the session did not start
        the sign-in, it took too long, was refused, granted too little, was started by another
        site, or brought another account than the one that is signed in.
    :raises MethodNotAllowed: the method of the request is not GET.
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
    next_url = finish_callback(frob, can_ask=False)
    assert next_url is not None
    api.context.session.set("next_url", next_url)
    return next_url


def finish_callback(frob: str | None = None, *, can_ask: bool = True) -> str | None:
    """Finish a sign-in with the frob in the request, as :func:`set_token` does.

    :param can_ask: whether the visitor can be asked to confirm the account; else that is an error.
    :returns: the path that the visitor wanted to visit, or ``None`` if the visitor must confirm
        the account first.
    """
    if request.method != "GET":
        raise MethodNotAllowed(["GET"])
    if is_navigation(request) and _BOUNCED not in request.args and is_strict_cookie_missing():
        # Ipernity has redirected here. From a page of our own, the browser sends the cookie.
        query = request.query_string.decode("latin-1")
        abort(page("bounce.html", url=f"?{query}&{_BOUNCED}=1"))
    api = visitor_api()
    return _report_failure(api, lambda: _exchange_frob(api, frob, can_ask=can_ask))


def finish_confirmation(token: str, *, agreed: bool) -> str:
    """Finish a sign-in for which the visitor had to confirm the account.

    :param token: the token of the form.
    :returns: the path that the visitor wanted to visit.
    :raises SignInError: no sign-in waits for an answer, the visitor has not agreed, or granted too
        little.
    """
    api = visitor_api()

    def finish() -> str:
        record = confirmation.answered(api, token)
        if not agreed:
            confirmation.drop(api)
            other = api.token is not None
            raise SignInError("other_account" if other else "refused", "You have not agreed.")
        return _sign_in(api, record["auth"], record["started"])

    return _report_failure(api, finish)


def _report_failure(api: VisitorAPI, finish: Callable[[], T]) -> T:
    """Return what *finish* returns; log its failure, and send the signal."""
    try:
        return finish()
    except _Vetoed as veto:
        log.info("sign-in failed: vetoed")
        sign_in_failed.send(api.context.app, reason=getattr(veto.error, "reason", "vetoed"))
        raise veto.error from None
    except IpernityError as error:
        reason = getattr(error, "reason", "service")
        log.debug("sign-in failed: %s", reason)
        sign_in_failed.send(api.context.app, reason=reason)
        raise


def _exchange_frob(api: VisitorAPI, frob: str | None, *, can_ask: bool) -> str | None:
    """Exchange the frob, and sign the visitor in unless the account must be confirmed.

    :returns: the path that the visitor wanted to visit, or ``None`` if the account must be
        confirmed.
    """
    if not is_navigation(request):
        # A frob serves once: a picture, a frame or a browser that fetches ahead must not spend it.
        raise SignInError("not_pending", "A sign-in must end in its own tab.")
    context = api.context
    entries = _started(api)
    newest = entries[-1]
    api.next_url = newest["next"]
    # Before the frob is spent: the visitor can open the callback again.
    if api.is_unknown:
        raise unavailable()
    context.tokens.check()
    found = request.args.getlist("frob") if frob is None else [frob]
    values = list(map(Secret, found))
    del found
    if not values or not values[0]:
        context.pending.remove(newest)
        # It is not documented how the service reports that the visitor refused. It cannot be with
        # a frob.
        raise SignInError("refused", "Ipernity did not allow the sign-in.")
    if len(values) > 1 or not _FROB.fullmatch(values[0]):
        context.pending.remove(newest)
        raise SignInError("missing_frob", "The URL of the sign-in is damaged.")
    auth = _auth_for(api, values[0])
    entry = best_fit(entries, auth["permissions"])
    api.next_url = entry["next"]
    other, elsewhere = _is_other(api, auth["user"]), bool(entry.get("elsewhere"))
    # Whoever is signed in with this account already is not signed in by another site.
    if other or (elsewhere and api.token is None):
        if not can_ask:
            context.pending.remove(entry)
            raise _cannot_ask(other)
    elif not context.settings.confirm_sign_in:
        return _sign_in(api, auth, entry)
    confirmation.hold(api, auth, entry)
    context.pending.remove(entry)
    return None


def _started(api: VisitorAPI) -> list[dict[str, Any]]:
    """Return the pending sign-ins of the session, oldest first; at least one.

    :raises SignInError: there is none.
    """
    pending = api.context.pending
    if entries := pending.entries():
        return entries
    leave_cookie_alone()
    if pending.have_expired():
        raise SignInError("expired", "That took too long.")
    # Another application of this host may have set a cookie of this name.
    if not session.keys() - {"_permanent"}:
        log.warning(
            "A visitor came back from Ipernity to %r without a session cookie of ours. If that"
            " happens to everybody, visitors use another host name than the callback that is"
            " registered with Ipernity (localhost and 127.0.0.1 are two, so are names with and"
            " without www), or http in place of https, or the browser blocks cookies.",
            request.host_url,
        )
        raise SignInError(
            "not_pending",
            "No sign-in was started in this browser at this address, for it has sent no cookie."
            " The address here is %(address)s – perhaps you have started at another one:"
            " with or without “www”, with “http” in place of “https”, or at “localhost” in place"
            " of “127.0.0.1”. Or your browser blocks cookies.",
            address=request.host_url,
        )
    raise SignInError(
        "not_pending", "No sign-in was started in this browser, or it is finished already."
    )


def _auth_for(api: VisitorAPI, frob: str) -> dict[str, Any]:
    """Return the parts that are stored of the answer to *frob*.

    When that fails, the session is left as it is: the frob may have served in another tab just
    now, and the cookie of this response must not replace that one's.
    """
    try:
        return _checked_auth(api.call("auth.getToken", frob=frob))
    except APIRequestError as error:
        leave_cookie_alone()
        if error.code in (1, 2) or isinstance(error, TokenError):
            raise SignInError(
                "expired", "The one-time code of the sign-in was used before, or is too old."
            ) from None
        raise
    except IpernityError:
        leave_cookie_alone()
        raise


def _is_other(api: VisitorAPI, user: Mapping[str, Any]) -> bool:
    """Return whether another account than *user* is signed in, or one that cannot be told."""
    if api.token is None:
        return False
    try:
        # A token that an earlier version has stored has no user with it.
        former = api.user_info
    except IpernityError:
        former = None
    if api.token is None:
        return False  # it was no longer valid
    return former is None or str(former.get("user_id")) != user["user_id"]


def _cannot_ask(other: bool) -> SignInError:
    if other:
        return SignInError(
            "other_account", "You are signed in with another account. Sign out first."
        )
    return SignInError(
        "elsewhere", "Another site has started this sign-in. If you want it, start it here."
    )


class _Vetoed(Exception):
    """A receiver of ``signing_in`` has raised *error*."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


def _sign_in(api: VisitorAPI, auth: dict[str, Any], entry: Mapping[str, Any]) -> str:
    """Sign the visitor in. Of our keys in the session, only the other pending sign-ins remain.

    :returns: the path that the visitor wanted to visit.
    """
    context = api.context
    api.next_url = next_url = str(entry["next"])
    try:
        signing_in.send(context.app, user=deepcopy(auth["user"]))
    except Exception as error:
        context.pending.remove(entry)
        confirmation.drop(api)
        raise _Vetoed(error) from None
    former, was_other = api.known_user, _is_other(api, auth["user"])
    context.pending.remove(entry)
    others = context.pending.entries()
    api.keep(auth)
    context.pending.keep(others)
    if was_other:
        signed_out.send(context.app, user=former)
        visitor_left.send(context.app)
    signed_in.send(context.app, user=auth["user"])
    if lacking := missing(auth["permissions"], entry["permissions"]):
        raise SignInError(
            "fewer_permissions",
            "Ipernity granted less than this page needs: %(permissions)s is missing.",
            permissions=", ".join(f"{item} {level}" for item, level in lacking.items()),
        )
    return next_url


def _checked_auth(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of an answer of ``auth.getToken`` that are stored."""
    auth = answer.get("auth")
    del answer
    if not isinstance(auth, dict) or not is_token(auth.get("token")):
        raise BadAnswer("the answer has no token", "auth.getToken")
    auth = {**auth, "token": Secret(auth["token"])}
    user, permissions = clean(auth.get("user")), clean(auth.get("permissions"))
    if not isinstance(user, dict) or not str(user.get("user_id") or ""):
        raise BadAnswer("the answer does not name the user", "auth.getToken")
    return {
        "token": auth["token"],
        "user": {**user, "user_id": str(user["user_id"])},
        # An empty map comes as a list.
        "permissions": permissions if isinstance(permissions, dict) else {},
    }


def logout() -> None:
    """Sign the visitor out: remove the token and all our keys from the session.

    The API has no method to revoke a token. The visitor can do so at Ipernity, in the settings of
    the account.
    """
    api = visitor_api()
    user, was_in = api.known_user, api.token is not None or api.is_unknown
    api.context.session.renew()
    api.forget()
    if was_in:
        signed_out.send(api.context.app, user=user)
    visitor_left.send(api.context.app)
