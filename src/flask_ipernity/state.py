"""What belongs to one application, and how to reach the current one's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask.globals import app_ctx

from .caching.calls import Calls, SiteAPI
from .errors import ConfigurationError
from .settings import Settings
from .sign_in.once import Once

if TYPE_CHECKING:
    from .extension import Ipernity
    from .media.shared import Media
    from .sign_in.tokens import TokenStore


@dataclass(frozen=True, slots=True)
class State:
    """The state of one application; ``app.extensions["ipernity"]``, frozen after ``init_app``."""

    extension: Ipernity
    settings: Settings
    tokens: TokenStore = field(repr=False)
    calls: Calls = field(repr=False)
    media: Media = field(repr=False)
    once: Once = field(default_factory=Once, repr=False)

    def api(self, token: str | Mapping[str, Any] | None = None) -> SiteAPI:
        """Return an API object on this application's key and connections.

        :param token: as :class:`~flask_ipernity.client.IpernityAPI` takes it.
        """
        return SiteAPI(self.calls, token)


def current_state() -> State:
    """Return the state of the current application.

    :raises ConfigurationError: ``Ipernity`` was not set up for it.
    """
    # Much asks; flask.current_app takes five times as long.
    state = app_ctx._get_current_object().app.extensions.get("ipernity")  # type: ignore[attr-defined]
    if not isinstance(state, State):
        raise ConfigurationError(
            "Flask-Ipernity is not set up for this application. Call Ipernity(app), or"
            " init_app(app), once when the application is made."
        )
    return state


def current_application() -> Flask:
    """Return the current application itself, which is what signals are sent with."""
    return app_ctx._get_current_object().app  # type: ignore[attr-defined, no-any-return]
