"""Who is there: the visitor's token, and the API object that acts for the visitor."""

from __future__ import annotations

from typing import Any

from flask import g, has_request_context, request

from ..client import IpernityAPI
from ..errors import TokenError
from ..signals import token_revoked
from ..state import current_application, current_state
from .session import session_clear, session_get, session_set


class VisitorAPI(IpernityAPI):
    """Calls the API for the visitor of the current request.

    A token that turns out to be dead is forgotten, so that the visitor is
    anonymous from then on rather than locked out.
    """

    def call(self, method_name: str, **params: object) -> dict[str, Any]:
        try:
            return super().call(method_name, **params)
        except TokenError as error:
            error.of_visitor = True
            if error.code != 106 and self.token is not None and "auth_token" not in params:
                user = self.known_user
                self.forget()
                token_revoked.send(current_application(), user=user)
            raise

    @property
    def known_user(self) -> dict[str, Any] | None:
        """Whose token it is, as far as it is known without a call."""
        return self._user

    def keep(self, auth: dict[str, Any]) -> None:
        """Sign the visitor in with *auth*, as ``auth.getToken`` answers it."""
        self.token = auth
        session_set("token", auth)

    def forget(self) -> None:
        """Forget the visitor: the token, and all else of ours in the session."""
        self.token = None
        session_clear()


def visitor_api() -> VisitorAPI:
    """Return the API object of the current request.

    :raises RuntimeError: there is no request, and so no visitor.
    """
    if not has_request_context():
        raise RuntimeError(
            "ipernity.api belongs to the visitor of a request, and there is none here."
            " In jobs and commands use ipernity.api_for(token) or ipernity.owner_api."
        )
    # g may belong to an application context that outlives the request, so what
    # lies there counts only for the request that it was made for.
    current = request._get_current_object()  # type: ignore[attr-defined]
    made_for, kept = g.get("_ipernity_api", (None, None))
    if made_for is current and isinstance(kept, VisitorAPI):
        return kept
    api = current_state().api(session_get("token"), VisitorAPI)
    g._ipernity_api = (current, api)
    return api
