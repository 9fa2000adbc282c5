"""The methods ``auth.*``, and the URL of the authorize page.

Source: Ipernity's help pages ``auth.web.html``, ``auth.soft.html`` and
``permissions.html``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..errors import BadAnswer
from ..http.redaction import Secret
from ..permissions import checked
from .base import Application, Service
from .grant import read_grant
from .signing import api_sig
from .values import mapping, record_id

if TYPE_CHECKING:
    from . import types as t


class AuthHandler(Service):
    """The methods that both ways to sign in share; ``api.auth`` is one."""

    _name = "auth"
    _api: Application

    if TYPE_CHECKING:
        # Its parameters depend on the way to sign in.
        def auth_url(self, *args: Any, **params: Any) -> str: ...

    @property
    def api(self) -> Application:
        """The API object that it belongs to."""
        return self._api

    def getFrob(self, *, extra_params: Mapping[str, object] | None = None) -> t.AuthGetFrob:
        """Call ``auth.getFrob``: start a desktop sign-in.

        It is not for web applications: a person who knows the frob before the
        visitor agrees can finish the sign-in in the visitor's place.

        :raises BadAnswer: the answer has no frob.
        """
        answer: t.AuthGetFrob = self._call("auth.getFrob", {}, extra_params)
        if record_id((mapping(answer.get("auth")) or {}).get("frob")) is None:
            raise BadAnswer("the answer has no frob", "auth.getFrob")
        return answer

    def getToken(
        self,
        frob: str,
        store_token: bool = True,
        *,
        extra: str | Sequence[t.AuthGetTokenExtra] | None = None,
        extra_params: Mapping[str, object] | None = None,
    ) -> t.AuthGetToken:
        """Call ``auth.getToken``: exchange *frob*, once, for a token.

        :param frob: from the callback, or from :meth:`getFrob`.
        :param store_token: use the token for the calls that follow.
        :raises APIRequestError: 2: the frob is wrong, spent or too old.
        :raises BadAnswer: the answer has no token.
        """
        frob = Secret(frob)
        params = {"frob": frob, "extra": extra}
        answer: t.AuthGetToken = self._call("auth.getToken", params, extra_params)
        given = read_grant(answer, "auth.getToken")
        if store_token:
            self._api.token = given
        return answer

    def checkToken(
        self,
        auth_token: str | None = None,
        *,
        extra: str | Sequence[t.AuthCheckTokenExtra] | None = None,
        extra_params: Mapping[str, object] | None = None,
    ) -> t.AuthCheckToken:
        """Call ``auth.checkToken``: whose token it is, and what it may do.

        :param auth_token: a token; by default that of the API object.
        :raises TokenError: the token is not valid any more.
        """
        auth_token = auth_token and Secret(auth_token)
        params = {"auth_token": auth_token, "extra": extra}
        answer: t.AuthCheckToken = self._call("auth.checkToken", params, extra_params)
        return answer

    def _authorize_url(self, permissions: Mapping[str, str], **params: str) -> str:
        wanted = {f"perm_{item}": level for item, level in checked(permissions).items()}
        query = {"api_key": self._api.api_key, **wanted, **params}
        if self._api.lang:
            query["lg"] = self._api.lang
        query["api_sig"] = Secret(api_sig(query, self._api.api_secret))
        return f"{self._api.authorize_url}?{urlencode(query)}"


class WebAuthHandler(AuthHandler):
    """The sign-in of web applications: the visitor's browser comes back to a callback URL."""

    def auth_url(self, perms: Mapping[str, str]) -> str:
        """Return the URL of the authorize page, for a redirect.

        :param perms: the permissions to ask for, such as ``{"doc": "read"}``.
        :raises ConfigurationError: an item or level that does not exist.
        """
        return self._authorize_url(perms)


class DesktopAuthHandler(AuthHandler):
    """The sign-in of other programs; the user has to say when the permissions are granted."""

    def auth_url(self, perms: Mapping[str, str], frob: str) -> str:
        """Return the URL of the authorize page, which the user opens in a browser.

        :param perms: the permissions to ask for, such as ``{"doc": "read"}``.
        :param frob: from :meth:`~.AuthHandler.getFrob`.
        :raises ConfigurationError: an item or level that does not exist.
        """
        frob = Secret(frob)
        return self._authorize_url(perms, frob=frob)


HANDLERS: dict[str, type[AuthHandler]] = {"desktop": DesktopAuthHandler, "web": WebAuthHandler}
