"""Turns errors of this package that no view has caught into responses.

Error handlers of the application take precedence: for one of these classes, for the HTTP status,
for ``HTTPException`` or for ``Exception``.
"""

from __future__ import annotations

import math
from functools import partial

from flask import request, url_for
from werkzeug.routing import BuildError
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
)
from .sign_in.flow import pop_next_url, start_url
from .sign_in.guard import ask_to_sign_in
from .site.diagnosis import diagnose
from .web.next_url import home
from .web.pages import error_response

#: Seconds in ``Retry-After`` if the service did not say how long to wait.
DEFAULT_RETRY_AFTER = 60


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
            return respond(
                403 if error.reason == "fewer_permissions" else 400,
                "Sign-in did not finish",
                str(error),
                reason=error.reason,
                sign_in=_again(pop_next_url() or home(request)),
            )
        case NotFoundError():
            return respond(
                404,
                "Not found",
                "It does not exist, or it is not shared with you.",
                reason="not_found",
            )
        case TokenError() if error.of_visitor:
            return ask_to_sign_in()
        case PermissionDenied():
            return respond(
                403,
                "Not allowed",
                "Ipernity does not allow this for your account.",
                reason="not_allowed",
            )
    # These may have happened during a sign-in.
    next_url = pop_next_url()
    sign_in = _again(next_url) if next_url else None
    match error:
        case QuotaExceeded():
            return respond(
                503,
                "Too many requests",
                "Ipernity accepts no more requests at the moment. Please try again later.",
                reason="quota",
                sign_in=sign_in,
                headers={"Retry-After": str(math.ceil(error.retry_after or DEFAULT_RETRY_AFTER))},
            )
        case ServiceTimeout():
            return respond(
                504,
                "Ipernity is slow",
                "It did not answer in time. Please try again later.",
                reason="timeout",
                sign_in=sign_in,
            )
        case _ if diagnosis.culprit == "site":
            return respond(
                502,
                "This site has a problem",
                "It is not connected to Ipernity correctly. Trying again will not help; please"
                " tell the people of this site.",
                reason="site",
                is_fault=True,
            )
        case _:
            return respond(
                502,
                "Ipernity is not working",
                "It gave no usable answer. Please try again later.",
                reason="outage",
                sign_in=sign_in,
            )


def _again(next_url: str) -> str | None:
    """Return the URL that starts another sign-in.

    The page itself does not start one: then a forged callback would create the pending sign-in
    that the next forged callback needs.
    """
    try:
        return url_for("ip_callback.again", next=next_url)
    except BuildError:
        return start_url(next_url)  # the application has a callback of its own
