"""Every error that Flask-Ipernity raises.

::

    IpernityError
    ├── ConfigurationError      wrong or missing setting; raised at start
    ├── UnknownMethod           not an API method; names the nearest
    ├── APIRequestError         Ipernity answered with an error
    │   ├── NotFoundError        not there, or not for you
    │   ├── TokenError          106 107 108: no token, dead token, closed account
    │   ├── PermissionDenied    109 110
    │   └── QuotaExceeded       112 113, HTTP 429
    ├── ServiceError            no usable answer
    │   ├── ServiceUnavailableError refused, reset, cut off, 5xx
    │   ├── ServiceTimeout
    │   └── BadAnswer           not JSON, not the shape it must have
    ├── SignInError             a sign-in that did not finish
    └── UploadError             a file that did not arrive

No text, attribute or cause of these errors holds a token, frob, secret or
signature. The names and attributes of ``IpernityError``, ``APIRequestError``,
``UnknownMethod`` and ``UploadError`` are those of PyIpernity.
"""

from __future__ import annotations

from collections.abc import Mapping


class HasResponse(Exception):
    """An error that the extension turns into an HTTP response when no view catches it.

    It comes after :exc:`IpernityError` among the bases, so that a handler that an application
    has registered for ``IpernityError``, before or after ``Ipernity(app)``, is asked first.
    """


class IpernityError(Exception):
    """Any error of this package."""

    @property
    def message(self) -> str:
        """What happened, in words."""
        return str(self)


class ConfigurationError(IpernityError):
    """A setting is missing or wrong, or a feature is used that is not set up."""


class UnknownMethod(IpernityError, AttributeError):
    """The name is no method of Ipernity's API; nothing was sent.

    It is an :exc:`AttributeError` too, so that ``hasattr(api, "nonsense")``
    is false rather than an error.

    :param method: the name that was asked for.
    :param nearest: known names that look like it, best first.
    """

    def __init__(self, method: str | None = None, nearest: tuple[str, ...] = ()) -> None:
        super().__init__(method, nearest)
        self.method = method
        self.nearest = nearest

    def __str__(self) -> str:
        hint = f" Did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        return f"Ipernity has no method {self.method!r}.{hint}"


class APIRequestError(IpernityError, HasResponse):
    """Ipernity understood the call and answered with an error.

    :param status: ``error``, or ``httperror`` where only HTTP's status told it.
    :param code: Ipernity's error code; 1 to 99 belong to the method,
        from 100 on they are general. With ``httperror``, HTTP's status.
    :param message: Ipernity's own words.
    :param method: the API method.
    :param params: the parameters of the call, without what is secret.
    """

    #: How often the call was sent, retries included; 0 when it was not sent at all.
    tries = 0

    def __init__(
        self,
        status: str = "error",
        code: int = 0,
        message: str = "Unspecified error",
        method: str | None = None,
        params: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(status, code, message, method, params)
        self.status = status
        self.code = code
        self._message = message
        self.method = method
        self.params = params

    @property
    def message(self) -> str:
        """Ipernity's own words."""
        return self._message

    def __str__(self) -> str:
        return f"{self.method or 'the call'}: Ipernity answered {self.code}, {self._message}"


class NotFoundError(APIRequestError):
    """The document, album, user … is not there, or not for you.

    Ipernity does not tell the two apart.
    """


class TokenError(APIRequestError):
    """The call needs a token (106), the token is dead (107), or the account is closed (108).

    ``of_visitor`` tells whether it was the visitor's own token, or lack of one.
    """

    of_visitor = False


class PermissionDenied(APIRequestError):
    """A blocklist (109) or too few permissions of the token (110) forbid the call."""


class QuotaExceeded(APIRequestError):
    """The application (112) or this address (113) has called too often.

    ``retry_after`` is the number of seconds to wait, where the service told it.
    """

    retry_after: float | None = None


class ServiceError(IpernityError, HasResponse):
    """Ipernity gave no usable answer.

    :param message: what happened.
    :param method: the API method, or ``None`` outside a call.
    """

    #: How often the call was sent, retries included; 0 when it was not sent at all.
    tries = 0

    def __init__(self, message: str, method: str | None = None) -> None:
        super().__init__(message, method)
        self.method = method

    def __str__(self) -> str:
        return f"{self.method}: {self.args[0]}" if self.method else str(self.args[0])


class ServiceUnavailableError(ServiceError):
    """The connection was refused, reset or cut off, or the service is down (5xx).

    ``retry_after`` is the number of seconds to wait, where the service told it.
    """

    retry_after: float | None = None


class ServiceTimeout(ServiceError):
    """The answer did not come in time."""


class BadAnswer(ServiceError):
    """The answer is not JSON, or has not the shape that it must have."""


class SignInError(IpernityError, HasResponse):
    """A sign-in did not finish.

    :param reason: ``missing_frob``, ``not_pending``, ``expired``, ``refused``,
        ``other_account``, ``fewer_permissions`` or ``not_kept``.
    :param message: what a person may read.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(reason, message)
        self.reason = reason

    def __str__(self) -> str:
        return str(self.args[1])


class UploadError(IpernityError, HasResponse):
    """A file did not become a document.

    :param filename: the file that was being sent.
    :param ticket: Ipernity's upload ticket, where there is one.
    """

    def __init__(
        self, filename: str | None = None, ticket: str | None = None, message: str | None = None
    ) -> None:
        super().__init__(filename, ticket, message)
        self.filename = filename
        self.ticket = ticket

    def __str__(self) -> str:
        return str(self.args[2] or f"Error uploading {self.filename}, ticket {self.ticket}")
