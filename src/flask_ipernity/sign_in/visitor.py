"""The visitor of the current request, and the API object that acts for the visitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, has_request_context

from ..errors import TokenError
from ..settings import Settings
from ..signals import token_forgotten, token_revoked
from ..site.api import SiteAPI, SiteContext
from ..state import Part, PerRequest
from .seen import Seen
from .session import PendingSignIns, VisitorSession
from .tokens import CANDIDATE, TOKEN, RecordStore


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


#: The current application's.
sign_in_context: Part[SignInContext] = Part("sign_in")


class VisitorAPI(SiteAPI):
    """Calls the API for the visitor of the current request.

    A token that is no longer valid is deleted, so that the visitor is anonymous from then on, not
    locked out.

    :param context: the state of the application's sign-in.
    """

    of_visitor = True

    def __init__(self, context: SignInContext) -> None:
        super().__init__(context.site, context.tokens.get(TOKEN))
        self.context = context

    def handle_error(self, error: Exception, params: Mapping[str, object]) -> None:
        if isinstance(error, TokenError):
            error.of_visitor = True
            own = "auth_token" not in params and "frob" not in params
            if error.code != 106 and own and self.token is not None:
                self._bury(self.token)

    def _bury(self, token: str) -> None:
        """Delete the invalid *token*. If several requests find it invalid, one signal is sent."""
        context, user = self.context, self.known_user
        others = context.pending.entries()
        self.forget()
        token_forgotten.send(context.app)
        if context.seen.is_new(token):
            token_revoked.send(context.app, user=user)
        # Another tab may be at Ipernity.
        context.pending.keep(others)

    @property
    def known_user(self) -> dict[str, Any] | None:
        """The user of the token, as far as it is known without a call."""
        return self._grant.user

    def keep(self, auth: dict[str, Any]) -> None:
        """Sign the visitor in with *auth*, the mapping in the answer of ``auth.getToken``.

        All our other keys are removed from the session, and it gets a new id.

        :raises SignInError: the token cannot be stored.
        """
        context = self.context
        self.forget()
        context.session.renew()
        lifetime = int(context.app.permanent_session_lifetime.total_seconds())
        context.tokens.set(TOKEN, auth, lifetime)
        self.token = auth
        context.seen.forget(auth["token"])

    def forget(self) -> None:
        """Remove the token and all our keys from the session."""
        self.token = None
        self.context.tokens.delete(TOKEN, CANDIDATE)
        self.context.session.clear()


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
