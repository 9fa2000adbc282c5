"""Sign-in: to Ipernity's authorize page, back with a frob, and from the frob to a token.

Ipernity sends no ``state`` back, so what a callback is checked against is the
list of sign-ins that this session has started and not finished.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from time import time
from typing import Any

from flask import redirect, request, url_for
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response

from ..errors import APIRequestError, BadAnswer, IpernityError, SignInError
from ..permissions import checked, missing
from ..signals import sign_in_failed, signed_in, signed_out
from ..state import current_application, current_state
from .next_url import home, local_path
from .session import session_get, session_pop, session_set
from .visitor import visitor_api

log = logging.getLogger(__name__)

#: Sign-ins that a session may have started at once: one a tab, and not without end.
MAX_STARTED = 5

_STARTED = "sign_ins"
_FROB = re.compile(r"[0-9A-Za-z_-]{1,200}", re.ASCII)


def authorize(
    permissions: Mapping[str, str] | None = None, next_url: str | None = None
) -> Response:
    """Start a sign-in: return the redirect to Ipernity's authorize page.

    :param permissions: what is asked for; by default ``IPERNITY_PERMISSIONS``.
    :param next_url: the address of this application where the visitor lands
        afterwards; by default the current one. Any other leads to the front page.
    :raises ConfigurationError: a permission that does not exist.
    """
    settings = current_state().settings
    wanted = checked(settings.permissions if permissions is None else permissions)
    target = visitor_api().auth.auth_url(wanted)
    started = {
        "next": _destination(request.url if next_url is None else next_url),
        "permissions": wanted,
        "at": int(time()),
    }
    session_set(_STARTED, [*_started(), started][-MAX_STARTED:])
    response = redirect(target)
    response.cache_control.no_store = True
    return response


def set_token(frob: str | None = None) -> None:
    """Finish a sign-in: exchange the frob for a token and keep it for the visitor.

    Where the visitor goes next is in the session afterwards, under ``next_url``.

    :param frob: by default the one in the request.
    :raises SignInError: it was not started here, took too long, was refused,
        or has brought fewer permissions than were asked for.
    :raises ServiceError: Ipernity gave no usable answer.
    """
    try:
        _finish(frob)
    except IpernityError as error:
        reason = getattr(error, "reason", "service")
        log.info("sign-in failed: %s", reason)
        sign_in_failed.send(current_application(), reason=reason)
        raise


def _finish(frob: str | None) -> None:
    started = _take()
    session_set("next_url", started["next"])
    values = request.args.getlist("frob") if frob is None else [frob]
    if not values or not values[0]:
        # How the service tells that the visitor refused is not documented; it
        # cannot come back with a frob.
        raise SignInError("refused", "Ipernity sent you back without a permit to sign in.")
    if len(values) > 1 or not _FROB.fullmatch(values[0]):
        raise SignInError("missing_frob", "The address you came back to is damaged.")
    api = visitor_api()
    try:
        auth = _checked_auth(api.auth.getToken(values[0], store_token=False))
    except APIRequestError as error:
        if error.code in (1, 2):
            raise SignInError(
                "expired", "The permit that Ipernity gave you is used up or too old."
            ) from None
        raise
    others = _started()
    api.forget()
    api.keep(auth)
    session_set(_STARTED, others)
    session_set("next_url", started["next"])
    signed_in.send(current_application(), user=auth["user"])
    if lacking := missing(auth["permissions"], started["permissions"]):
        raise SignInError(
            "fewer_permissions",
            "Ipernity granted less than this page needs: "
            + ", ".join(f"{item} {level}" for item, level in lacking.items())
            + " is missing.",
        )


def _take() -> dict[str, Any]:
    """Remove the newest started sign-in from the session and return it.

    It is gone before the frob is exchanged, so that it serves once whatever happens.
    """
    started = _started()
    if not started:
        had_any = bool(session_pop(_STARTED))
        raise SignInError(
            "expired" if had_any else "not_pending",
            "That took too long."
            if had_any
            else "No sign-in was started in this browser, or it is finished already.",
        )
    newest = started.pop()
    session_set(_STARTED, started)
    return newest


def _started() -> list[dict[str, Any]]:
    """Return the started sign-ins that are young enough, oldest first."""
    oldest = time() - current_state().settings.sign_in_max_age
    return [entry for entry in session_get(_STARTED, []) if entry["at"] >= oldest]


def _checked_auth(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of an answer of ``auth.getToken``."""
    auth = answer["auth"]
    user, permissions = auth.get("user"), auth.get("permissions")
    if not isinstance(user, dict) or not str(user.get("user_id") or ""):
        raise BadAnswer("the answer does not tell whose token it is", "auth.getToken")
    return {
        "token": auth["token"],
        "user": {**user, "user_id": str(user["user_id"])},
        # An empty map comes as a list.
        "permissions": permissions if isinstance(permissions, dict) else {},
    }


def restart_url(next_url: str) -> str:
    """Start a sign-in anew: return the address that a link on a page leads to."""
    return authorize(next_url=next_url).location or ""


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
    user = api.known_user
    was_in = api.token is not None
    api.forget()
    if was_in:
        signed_out.send(current_application(), user=user)


def _destination(next_url: str) -> str:
    path = local_path(next_url, request)
    if path is None or path.partition("?")[0] in _own_pages():
        return home(request)
    return path


def _own_pages() -> set[str]:
    """Return the paths that must not follow a sign-in, because they begin or end one."""
    paths = set()
    for endpoint in ("ip_callback.ipernity_callback", "ip_login.login", "ip_login.logout"):
        try:
            paths.add(url_for(endpoint))
        except BuildError:
            continue
    return paths
