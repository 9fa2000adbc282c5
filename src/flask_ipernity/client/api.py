"""The API object."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any

from ..errors import (
    APIRequestError,
    BadAnswer,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    ServiceUnavailable,
    TokenError,
)
from ..permissions import missing
from . import walking
from .auth import HANDLERS, AuthHandler
from .methods import Method, all_methods, is_service, singular, unknown
from .redaction import redact
from .signing import api_sig, plain_params
from .transport import Transport
from .uploading import form, multipart

log = logging.getLogger(__name__)

API_URL = "https://api.ipernity.com/api/"
AUTHORIZE_URL = "https://www.ipernity.com/apps/authorize"

# A frob is exchanged once; sent again, it is spent and the token lost.
_ONCE = "auth.getToken"
_DOWN = frozenset({500, 501, 503})
_WITHOUT_TOKEN = frozenset({"auth.getFrob", "auth.getToken"})
_GENERAL_ERRORS: dict[int, type[APIRequestError]] = {
    106: TokenError,
    107: TokenError,
    108: TokenError,
    109: PermissionDenied,
    110: PermissionDenied,
    112: QuotaExceeded,
    113: QuotaExceeded,
}


class IpernityAPI:
    """Calls Ipernity's API, for one holder of a token or for nobody.

    Every method is there as ``api.<service>.<method>(**params)``, such as
    ``api.doc.getList(user_id="10175")``, and returns the decoded answer. Each
    thread needs an object of its own; a :class:`Transport` may be shared.

    :param api_key: the application's key.
    :param api_secret: the application's secret.
    :param token: a token, or the mapping ``auth`` that ``auth.getToken``
        answers, which also tells the user and the permissions.
    :param auth: ``desktop`` or ``web``: the way to sign in, see :attr:`auth`.
    :param url: where calls go.
    :param auth_url_base: where sign-in goes.
    :param lang: language of the service's texts, sent as ``lg``; ``None``
        leaves it out.
    :param transport: connections to use; they go to the transport's own
        address. Without it the object has its own, made with the settings that
        follow: see :class:`Transport`.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        token: str | Mapping[str, Any] | None = None,
        auth: str = "desktop",
        url: str = API_URL,
        auth_url_base: str = AUTHORIZE_URL,
        *,
        lang: str | None = "en",
        transport: Transport | None = None,
        **transport_settings: Any,
    ) -> None:
        if auth not in HANDLERS:
            raise ValueError(f"auth={auth!r}: the ways to sign in are {' and '.join(HANDLERS)}")
        self._api_key = api_key
        self._api_secret = api_secret
        self.token = token
        self.lang = lang
        self.authorize_url = auth_url_base
        self._auth = HANDLERS[auth](self)
        self._transport = transport or Transport(url, **transport_settings)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'with a token' if self._token else 'without a token'}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return Service(self, "")._find(singular(name))

    @property
    def auth(self) -> AuthHandler:
        """The methods ``auth.*``, and ``auth_url`` of the authorize page."""
        return self._auth

    @property
    def api_key(self) -> str:
        """The application's key; a new one drops the token."""
        return self._api_key

    @api_key.setter
    def api_key(self, value: str) -> None:
        self._api_key = value
        self.token = None

    @property
    def api_secret(self) -> str:
        """The application's secret; a new one drops the token."""
        return self._api_secret

    @api_secret.setter
    def api_secret(self, value: str) -> None:
        self._api_secret = value
        self.token = None

    @property
    def token(self) -> str | None:
        """The token; set it as text, as a mapping (see the class), or to ``None``."""
        return self._token

    @token.setter
    def token(self, value: str | Mapping[str, Any] | None) -> None:
        if isinstance(value, Mapping):
            self._token: str | None = value["token"]
            self._user: dict[str, Any] | None = value.get("user")
            self._perm: dict[str, str] | None = value.get("permissions")
        else:
            self._token = value
            self._user = self._perm = None

    @property
    def user_info(self) -> dict[str, Any] | None:
        """Whose token it is, asked of Ipernity where it is not known; ``None`` without one."""
        if self._user is None and self._token is not None:
            self._check_token()
        return self._user

    @property
    def permissions(self) -> dict[str, str] | None:
        """What the token may do, asked of Ipernity where it is not known; ``None`` without one."""
        if self._perm is None and self._token is not None:
            self._check_token()
        return self._perm

    def has_permissions(self, permissions: Mapping[str, str] | None) -> bool:
        """Tell whether there is a token and it holds *permissions*.

        A level includes those before it; an item that the token does not name
        counts as ``none``.

        :raises ConfigurationError: an item or level that does not exist.
        """
        if self._token is None:
            return False
        return not permissions or not missing(self.permissions or {}, permissions)

    def _check_token(self) -> None:
        answer = self.auth.checkToken()
        try:
            self._user, self._perm = answer["auth"]["user"], answer["auth"]["permissions"]
        except (KeyError, TypeError):
            raise BadAnswer("the answer names no user or permissions", "auth.checkToken") from None

    def call(self, method_name: str, **params: object) -> dict[str, Any]:
        """Call an API method and return its decoded answer.

        :param method_name: such as ``doc.getList``.
        :param params: ``None`` is left out, booleans become 0 and 1, lists
            become comma lists. ``file`` of the upload methods is a path or an
            open binary file.
        :raises UnknownMethod: no such method; nothing was sent.
        :raises APIRequestError: Ipernity answered with an error.
        :raises ServiceError: Ipernity gave no usable answer. After a writing
            call it may have been carried out all the same: it is never sent twice.
        """
        method = all_methods().get(singular(method_name))
        if method is None:
            raise unknown(method_name)
        file = params.pop("file", None) if method.takes_file else None
        sent = self._signed(method.name, params)
        began = monotonic()
        try:
            if method.post:
                body = multipart(sent, file) if file is not None else form(sent)
                answer = self._transport.send(method.name, {}, body=body, repeat=False)
            else:
                answer = self._transport.send(
                    method.name, sent, body=None, repeat=method.name != _ONCE
                )
        finally:
            log.debug("%s took %.0f ms", method.name, (monotonic() - began) * 1000)
        if answer["api"].get("status") != "ok":
            raise self._error(method, answer["api"], params, sent)
        return answer

    def _signed(self, method_name: str, params: Mapping[str, object]) -> dict[str, str]:
        sent = {"api_key": self._api_key}
        if self._token and method_name not in _WITHOUT_TOKEN:
            sent["auth_token"] = self._token
        if self.lang:
            sent["lg"] = self.lang
        sent.update(plain_params(params))
        sent["api_sig"] = api_sig(sent, self._api_secret, method_name)
        return sent

    def _error(
        self,
        method: Method,
        api: Mapping[str, Any],
        params: Mapping[str, object],
        sent: Mapping[str, str],
    ) -> APIRequestError | BadAnswer | ServiceUnavailable:
        try:
            code = int(api["code"])
        except (KeyError, TypeError, ValueError):
            return BadAnswer("the answer is an error without a code", method.name)
        secrets = [sent.get(name) for name in ("auth_token", "api_sig", "frob")]
        message = redact(str(api.get("message", "")), self._api_secret, self._token, *secrets)
        if code in _DOWN:
            return ServiceUnavailable(f"Ipernity answered {code}, {message}", method.name)
        kind = _GENERAL_ERRORS.get(code, APIRequestError)
        if code in method.not_found:
            kind = NotFound
        shown = {name: v for name, v in params.items() if name not in ("auth_token", "frob")}
        return kind(str(api.get("status")), code, message, method.name, shown)

    def walk_data(
        self, method_name: str, elem_name: str | None = None, **params: Any
    ) -> Iterator[dict[str, Any]]:
        """Go through all records of a list, page after page.

        :param method_name: a method that takes ``page``.
        :param elem_name: where the records are in the answer, when it is not
            where the method list says: ``doc`` for ``docs.doc``, or a path with dots.
        :param params: parameters of the method; ``page`` is the first page.
        """
        return walking.walk(self.call, method_name, elem_name, **params)

    def walk_docs(self, **params: Any) -> Iterator[dict[str, Any]]:
        """Go through a user's documents (``doc.getList``)."""
        return self.walk_data("doc.getList", **params)

    def walk_albums(self, **params: Any) -> Iterator[dict[str, Any]]:
        """Go through a user's albums (``album.getList``)."""
        return self.walk_data("album.getList", **params)

    def walk_album_docs(self, album_id: str | int, **params: Any) -> Iterator[dict[str, Any]]:
        """Go through the documents of an album (``album.docs.getList``)."""
        return self.walk_data("album.docs.getList", album_id=album_id, **params)

    def walk_doc_search(self, **params: Any) -> Iterator[dict[str, Any]]:
        """Go through the documents that a search finds (``doc.search``)."""
        return self.walk_data("doc.search", **params)

    def walk_folders(self, **params: Any) -> Iterator[dict[str, Any]]:
        """Go through a user's folders (``folder.getList``)."""
        return self.walk_data("folder.getList", **params)

    def walk_folder_albums(self, folder_id: str | int, **params: Any) -> Iterator[dict[str, Any]]:
        """Go through the albums of a folder (``folder.albums.getList``)."""
        return self.walk_data("folder.albums.getList", folder_id=folder_id, **params)


class Service:
    """A service of the API; its attributes are methods and further services."""

    def __init__(self, api: IpernityAPI, name: str) -> None:
        self._api = api
        self._name = name

    def __repr__(self) -> str:
        return f"<Ipernity service {self._name}>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._find(f"{self._name}.{name}")

    def _find(self, full: str) -> Any:
        if full in all_methods():
            return lambda **params: self._api.call(full, **params)
        if is_service(full):
            return Service(self._api, full)
        raise unknown(full)
