"""The visitor of the current request, and the API object that acts for the visitor."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, has_request_context, request

from ..errors import SignInError, TokenError
from ..http.redaction import Secret
from ..settings import Settings
from ..signals import token_revoked, visitor_left
from ..site.api import SiteAPI, SiteContext
from ..state import Part, PerRequest
from ..web.navigation import is_navigation
from .records import token_record
from .seen import Seen
from .session import PendingSignIns, VisitorSession
from .tokens import CANDIDATE, TOKEN, RecordStore

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SignInContext:
    """What the sign-in of one application needs. Safe to use from several threads."""

    app: Flask
    settings: Settings
    site: SiteContext
    session: VisitorSession
    tokens: RecordStore
    pending: PendingSignIns
    seen: Seen
    #: The :func:`.app_mark` of the application.
    mark: str


#: The current application's.
sign_in_context: Part[SignInContext] = Part("sign_in")


class VisitorAPI(SiteAPI):
    """Calls the API for the visitor of the current request.

    A token that is no longer valid is deleted, so that the visitor is anonymous from then on, not
    locked out.

    :param context: the state of the application's sign-in.
    """

    of_visitor = True

    #: Whether the session has a key to a token, but the store cannot be asked for it now.
    is_unknown = False
    #: Where the sign-in should have led that has failed in this request.
    next_url: str | None = None
    # Whether there is a token of another application that shares the session.
    _has_other = False

    def __init__(self, context: SignInContext) -> None:
        self.context = context
        super().__init__(context.site, self._read())

    def _read(self) -> dict[str, Any] | None:
        """Return the record of the visitor's token, if there is a right one."""
        context = self.context
        try:
            value = context.tokens.get(TOKEN)
        except SignInError:
            self.is_unknown = True
            return None
        record = token_record(value)
        if record is None:
            if value is not None:
                self._drop_wrong_record()
            return None
        self._has_other = record.get("app", context.mark) != context.mark
        return None if self._has_other else record

    def _drop_wrong_record(self) -> None:
        context = self.context
        if context.seen.is_new("wrong record"):
            log.warning(
                "The record of a visitor's token has the wrong shape, and is deleted. Does"
                " something else write to IPERNITY_TOKEN_STORE, or to the session under"
                " IPERNITY_SESSION_PREFIX?"
            )
        if is_navigation(request):
            context.tokens.delete(TOKEN)
        else:
            context.tokens.revoke(TOKEN)

    def handle_error(self, error: Exception, params: Mapping[str, object]) -> None:
        if isinstance(error, TokenError):
            error.of_visitor = True
            own = "auth_token" not in params and "frob" not in params
            if error.code != 106 and own and self.token is not None:
                self._bury(Secret(self.token))

    def _bury(self, token: str) -> None:
        """Delete the invalid *token*. If several requests find it invalid, one signal is sent."""
        context, user = self.context, self.known_user
        if is_navigation(request):
            others = context.pending.entries()
            self.forget()
            # Another tab may be at Ipernity.
            context.pending.keep(others)
            visitor_left.send(context.app)
        else:
            # The response may arrive after that of another sign-in, and its cookie must not
            # replace the new one.
            self.token = None
            context.tokens.revoke(TOKEN)
        if context.seen.is_new(token):
            token_revoked.send(context.app, user=user)

    @property
    def known_user(self) -> dict[str, Any] | None:
        """The user of the token, as far as it is known without a call."""
        return self._grant.user

    def keep(self, auth: dict[str, Any]) -> None:
        """Sign the visitor in with *auth*, the mapping in the answer of ``auth.getToken``.

        All our other keys are removed from the session, and it gets a new id.

        :raises SignInError: the token cannot be stored; who was signed in stays so.
        """
        context = self.context
        context.session.renew()
        lifetime = int(context.app.permanent_session_lifetime.total_seconds())
        context.tokens.set(TOKEN, {**auth, "app": context.mark}, lifetime)
        context.tokens.delete(CANDIDATE)
        context.session.clear(keep=[context.tokens.session_key(TOKEN)])
        self.token = auth
        self.is_unknown = self._has_other = False
        context.seen.forget(auth["token"])

    def forget(self) -> None:
        """Remove the token and all our keys from the session."""
        tokens = self.context.tokens
        self.token = None
        self.is_unknown = False
        tokens.delete(CANDIDATE)
        if not self._has_other:
            tokens.delete(TOKEN)
        self.context.session.clear(keep=[tokens.session_key(TOKEN)] if self._has_other else [])


_visitor_api = PerRequest(lambda: VisitorAPI(sign_in_context()))


def visitor_api() -> VisitorAPI:
    """Return the API object of the current request.

    :raises ConfigurationError: ``Ipernity`` is not set up for the application.
    :raises RuntimeError: there is no request.
    """
    if not has_request_context():
        raise RuntimeError(
            "ipernity.api belongs to the visitor of a request, and there is none here."
            " In jobs and commands use ipernity.api_for(token) or ipernity.owner_api."
        )
    return _visitor_api()
