"""Who is there: the visitor's token, and the API object that acts for the visitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..caching.calls import SiteAPI
from ..errors import TokenError
from ..per_request import here
from ..signals import token_forgotten, token_revoked
from ..state import current_application, current_state
from . import started
from .session import session_clear
from .tokens import CANDIDATE, TOKEN


class VisitorAPI(SiteAPI):
    """Calls the API for the visitor of the current request.

    A token that turns out to be dead is forgotten, so that the visitor is
    anonymous from then on rather than locked out.
    """

    of_visitor = True

    def _failed(self, error: Exception, params: Mapping[str, object]) -> None:
        if isinstance(error, TokenError):
            error.of_visitor = True
            own = "auth_token" not in params and "frob" not in params
            if error.code != 106 and own and self.token is not None:
                self._bury(self.token)

    def _bury(self, token: str) -> None:
        """Forget the dead *token*, and tell it once when several requests find it dead."""
        app, user, others = current_application(), self.known_user, started.entries()
        self.forget()
        token_forgotten.send(app)
        if current_state().once.first(token):
            token_revoked.send(app, user=user)
        # A tab may be at Ipernity right now.
        started.keep(others)

    @property
    def known_user(self) -> dict[str, Any] | None:
        """Whose token it is, as far as it is known without a call."""
        return self._user

    def keep(self, auth: dict[str, Any]) -> None:
        """Sign the visitor in with *auth*, as ``auth.getToken`` answers it."""
        state = current_state()
        self.token = auth
        lifetime = int(current_application().permanent_session_lifetime.total_seconds())
        state.tokens.set(TOKEN, auth, lifetime)
        state.once.forget(auth["token"])

    def forget(self) -> None:
        """Forget the visitor: the token, and all else of ours in the session."""
        self.token = None
        tokens = current_state().tokens
        tokens.delete(TOKEN)
        tokens.delete(CANDIDATE)
        session_clear()


def visitor_api() -> VisitorAPI:
    """Return the API object of the current request.

    :raises ConfigurationError: ``Ipernity`` was not set up for the application.
    :raises RuntimeError: there is no request, and so no visitor.
    """
    kept = here()
    if kept is not None and kept.api is not None:
        return kept.api
    state = current_state()
    if kept is None or kept.request is None:
        raise RuntimeError(
            "ipernity.api belongs to the visitor of a request, and there is none here."
            " In jobs and commands use ipernity.api_for(token) or ipernity.owner_api."
        )
    kept.api = VisitorAPI(state.calls, state.tokens.get(TOKEN))
    return kept.api
