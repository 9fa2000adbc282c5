"""The extension object, and the proxy to the current application's."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, cast

from flask import Flask, url_for
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response

from .caching.calls import Calls, SiteAPI
from .caching.told import Call
from .client.methods import find
from .client.writes import service_of
from .error_handler import HANDLED, handle
from .errors import ConfigurationError
from .per_request import here
from .settings import Settings
from .sign_in import flow, session
from .sign_in.tokens import token_store
from .sign_in.views import callback
from .sign_in.visitor import visitor_api
from .state import State, current_application, current_state
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
        if settings.confirm_sign_in and not settings.callback:
            raise ConfigurationError(
                "IPERNITY_CONFIRM_SIGN_IN needs the callback page of Flask-Ipernity:"
                " leave IPERNITY_CALLBACK on."
            )
        if settings.login:
            from . import login

            login.init_app(app, settings)
        from .media.shared import Media

        user_agent = settings.user_agent or _user_agent(app)
        calls, media = Calls(app, settings, user_agent), Media(settings, user_agent)
        if settings.proxy_docs:
            calls.listener = media.addresses.listen
        app.extensions["ipernity"] = State(
            extension=self,
            settings=settings,
            tokens=token_store(settings),
            calls=calls,
            media=media,
        )
        app.register_blueprint(templates)
        if settings.callback:
            app.register_blueprint(callback, url_prefix=settings.callback_url_prefix)
        if settings.proxy_docs:
            from .media.views import proxy

            app.register_blueprint(proxy, url_prefix=settings.proxy_url_prefix)
        handlers = app.error_handler_spec[None][None]
        for kind in HANDLED:
            if kind not in handlers:
                app.register_error_handler(kind, handle)
        if settings.cache_requests and settings.cache == "session":
            from .caching.in_session import fit

            # They run from the last to the first, and this must be the very last.
            app.after_request_funcs.setdefault(None, []).insert(0, fit)
        app.context_processor(lambda: {"ipernity": ipernity})

    @property
    def api(self) -> SiteAPI:
        """The API, for the visitor of the current request: with the visitor's
        token when signed in, else anonymous.

        :raises RuntimeError: there is no request.
        """
        return visitor_api()

    def api_for(self, token: str | Mapping[str, Any] | None) -> SiteAPI:
        """Return an API object for *token*, in a request or outside, as in jobs and commands.

        Needs an application context. Use an object in one thread only.

        :param token: text, or the mapping that ``auth.getToken`` answers;
            ``None`` for an anonymous API.
        """
        return current_state().api(token)

    @property
    def owner_api(self) -> SiteAPI:
        """A new API object for the site's owner, with ``IPERNITY_OWNER_TOKEN``.

        :raises ConfigurationError: the setting is missing.
        """
        token = current_state().settings.owner_token
        if token is None:
            raise ConfigurationError(
                "ipernity.owner_api needs the owner's token in IPERNITY_OWNER_TOKEN."
            )
        return current_state().api(token)

    @property
    def last_call(self) -> Call | None:
        """The last call of this request, or of this application context outside of requests."""
        kept = here()
        return kept.last_call if kept else None

    def server_timing(self, response: Response) -> Response:
        """Tell the browser how long the calls of this request took, and where results are from.

        To be registered with ``app.after_request``; the browser's developer tools show it.
        """
        kept = here()
        if kept and kept.last_call:
            response.headers.add("Server-Timing", kept.server_timing())
        return response

    def cache_clear(self, method: str | None = None, *, viewer: SiteAPI | None = None) -> None:
        """Forget results that are kept; all of them by default.

        With the session as store, only results in the current visitor's session can be forgotten.

        :param method: only those of this method.
        :param viewer: only those of the holder of this API object's token, such
            as ``ipernity.api``; with *method*, those of the method's service.
        :raises UnknownMethod: there is no such method.
        """
        calls = current_state().calls
        name = None if method is None else find(method).name
        if calls.cache is None:
            return
        if viewer is None:
            calls.cache.results.clear(name)
        else:
            services = None if name is None else {service_of(name)}
            calls.cache.results.forget(calls.viewer(viewer.token), services)

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

    def media_url(
        self,
        doc_id: str | int,
        label: str,
        as_owner: bool = False,
        max_age: int | None = None,
    ) -> str:
        """Return the address of a document's media in this application.

        :param doc_id: the document.
        :param label: a size (``75x`` to ``2048``), a label of its media
            (``mp4``, ``hd`` …) or ``original``.
        :param as_owner: show it with the grant of the site's owner to whoever
            has this address, until it expires.
        :param max_age: seconds until then; by default 3600.
        :raises ConfigurationError: *as_owner* without ``IPERNITY_OWNER_TOKEN``
            or ``SECRET_KEY``.
        """
        query: dict[str, Any] = {}
        if as_owner:
            from .media import signed

            if current_state().settings.owner_token is None:
                raise ConfigurationError(
                    "media_url(as_owner=True) needs the owner's token in IPERNITY_OWNER_TOKEN."
                )
            seconds = signed.MAX_AGE if max_age is None else max_age
            query = signed.sign(current_application(), str(doc_id), label, seconds)
        return url_for("ip_proxy.doc", doc_id=doc_id, label=label, **query)


def _user_agent(app: Flask) -> str:
    # header values are Latin-1
    name = app.name.encode("ascii", "replace").decode()
    return f"Flask-Ipernity/{version('Flask-Ipernity')} ({name})"


class _Current(LocalProxy[Ipernity]):
    """The current application's extension; for ``api``, of which each call is asked, in short."""

    @property
    def api(self) -> SiteAPI:
        return visitor_api()


#: The current application's :class:`Ipernity` object.
ipernity = cast(Ipernity, _Current(lambda: current_state().extension))
