"""Turns errors of this package that no view has caught into responses.

Error handlers of the application take precedence: for one of these classes, for the HTTP status,
for ``HTTPException`` or for ``Exception``.
"""

from __future__ import annotations

import math
from functools import partial

from flask import request
from werkzeug.wrappers import Response

from .errors import (
    APIRequestError,
    HasResponse,
    NotFoundError,
    PermissionDenied,
    QuotaExceeded,
    ServiceTimeout,
    SignInError,
    TokenError,
    UploadError,
)
from .http.redaction import one_line
from .sign_in.authorize import start_url
from .sign_in.guard import ask_to_sign_in, not_now
from .sign_in.visitor import visitor_api
from .site.diagnosis import diagnose
from .web.next_url import home
from .web.pages import error_response
from .web.translation import gettext

#: Seconds in ``Retry-After`` if the service did not say how long to wait.
DEFAULT_RETRY_AFTER = 60

#: The status for each reason of an :exc:`UploadError`; 422 for all others.
UPLOAD_STATUS = {
    "empty": 400,
    "too_large": 413,
    "quota": 413,
    "type": 415,
    "duplicate": 409,
    "refused": 422,
    "unknown_ticket": 404,
    "unreadable": 500,
    "unknown_state": 502,
    "not_done": 504,
}


def handle(error: HasResponse) -> Response:
    """Return the response for *error*.

    The messages of the service are not shown.

    :raises HasResponse: *error* itself, with ``TESTING`` or ``PROPAGATE_EXCEPTIONS``, if the
        application is at fault and has no handler for it.
    """
    diagnosis = diagnose(error)
    respond = partial(
        error_response,
        error=error,
        code=error.code if isinstance(error, APIRequestError) else None,
        cause=diagnosis.cause,
        level=diagnosis.level,
    )
    match error:
        case SignInError():
            again = _again(visitor_api().next_url or home(request))
            title = gettext("Sign-in did not finish")
            if error.reason in ("not_kept", "unavailable"):
                return not_now(error, title, again)
            return respond(
                403 if error.reason == "fewer_permissions" else 400,
                title,
                gettext(error.sentence, **error.values),
                reason=error.reason,
                sign_in=again,
            )
        case UploadError():
            return respond(
                UPLOAD_STATUS.get(error.reason, 422),
                gettext("The file was not uploaded"),
                _upload_detail(error),
                reason=error.reason,
            )
        case NotFoundError():
            return respond(
                404,
                gettext("Not found"),
                gettext("It does not exist, or it is not shared with you."),
                reason="not_found",
            )
        case TokenError() if error.of_visitor:
            return ask_to_sign_in()
        case PermissionDenied():
            return respond(
                403,
                gettext("Not allowed"),
                gettext("Ipernity does not allow this for your account."),
                reason="not_allowed",
            )
    # These may have happened during a sign-in.
    next_url = visitor_api().next_url
    sign_in = _again(next_url) if next_url else None
    match error:
        case QuotaExceeded():
            return respond(
                503,
                gettext("Too many requests"),
                gettext("Ipernity accepts no more requests at the moment. Please try again later."),
                reason="quota",
                sign_in=sign_in,
                headers={"Retry-After": str(math.ceil(error.retry_after or DEFAULT_RETRY_AFTER))},
            )
        case ServiceTimeout():
            return respond(
                504,
                gettext("Ipernity is slow"),
                gettext("It did not answer in time. Please try again later."),
                reason="timeout",
                sign_in=sign_in,
            )
        case _ if diagnosis.culprit == "site":
            return respond(
                502,
                gettext("This site has a problem"),
                gettext(
                    "It is not connected to Ipernity correctly. Trying again will not help; please"
                    " tell the people of this site."
                ),
                reason="site",
                is_fault=True,
            )
        case _:
            return respond(
                502,
                gettext("Ipernity is not working"),
                gettext("It gave no usable answer. Please try again later."),
                reason="outage",
                sign_in=sign_in,
            )


def _upload_detail(error: UploadError) -> str:
    match error.reason:
        case "unknown_state":
            return gettext("The connection broke. Look into your account before you send it again.")
        case "unreadable":
            return gettext("Something went wrong on this site. Please try again later.")
    if error.sentence is None:
        return gettext("Ipernity did not accept it.")
    name = gettext("The file") if error.filename is None else one_line(error.filename, 100)
    return gettext(error.sentence, **{"file": name, **error.values})


def _again(next_url: str) -> str:
    """Return the URL that starts another sign-in."""
    return start_url(next_url, {})
