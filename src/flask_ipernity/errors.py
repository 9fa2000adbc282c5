"""Every error that Flask-Ipernity raises.

::

    IpernityError
    ├── ConfigurationError      wrong or missing setting; raised at start
    ├── UnknownMethod           not an API method; suggests the nearest
    ├── APIRequestError         Ipernity answered with an error
    │   ├── NotFoundError       does not exist, or the caller may not see it
    │   ├── TokenError          106 107 108: no token, invalid token, closed account
    │   ├── PermissionDenied    109 110
    │   └── QuotaExceeded       112 113, HTTP 429
    ├── ServiceError            no usable answer
    │   ├── ServiceUnavailableError   refused, reset, cut off, 5xx
    │   ├── ServiceTimeout
    │   └── BadAnswer           not JSON, or without the required fields
    ├── SignInError             a sign-in that failed
    └── UploadError             a file that did not become a document
        └── UploadRefused       also an APIRequestError: Ipernity has refused the file

No message, attribute or cause of these errors contains a token, frob, secret or
signature. The names and attributes of ``IpernityError``, ``APIRequestError``,
``UnknownMethod`` and ``UploadError`` are those of PyIpernity.
"""

from __future__ import annotations

from collections.abc import Mapping


def missing_package(what: str, package: str, extra: str) -> str:
    """Return the sentence that says how to install what is missing, in quotes for every shell.

    :param what: what needs it.
    :param extra: the extra of Flask-Ipernity that has it.
    """
    return f'{what} needs {package}, which is not installed: pip install "Flask-Ipernity[{extra}]"'


def filled(sentence: str, values: Mapping[str, object]) -> str:
    """Return *sentence* with its ``%(name)s`` replaced by *values*."""
    return sentence % values if "%(" in sentence else sentence


def N_(sentence: str) -> str:
    """Mark *sentence* for translation; it is translated when it is shown."""
    return sentence


class HasResponse(Exception):
    """An error that the extension turns into an HTTP response when no view catches it.

    It comes after :exc:`IpernityError` in the list of bases, so that an application's handler for
    ``IpernityError`` takes precedence over the extension's handler for this class.
    """


class IpernityError(Exception):
    """Any error of this package."""

    @property
    def message(self) -> str:
        """The text of the error."""
        return str(self)


class ConfigurationError(IpernityError):
    """A setting is missing or wrong, or a feature that is not set up was used."""


class UnknownMethod(IpernityError, AttributeError):
    """The name is not a method of Ipernity's API; nothing was sent.

    It is also an :exc:`AttributeError`, so that ``hasattr(api, "nonsense")`` is ``False``.

    :param method: the unknown name.
    :param nearest: similar names of methods, the most similar first.
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

    :param status: ``error``, or ``httperror`` if only the HTTP status reported the error.
    :param code: Ipernity's error code. Codes 1 to 99 depend on the method, higher ones are the
        same for all methods. With ``httperror``, the HTTP status.
    :param message: Ipernity's message.
    :param method: the API method.
    :param params: the parameters of the call, without secrets.
    """

    #: How often the call was sent, retries included; 0 when it was not sent at all.
    tries = 0

    #: Whether the call was made with the token of the site's owner.
    of_owner = False

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
        """Ipernity's message."""
        return self._message

    def __str__(self) -> str:
        return f"{self.method or 'the call'}: Ipernity answered {self.code}, {self._message}"


class NotFoundError(APIRequestError):
    """The document, album, user … does not exist, or the caller may not see it.

    Ipernity does not distinguish the two.
    """


class TokenError(APIRequestError):
    """The call needs a token (106), the token is invalid (107), or the account is closed (108).

    ``of_visitor`` is ``True`` if the call was made for the visitor of the current request.
    """

    of_visitor = False


class PermissionDenied(APIRequestError):
    """The owner has blocked the caller (109), or the token lacks permissions (110)."""


class QuotaExceeded(APIRequestError):
    """The application (112) or its IP address (113) has made too many calls.

    ``retry_after`` is the number of seconds to wait, or ``None`` if it is not known.
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

    ``retry_after`` is the number of seconds to wait, or ``None`` if it is not known.
    """

    retry_after: float | None = None


