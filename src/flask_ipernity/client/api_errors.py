"""Turns the service's errors into ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import (
    APIRequestError,
    BadAnswer,
    NotFoundError,
    PermissionDenied,
    QuotaExceeded,
    ServiceUnavailableError,
    TokenError,
)
from ..http.redaction import redact
from .methods import Method

_DOWN = frozenset({500, 501, 503})
_SECRET = ("auth_token", "api_sig", "frob")
_GENERAL: dict[int, type[APIRequestError]] = {
    106: TokenError,
    107: TokenError,
    108: TokenError,
    109: PermissionDenied,
    110: PermissionDenied,
    112: QuotaExceeded,
    113: QuotaExceeded,
}


def api_error(
    method: Method,
    api: Mapping[str, Any],
    params: Mapping[str, object],
    sent: Mapping[str, str],
    *secrets: str | None,
) -> APIRequestError | BadAnswer | ServiceUnavailableError:
    """Return the error that an answer amounts to.

    :param api: what the answer says of itself.
    :param params: what the caller gave.
    :param sent: what went over the wire.
    :param secrets: what must not stand in the error, besides what is secret in *sent*.
    """
    try:
        code = int(api["code"])
    except (KeyError, TypeError, ValueError):
        return BadAnswer("the answer is an error without a code", method.name)
    hidden = [sent.get(name) for name in _SECRET]
    message = redact(str(api.get("message", "")), *secrets, *hidden)
    if code in _DOWN:
        return ServiceUnavailableError(f"Ipernity answered {code}, {message}", method.name)
    kind = _GENERAL.get(code, APIRequestError)
    if code in method.not_found:
        kind = NotFoundError
    return kind(str(api.get("status")), code, message, method.name, shown(params))


def shown(params: Mapping[str, object]) -> dict[str, object]:
    """Return *params* as an error may show them: without what is secret."""
    return {name: value for name, value in params.items() if name not in _SECRET}
