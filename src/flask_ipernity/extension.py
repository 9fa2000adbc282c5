"""The extension object, and the proxy for that of the current application."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, cast

from flask import Flask, current_app, has_app_context, url_for
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response

from .caching.backends import TextStore, text_store
from .caching.results import MemoryResults, ResultCache, ResultStore
from .client import Transport
from .client.methods import find_method, service_of
from .error_handler import handle
from .errors import ConfigurationError, HasResponse
from .http.redaction import Secret
from .settings import Settings, check_secret_keys
from .sign_in import flow
from .sign_in.authorize import authorize
from .sign_in.guard import warn_of_cached_guards
from .sign_in.secret_key import tell_missing_secret_key
from .sign_in.seen import Seen
from .sign_in.session import PendingSignIns, VisitorSession, app_mark
from .sign_in.tokens import record_store
from .sign_in.views import callback_blueprint
from .sign_in.visitor import SignInContext, sign_in_context, visitor_api
from .signals import Call
from .site.api import Listener, SiteAPI, SiteContext, keyed_digest, site_context
from .site.call_log import call_log
from .site.quota_pause import QuotaPause
from .state import AppState, Part, ReadSettings, current_state
from .web.any_host import on_any_host
from .web.templates import resources
from .web.text import plain_text, safe_html
from .web.translation import gettext_html


class Ipernity:
    """Connects Flask applications to Ipernity.

    It has no state of its own: one object can serve several applications, each with its own key.

    :param app: an application to set up at once; see :meth:`init_app`.
    """

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def __repr__(self) -> str:
        state = current_app.extensions.get("ipernity") if has_app_context() else None
        return f"<Ipernity of {state.app.name!r}>" if isinstance(state, AppState) else "<Ipernity>"

    def init_app(self, app: Flask) -> None:
        """Read the settings of *app*, and register blueprints and an error handler.

        :raises ConfigurationError: a setting is missing or wrong, or *app* has been set up before.
        """
        if "ipernity" in app.extensions:
            raise ConfigurationError(
                "Flask-Ipernity is set up for this application already. Call either"
                " Ipernity(app) or init_app(app), and only once."
            )
        read = ReadSettings(app.config)
        check_secret_keys(app.config)
        settings = read.settings
        if settings.confirm_sign_in and not settings.callback:
            raise ConfigurationError(
                "IPERNITY_CONFIRM_SIGN_IN needs the callback page of Flask-Ipernity:"
                " leave IPERNITY_CALLBACK on."
            )
        if settings.login:
            from . import login

            with on_any_host(app):
                login.init_app(app, settings)
        self._connect(app, read)
        # First, so that no function of the application uses settings that are too old.
        app.before_request_funcs.setdefault(None, []).insert(0, _BeforeRequest(app))
        app.jinja_env.globals["ipernity_gettext"] = gettext_html
        app.jinja_env.filters.update(ipernity_text=plain_text, ipernity_html=safe_html)
        with on_any_host(app):
            app.register_blueprint(resources, url_prefix=settings.callback_url_prefix)
            callback = callback_blueprint(finishes=settings.callback)
            app.register_blueprint(callback, url_prefix=settings.callback_url_prefix)
            if settings.proxy_docs:
                from .media.views import proxy

                app.register_blueprint(proxy, url_prefix=settings.proxy_url_prefix)
        app.register_error_handler(HasResponse, handle)
        app.context_processor(lambda: {"ipernity": ipernity})

    def _connect(self, app: Flask, read: ReadSettings) -> None:
        """Give *app* its state."""

        def reconnect() -> None:
            self._connect(app, read.again())

        parts = self._parts(app, read.settings)
        tell_missing_secret_key(app, read.settings)
        app.extensions["ipernity"] = AppState(app, read, parts, reconnect)

    def _parts(self, app: Flask, settings: Settings) -> dict[Part[Any], Any]:
        """Return the state of the rooms for *app*."""
        from .media.guesses import GuessBudget
        from .media.lookup import MediaLookup
        from .media.state import MediaState, media_state

        user_agent = settings.user_agent or _user_agent(app)
        # What is in the memory of this process is known to it without a store.
        texts = None if settings.cache == "memory" else text_store(settings.cache)
        prefix = f"ipernity:{keyed_digest(settings.app_key, settings.api_url)}"
        guesses = GuessBudget(texts, f"{prefix}:guesses")
        lookup = MediaLookup(settings.proxy_owners, guesses)
        session = VisitorSession(settings.session_prefix)
        mark = app_mark(settings.app_key)
        pending = PendingSignIns(session, settings.sign_in_max_age, mark)
        site = _site_context(
            app,
            settings,
            session,
            pending,
            user_agent,
            texts,
            prefix,
            listener=lookup.add_answer if settings.proxy_docs else None,
        )
        sign_in = SignInContext(
            app=app,
            settings=settings,
            site=site,
            session=session,
            tokens=record_store(settings, session),
            pending=pending,
            seen=Seen(),
            mark=mark,
        )
        return {
            current_extension: self,
            site_context: site,
            sign_in_context: sign_in,
            media_state: MediaState(site, lookup, user_agent),
        }

    @property
    def api(self) -> SiteAPI:
        """The API object for the visitor of the current request, with the visitor's token if the
        visitor is signed in.

        :raises RuntimeError: there is no request.
        """
        return visitor_api()

    def api_for(self, token: str | Mapping[str, Any] | None) -> SiteAPI:
        """Return an API object for *token*, for use outside of requests, in jobs and commands.

        Needs an application context. Use each object in one thread only.

        :param token: the token as text, or the mapping ``auth`` in the answer of
            ``auth.getToken``; ``None`` for anonymous calls.
        """
        _check_settings()
        return site_context().api(token)

    @property
    def public_api(self) -> SiteAPI:
        """A new API object without a token, for what is the same for all visitors.

        Its results are shared by all of them, also by those who are signed in.
        """
        return self.api_for(None)

    @property
    def owner_api(self) -> SiteAPI:
        """A new API object for the site's owner, with :confval:`IPERNITY_OWNER_TOKEN`.

        :raises ConfigurationError: the setting is missing.
        """
        _check_settings()
        token = current_state().settings.owner_token
        if token is None:
            raise ConfigurationError(
                "ipernity.owner_api needs the owner's token in IPERNITY_OWNER_TOKEN."
            )
        return site_context().api(token)

    @property
    def last_call(self) -> Call | None:
        """The last call of this request or, outside of requests, of this application context."""
        return call_log().last if has_app_context() else None

    @staticmethod
    def server_timing(response: Response) -> Response:
        """Add a ``Server-Timing`` header: how long the calls of this request took, and how many
        results came from the cache.

        Register it with ``app.after_request``; the browser's developer tools show it.
        """
        log = call_log()
        if log.last:
            response.headers.add("Server-Timing", log.server_timing())
        return response

    def cache_clear(self, method: str | None = None, *, viewer: SiteAPI | None = None) -> None:
        """Remove cached results; by default, all of them.

        If results are cached in the session, only those of the current visitor can be removed.

        :param method: remove only the results of this method.
        :param viewer: remove only the results for the token of this API object, such as
            ``ipernity.api``. Together with *method*, all results of the method's service are
            removed.
        :raises UnknownMethod: there is no such method.
        """
        site = site_context()
        name = None if method is None else find_method(method).name
        if site.cache is None:
            return
        if viewer is None:
            site.cache.clear(name)
        else:
            services = None if name is None else {service_of(name)}
            site.cache.forget(site.viewer(viewer.token), services)

    def authorize(
        self, permissions: Mapping[str, str] | None = None, next_url: str | None = None
    ) -> Response:
        """Start a sign-in: return a redirect to Ipernity, with status 302.

        With ``SESSION_COOKIE_SAMESITE = "Strict"``, a visitor who comes from another site gets a
        page that leads there.

        :param permissions: what to ask for; by default :confval:`IPERNITY_PERMISSIONS`.
        :param next_url: a URL of this application where the visitor goes afterwards; by default
            the current one. Any other URL leads to the front page.
        :raises ConfigurationError: a permission does not exist.
        :raises SignInError: the request is not a navigation of the visitor, but for an image, a
            frame, a script or a prefetch; or the store of tokens does not work.
        """
        return authorize(permissions, next_url)

    def set_token(self, frob: str | None = None) -> str:
        """Finish a sign-in, for a callback view of your own, and return the path to go to.

        A request with another method than ``GET`` ends with status 405.

        :param frob: the frob; by default that of the current request.
        :raises SignInError: the request is not a navigation of the visitor, the session did not
            start the sign-in, it took too long, was refused, granted too little, was started by
            another site, or brought another account than the one that is signed in.
        :raises ServiceError: Ipernity gave no usable answer.
        :raises ConfigurationError: :confval:`IPERNITY_CONFIRM_SIGN_IN` is on, which needs the
            callback of the extension.
        """
        frob = frob and Secret(frob)
        return flow.set_token(frob)

    def logout(self) -> None:
        """Sign the visitor out: remove the token and all our keys from the session.

        The visitor can revoke the token at Ipernity, in the settings of the account.
        """
        flow.logout()

    def session_get(self, key: str, default: Any = None) -> Any:
        """Return the session's value for the prefix and *key*."""
        return sign_in_context().session.get(key, default)

    def session_set(self, key: str, value: Any) -> None:
        """Store *value* in the session under the prefix and *key*."""
        sign_in_context().session.set(key, value)

    def session_pop(self, key: str, default: Any = None) -> Any:
        """Remove the prefix and *key* from the session, and return the value."""
        return sign_in_context().session.pop(key, default)

    def media_url(
        self,
        doc_id: str | int,
        label: str | int,
        as_owner: bool = False,
        max_age: int | None = None,
    ) -> str:
        """Return the URL of a document's media in this application.

        The service is not asked whether the document has such a file.

        :param doc_id: the document.
        :param label: a size (``75x`` to ``2048``), a label of its media
            (``mp4``, ``hd`` …) or ``original``.
        :param as_owner: sign the URL, so that it shows the file with the grant
            of the site's owner to everybody who has it, until it expires.
        :param max_age: seconds until a signed URL expires, 1 or more; by default 3600.
        :raises ValueError: no document can have this id or label, or *max_age*
            is below 1, or given without *as_owner*: URLs without a signature
            do not expire.
        :raises ConfigurationError: ``IPERNITY_PROXY_DOCS`` is off; or *as_owner*
            without ``IPERNITY_OWNER_TOKEN`` or ``SECRET_KEY``.
        """
        from .media import labels, signed_urls

        state = current_state()
        if not state.settings.proxy_docs:
            raise ConfigurationError(
                "ipernity.media_url needs the media proxy, but IPERNITY_PROXY_DOCS is False."
            )
        doc_id, label = labels.check(doc_id, label)
        query: dict[str, Any] = {}
        if as_owner:
            if state.settings.owner_token is None:
                raise ConfigurationError(
                    "ipernity.media_url(as_owner=True) needs the owner's token in"
                    " IPERNITY_OWNER_TOKEN."
                )
            query = signed_urls.sign(state.app, doc_id, label, max_age)
        elif max_age is not None:
            raise ValueError("max_age needs as_owner=True: only signed URLs expire.")
        return url_for("ip_proxy.doc", doc_id=doc_id, label=label, **query)


