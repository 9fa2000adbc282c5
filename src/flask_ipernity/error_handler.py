"""Answers errors of this package that a view did not catch.

An application's own ``errorhandler`` wins, be it for one of these classes, for the HTTP status,
for ``HTTPException`` or for ``Exception``.
"""

from __future__ import annotations

import math
from functools import partial

from flask import request, url_for
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response

from .errors import (
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
from .web.next_url import home
from .web.pages import error_response

#: Seconds to wait when the service did not say how long.
DEFAULT_RETRY_AFTER = 60


def handle(error: HasResponse) -> Response:
    """Return the response for *error*.

    The service's own words are not shown: they are for the log.
    """
    respond = partial(error_response, cause=error)
    match error:
        case SignInError():
            return respond(
                403 if error.reason == "fewer_permissions" else 400,
                "Sign-in did not finish",
                str(error),
                sign_in=_again(pop_next_url() or home(request)),
            )
        case NotFoundError():
            return respond(404, "Not found", "It is not there, or it is not shared with you.")
        case TokenError() if error.of_visitor:
            return ask_to_sign_in()
        case PermissionDenied():
            return respond(403, "Not allowed", "Ipernity does not allow this for your account.")
    # The rest may have struck in the middle of a sign-in.
    next_url = pop_next_url()
    sign_in = _again(next_url) if next_url else None
    match error:
        case QuotaExceeded():
            return respond(
                503,
                "Too many requests",
                "Ipernity asks to wait a little. Please try again later.",
                sign_in=sign_in,
                headers={"Retry-After": str(math.ceil(error.retry_after or DEFAULT_RETRY_AFTER))},
            )
        case ServiceTimeout():
            return respond(
                504,
                "Ipernity is slow",
                "It did not answer in time. Please try again later.",
                sign_in=sign_in,
            )
        case _:
            return respond(
                502,
                "Ipernity is not working",
                "It gave no usable answer. Please try again later.",
                sign_in=sign_in,
            )


def _again(next_url: str) -> str | None:
    """Return the address that starts a sign-in anew.

    The page itself starts none: a callback that nobody has asked for would
    then prepare the ground for the next one.
    """
    try:
        return url_for("ip_callback.again", next=next_url)
    except BuildError:
        return start_url(next_url)  # the application has a callback of its own