class ServiceTimeout(ServiceError):
    """The response did not arrive in time."""


class BadAnswer(ServiceError):
    """The answer is not JSON, or lacks required fields."""


class SignInError(IpernityError, HasResponse):
    """A sign-in failed.

    :param reason: ``missing_frob``, ``not_pending``, ``expired``, ``refused``,
        ``other_account``, ``elsewhere``, ``fewer_permissions``, ``not_kept`` or ``unavailable``.
    :param message: the text for the visitor, with ``%(name)s`` for each of *values*.
    """

    def __init__(self, reason: str, message: str, **values: object) -> None:
        super().__init__(reason, filled(message, values))
        self.reason = reason
        self.sentence = message
        self.values = values

    def __str__(self) -> str:
        return str(self.args[1])


class UploadError(IpernityError, HasResponse):
    """A file did not become a document.

    ``reason`` says why:

    ``empty``
        the file is empty, or none was chosen;
    ``too_large``
        the account may not upload files of this size;
    ``quota``
        the account has used up what it may upload;
    ``type``
        the account may not upload files of this kind;
    ``duplicate``
        the account has a document of this file, see ``if_exists``;
    ``refused``
        Ipernity does not accept the file, for another reason;
    ``unreadable``
        the application could not read the file to its end;
    ``unknown_ticket``
        Ipernity does not know the ticket;
    ``not_done``
        Ipernity has not made a document of it in time;
    ``unknown_state``
        the connection broke; it is not known whether Ipernity has the file.

    :param filename: the name of the file.
    :param ticket: Ipernity's upload ticket, if there is one.
    :param message: the text for the visitor, with ``%(file)s`` for the file, and ``%(name)s`` for
        each of *values*.
    """

    def __init__(
        self,
        filename: str | None = None,
        ticket: str | None = None,
        message: str | None = None,
        *,
        reason: str = "refused",
        **values: object,
    ) -> None:
        super().__init__(filename, ticket, message)
        self.filename = filename
        self.ticket = ticket
        self.reason = reason
        self.sentence = message
        self.values = values

    def __str__(self) -> str:
        if self.sentence is None:
            return f"Error uploading {self.filename}, ticket {self.ticket}"
        return filled(self.sentence, {"file": self.filename or "The file", **self.values})


#: Why Ipernity refuses a file, by method and error code; the texts are for the visitor.
_REFUSALS = {
    ("upload.file", 1): ("empty", N_("%(file)s is empty.")),
    ("upload.file", 2): ("too_large", N_("%(file)s is too large.")),
    ("upload.file", 3): ("refused", N_("Ipernity does not accept %(file)s.")),
    ("upload.replace", 1): ("empty", N_("%(file)s is empty.")),
    ("upload.replace", 2): ("too_large", N_("%(file)s is too large.")),
    ("upload.replace", 3): ("quota", N_("%(file)s is more than the account may still upload.")),
    ("upload.replace", 5): ("type", N_("%(file)s is of another kind than the former file.")),
    ("upload.replace", 6): ("refused", N_("This needs a PRO account.")),
}


class UploadRefused(UploadError, APIRequestError):
    """Ipernity has refused a file that was sent. The parameters are those of
    :exc:`APIRequestError`."""

    def __init__(
        self,
        status: str,
        code: int,
        message: str,
        method: str,
        params: Mapping[str, object] | None = None,
    ) -> None:
        APIRequestError.__init__(self, status, code, message, method, params)
        self.filename: str | None = None
        self.ticket: str | None = None
        self.reason, self.sentence = _REFUSALS[method, code]
        self.values = {}

    def __str__(self) -> str:
        return f"{self.filename or 'The file'}: Ipernity answered {self.code}, {self.message}"

    @staticmethod
    def is_meant(method: str, code: int) -> bool:
        """Return whether an error *code* of *method* means that the file is refused."""
        return (method, code) in _REFUSALS