def _check_settings() -> None:
    current_state().read.check()


class _BeforeRequest:
    """Checks the settings of *app* and, when the first request comes, its views."""

    def __init__(self, app: Flask) -> None:
        self._app: Flask | None = app

    def __call__(self) -> None:
        _check_settings()
        if self._app is not None:
            app, self._app = self._app, None
            if app is not None:  # else another thread is looking at them
                warn_of_cached_guards(app)


def _user_agent(app: Flask) -> str:
    # Header values are Latin-1.
    name = app.name.encode("ascii", "replace").decode()
    return f"Flask-Ipernity/{version('Flask-Ipernity')} ({name})"


def _site_context(
    app: Flask,
    settings: Settings,
    session: VisitorSession,
    pending: PendingSignIns,
    user_agent: str,
    texts: TextStore | None,
    prefix: str,
    listener: Listener | None,
) -> SiteContext:
    pause = QuotaPause(texts, f"{prefix}:pause")
    cache = None
    if settings.cache_requests and settings.cache == "session":
        from .sign_in.session_results import SessionResults

        in_session = SessionResults(session, pending)
        in_session.init_app(app, settings.session_prefix)
        cache = ResultCache(in_session, settings.cache_max_age, 0, of_visitor=True)
    elif settings.cache_requests:
        results = (
            MemoryResults() if texts is None else _server_results(settings, texts, prefix, pause)
        )
        cache = ResultCache(results, settings.cache_max_age, settings.cache_stale_age)
    return SiteContext(
        app=app,
        settings=settings,
        transport=Transport(
            settings.api_url,
            timeout=settings.timeout,
            retries=settings.retries,
            pool_size=settings.pool_size,
            user_agent=user_agent,
            proxy=settings.https_proxy,
        ),
        pause=pause,
        cache=cache,
        listener=listener,
    )


def _server_results(
    settings: Settings, texts: TextStore, prefix: str, pause: QuotaPause
) -> ResultStore:
    from .caching.versioned import VersionedResults

    max_age = settings.cache_max_age + settings.cache_stale_age
    return VersionedResults(texts, prefix, max_age, also=(pause.key, pause.adopt))


#: The object with which the current application was set up.
current_extension: Part[Ipernity] = Part("extension")


class _CurrentIpernity(LocalProxy[Ipernity]):
    """The current application's :class:`Ipernity` object."""

    #: Registered with an application before there is a current one.
    server_timing = staticmethod(Ipernity.server_timing)


#: The current application's :class:`Ipernity` object.
ipernity = cast(Ipernity, _CurrentIpernity(current_extension))
