"""Answers errors of this package that a view did not catch.

An application's own ``errorhandler`` for one of these classes wins.
"""

from __future__ import annotations

import math

from flask import request, url_for
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response

from .errors import (
    APIRequestError,
    IpernityError,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    ServiceError,
    ServiceTimeout,
    SignInError,
    TokenError,
    UploadError,
)
from .sign_in.flow import start_url, unfinished
from .sign_in.guard import ask_to_sign_in
from .sign_in.next_url import home
from .templating import error_answer

#: Seconds to wait when the service did not tell.
_PAUSE = 60

#: What :func:`handle` is for. Other errors are faults of the program, and
#: Flask shows them as such.
HANDLED: tuple[type[IpernityError], ...] = (
    APIRequestError,
    ServiceError,
    SignInError,
    UploadError,
)


def handle(error: IpernityError) -> Response:
    """Return the answer for an error of one of the classes in :data:`HANDLED`.

    The service's own words are not shown: they are for the log.
    """
    match error:
        case SignInError():
            return error_answer(
                403 if error.reason == "fewer_permissions" else 400,
                "Sign-in did not finish",
                str(error),
                sign_in=_again(unfinished() or home(request)),
            )
        case NotFound():
            return error_answer(404, "Not found", "It is not there, or it is not shared with you.")
        case TokenError() if error.of_visitor:
            return ask_to_sign_in()
        case PermissionDenied():
            return error_answer(
                403, "Not allowed", "Ipernity does not allow this for your account."
            )
    # The rest may have struck in the middle of a sign-in.
    next_url = unfinished()
    sign_in = _again(next_url) if next_url else None
    match error:
        case QuotaExceeded():
            return error_answer(
                503,
                "Too many requests",
                "Ipernity asks to wait a little. Please try again later.",
                sign_in=sign_in,
                headers={"Retry-After": str(math.ceil(error.retry_after or _PAUSE))},
            )
        case ServiceTimeout():
            return error_answer(
                504,
                "Ipernity is slow",
                "It did not answer in time. Please try again later.",
                sign_in=sign_in,
            )
        case _:
            return error_answer(
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
