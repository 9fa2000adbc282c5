"""Map the error codes of the service to exceptions."""

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
    UploadRefused,
)
from ..http.redaction import SECRET_PARAMS, redact
from .methods import Method
from .transport import Reply
from .values import shown_text, whole_number

_SERVICE_DOWN = frozenset({500, 501, 503})
_KINDS: dict[int, type[APIRequestError]] = {
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
    reply: Reply,
    params: Mapping[str, object],
    sent: Mapping[str, str],
    *secrets: str | None,
) -> APIRequestError | BadAnswer | ServiceUnavailableError:
    """Return the error that a reply amounts to.

    :param reply: a reply whose answer has another status than ``ok``.
    :param params: the caller's parameters.
    :param sent: the parameters that were sent.
    :param secrets: texts to redact, besides the secret values in *sent*.
    """
    api: Mapping[str, Any] = reply.answer["api"]
    error: APIRequestError | BadAnswer | ServiceUnavailableError
    code = whole_number(api.get("code"))
    if code is None:
        error = BadAnswer("the answer is an error without a code", method.name)
    else:
        hidden = [sent.get(name) for name in SECRET_PARAMS]
        message = redact(shown_text(api.get("message")), *secrets, *hidden)
        if code in _SERVICE_DOWN:
            error = ServiceUnavailableError(f"Ipernity answered {code}, {message}", method.name)
        else:
            kind = _kind(method, code)
            error = kind(shown_text(api.get("status")), code, message, method.name, shown(params))
    error.tries = reply.tries
    return error


def _kind(method: Method, code: int) -> type[APIRequestError]:
    if code in method.not_found:
        return NotFoundError
    if UploadRefused.is_meant(method.name, code):
        return UploadRefused
    return _KINDS.get(code, APIRequestError)


def shown(params: Mapping[str, object]) -> dict[str, object]:
    """Return *params* without what is secret, as errors show them."""
    return {name: value for name, value in params.items() if name not in SECRET_PARAMS}
