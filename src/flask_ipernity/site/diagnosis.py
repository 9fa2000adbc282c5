"""Whose fault an error is, and its likely cause, in words for those who run the site.

The codes are those of Ipernity's help page on errors.
"""

from __future__ import annotations

import logging
from typing import Literal, NamedTuple

from ..errors import (
    APIRequestError,
    BadAnswer,
    HasResponse,
    NotFoundError,
    PermissionDenied,
    QuotaExceeded,
    ServiceTimeout,
    SignInError,
    TokenError,
    UploadError,
)

#: Who can mend it: the people of this application, those of Ipernity, or the visitor.
Culprit = Literal["site", "service", "visitor"]

_LEVELS: dict[Culprit, int] = {
    "site": logging.ERROR,
    "service": logging.WARNING,
    "visitor": logging.INFO,
}


class Diagnosis(NamedTuple):
    """What is probably wrong."""

    culprit: Culprit
    #: The likely cause and what to do about it, in English.
    cause: str

    @property
    def level(self) -> int:
        """The level of ``logging`` that it deserves."""
        return _LEVELS[self.culprit]


_BY_CODE: dict[int, Diagnosis] = {
    100: Diagnosis("site", "IPERNITY_APP_KEY did not reach Ipernity; something changes the calls."),
    101: Diagnosis(
        "site",
        "IPERNITY_APP_KEY is wrong, or Ipernity has disabled the key;"
        " see https://www.ipernity.com/apps/key.",
    ),
    102: Diagnosis("site", "IPERNITY_API_URL is wrong: it ends before the name of the method."),
    103: Diagnosis("site", "The method does not exist (any more), or IPERNITY_API_URL is wrong."),
    104: Diagnosis("site", "The signature did not reach Ipernity; something changes the calls."),
    105: Diagnosis("site", "IPERNITY_APP_SECRET is wrong: it does not belong to IPERNITY_APP_KEY."),
    106: Diagnosis(
        "site",
        "The method needs a token, and the call was made without one:"
        " use ipernity.owner_api, or protect the view with @ipernity_auth_required().",
    ),
    107: Diagnosis("site", "The token that the application used is wrong, or was revoked."),
    108: Diagnosis("site", "The account of the token that the application used was closed."),
    109: Diagnosis("visitor", "The owner has blocked the account."),
    110: Diagnosis(
        "site",
        "The token lacks the permission: ask for it with"
        " @ipernity_auth_required(…) or IPERNITY_PERMISSIONS.",
    ),
    111: Diagnosis(
        "site", "The settings of the key at Ipernity do not allow calls from this server's address."
    ),
    112: Diagnosis(
        "service",
        "The application has used up its calls: cache them with IPERNITY_CACHE_REQUESTS,"
        " or ask Ipernity for more.",
    ),
    113: Diagnosis(
        "service",
        "This server's address has made too many calls: cache them with IPERNITY_CACHE_REQUESTS.",
    ),
    120: Diagnosis("site", 'The method must be called by POST: call(…, unknown="POST").'),
    429: Diagnosis(
        "service",
        "This server has made too many calls: cache them with IPERNITY_CACHE_REQUESTS.",
    ),
}

_OF_OWNER: dict[int, Diagnosis] = {
    107: Diagnosis(
        "site",
        "IPERNITY_OWNER_TOKEN is wrong, or the owner has revoked it at Ipernity; make a new one.",
    ),
    108: Diagnosis("site", "The account of IPERNITY_OWNER_TOKEN was closed or suspended."),
    110: Diagnosis("site", "IPERNITY_OWNER_TOKEN lacks the permission; make one that has it."),
}

_OF_SIGN_IN: dict[str, Diagnosis] = {
    "missing_frob": Diagnosis("visitor", "The URL of the callback was cut off, or made up."),
    "not_pending": Diagnosis(
        "visitor",
        "The page was loaded twice, or the browser has no cookie of the session that started the"
        " sign-in. If this happens to everybody: the callback that is registered for"
        " IPERNITY_APP_KEY must have the scheme, host and port at which people open the site.",
    ),
    "expired": Diagnosis("visitor", "The visitor took too long, or loaded the page twice."),
    "refused": Diagnosis("visitor", "The visitor, or Ipernity, did not agree."),
    "other_account": Diagnosis("visitor", "The visitor came back with another account."),
    "fewer_permissions": Diagnosis("visitor", "The visitor agreed to less than was asked for."),
    "elsewhere": Diagnosis("visitor", "Another site started the sign-in."),
    "not_kept": Diagnosis("service", "The store of IPERNITY_TOKEN_STORE cannot be written."),
    "unavailable": Diagnosis("service", "The store of IPERNITY_TOKEN_STORE cannot be read."),
}


_OF_UPLOAD: dict[str, Diagnosis] = {
    "unreadable": Diagnosis("site", "The application removed or changed the file too early."),
    "unknown_ticket": Diagnosis("visitor", "The ticket is old, or of another account."),
    "not_done": Diagnosis("service", "Ipernity is busy; wait for the ticket in a job."),
    "unknown_state": Diagnosis("service", "The connection to Ipernity broke."),
}


def diagnose(error: HasResponse) -> Diagnosis:
    """Return what is probably the reason for *error*."""
    match error:
        case SignInError():
            return _OF_SIGN_IN.get(error.reason, Diagnosis("visitor", "The sign-in was damaged."))
        case UploadError():
            return _OF_UPLOAD.get(error.reason, Diagnosis("visitor", "The file is not accepted."))
        case NotFoundError():
            return Diagnosis("visitor", "It does not exist, or the caller may not see it.")
        case TokenError() if error.of_visitor:
            return Diagnosis("visitor", "The visitor is not signed in (any more).")
        case APIRequestError():
            return _of_answer(error)
        case ServiceTimeout():
            return Diagnosis("service", "Ipernity or the network is slow; see IPERNITY_TIMEOUT.")
        case BadAnswer():
            return Diagnosis(
                "service",
                "Ipernity is out of order, something between changes its answers,"
                " or IPERNITY_API_URL is wrong.",
            )
        case _:
            return Diagnosis(
                "service", "Ipernity is down, or this server does not reach it over the network."
            )


def _of_answer(error: APIRequestError) -> Diagnosis:
    """Return the reason why Ipernity refused a call."""
    known = _OF_OWNER.get(error.code) if error.of_owner else None
    if known := known or _BY_CODE.get(error.code):
        return known
    if isinstance(error, QuotaExceeded):
        return _BY_CODE[113]
    if isinstance(error, PermissionDenied):
        return _BY_CODE[110]
    return Diagnosis(
        "site", "Ipernity does not accept the parameters; the page of the method has its errors."
    )
