"""The extension object, and the proxy to the current application's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, cast

from flask import Flask, url_for
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response

from .client import IpernityAPI, Transport
from .error_handler import HANDLED, handle
from .errors import ConfigurationError
from .media.relay import Relay
from .media.views import proxy
from .settings import Settings
from .sign_in import flow, session
from .sign_in.views import callback
from .sign_in.visitor import visitor_api
from .state import State, current_state
from .templating import templates

log = logging.getLogger(__name__)


class Ipernity:
    """Connects Flask applications to Ipernity.

    It holds nothing that belongs to one application: one object may serve
    several, each with its own key.

    :param app: an application to set up at once; see :meth:`init_app`.
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Read the settings of *app* and register what they ask for.

        :raises ConfigurationError: a setting is missing or wrong, or *app* is
            set up already.
        """
        if "ipernity" in app.extensions:
            raise ConfigurationError(
                "Flask-Ipernity is set up for this application already. Call either"
                " Ipernity(app) or init_app(app), and only once."
            )
        settings = Settings.read(app.config)
        user_agent = settings.user_agent or _user_agent(app)
        app.extensions["ipernity"] = State(
            extension=self,
            settings=settings,
            transport=Transport(
                settings.api_url,
                timeout=settings.timeout,
                retries=settings.retries,
                pool_size=settings.pool_size,
                user_agent=user_agent,
            ),
            relay=Relay(settings.timeout, settings.pool_size, user_agent),
        )
        app.register_blueprint(templates)
        if settings.callback:
            app.register_blueprint(callback, url_prefix=settings.callback_url_prefix)
        if settings.proxy_docs:
            app.register_blueprint(proxy, url_prefix=settings.proxy_url_prefix)
        handlers = app.error_handler_spec[None][None]
        for kind in HANDLED:
            if kind not in handlers:
                app.register_error_handler(kind, handle)
        app.context_processor(lambda: {"ipernity": ipernity})

    @property
    def api(self) -> IpernityAPI:
        """The API, for the visitor of the current request: with the visitor's
        token when signed in, else anonymous.

        :raises RuntimeError: there is no request.
        """
        return visitor_api()

    def api_for(self, token: str | Mapping[str, Any] | None) -> IpernityAPI:
        """Return an API object for *token*, in a request or outside, as in jobs and commands.

        Needs an application context. Use an object in one thread only.

        :param token: text, or the mapping that ``auth.getToken`` answers;
            ``None`` for an anonymous API.
        """
        return current_state().api(token)

    @property
    def owner_api(self) -> IpernityAPI:
        """A new API object for the site's owner, with ``IPERNITY_OWNER_TOKEN``.

        :raises ConfigurationError: the setting is missing.
        """
        token = current_state().settings.owner_token
        if token is None:
            raise ConfigurationError(
                "ipernity.owner_api needs the owner's token in IPERNITY_OWNER_TOKEN."
            )
        return current_state().api(token)

    def authorize(
        self, permissions: Mapping[str, str] | None = None, next_url: str | None = None
    ) -> Response:
        """Start a sign-in: return a redirect to Ipernity. See :func:`.flow.authorize`."""
        return flow.authorize(permissions, next_url)

    def set_token(self, frob: str | None = None) -> None:
        """Finish a sign-in, for a callback view of your own. See :func:`.flow.set_token`."""
        flow.set_token(frob)

    def logout(self) -> None:
        """Sign the visitor out: forget the token and all else of ours in the session.

        The grant itself can be ended only at Ipernity, in the settings of the account.
        """
        flow.logout()

    def session_get(self, key: str, default: Any = None) -> Any:
        """Return what the session keeps under the prefix and *key*."""
        return session.session_get(key, default)

    def session_set(self, key: str, value: Any) -> None:
        """Keep *value* in the session under the prefix and *key*."""
        session.session_set(key, value)

    def session_pop(self, key: str, default: Any = None) -> Any:
        """Remove *key* from the session and return what was there."""
        return session.session_pop(key, default)

    def media_url(self, doc_id: str | int, label: str) -> str:
        """Return the address of a document's media in this application.

        :param doc_id: the document.
        :param label: a size (``75x`` to ``2048``), a label of its media
            (``mp4``, ``hd`` …) or ``original``.
        """
        return url_for("ip_proxy.doc", doc_id=doc_id, label=label)


def _user_agent(app: Flask) -> str:
    # header values are Latin-1
    name = app.name.encode("ascii", "replace").decode()
    return f"Flask-Ipernity/{version('Flask-Ipernity')} ({name})"


#: The current application's :class:`Ipernity` object.
ipernity = cast(Ipernity, LocalProxy(lambda: current_state().extension))
