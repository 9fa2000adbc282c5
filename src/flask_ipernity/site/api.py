"""The API object of an application, with its cache, its quota pause and its log of calls."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self

from flask import Flask, has_app_context, has_request_context

from ..caching.results import BrokenResult, CacheKey, ResultCache, cache_key
from ..client import IpernityAPI, Transport
from ..client.methods import Method, find_method
from ..client.multipart import Progress, UploadSource
from ..client.signing import plain_params
from ..client.transport import Prefetched, Reply
from ..errors import APIRequestError, QuotaExceeded, ServiceError, TokenError
from ..http.redaction import hide, one_line
from ..settings import Settings
from ..signals import Call, CallSource, api_call_started, api_called
from ..state import Part
from .call_log import call_log
from .quota_pause import QuotaPause

#: The name of the viewer without a token.
ANONYMOUS = "-"

#: Is called with the method, the token, the parameters and the answer of each call that succeeds.
Listener = Callable[[Method, str | None, Mapping[str, object], dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class SiteContext:
    """What the API objects of one application share; safe to use from several threads."""

    app: Flask
    settings: Settings
    transport: Transport
    pause: QuotaPause
    #: The cache of results, if it is switched on.
    cache: ResultCache | None
    #: Is called after each successful call.
    listener: Listener | None = None

    def api(self, token: str | Mapping[str, Any] | None = None) -> SiteAPI:
        """Return an API object with this application's key and connections.

        :param token: as :class:`~flask_ipernity.client.IpernityAPI` takes it.
        """
        return SiteAPI(self, token)

    def viewer(self, token: str | None) -> str:
        """Return a name for the holder of *token*, from which the token cannot be found out."""
        if not token:
            return ANONYMOUS
        return keyed_digest(self.app.secret_key or self.settings.app_secret, token)


#: The context of the current application.
site_context: Part[SiteContext] = Part("site")


def keyed_digest(secret: str | bytes, text: str) -> str:
    """Return a short digest of *text* that needs *secret* to compute."""
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.digest(key, f"Flask-Ipernity cache {text}".encode(), "sha256").hex()[:24]


def _call(
    method: str, source: CallSource, seconds: float, tries: int, size: int, error: Exception | None
) -> Call:
    """Return the record of a call that has ended, perhaps with *error*."""
    retries = max(0, tries - 1)
    if error is None:
        return Call(method, source, seconds, retries, None, bytes=size)
    code, message = None, str(error)
    if isinstance(error, APIRequestError):
        code, message = error.code, error.message
    return Call(method, source, seconds, retries, type(error).__name__, code, one_line(message))


class SiteAPI(IpernityAPI):
    """Calls the API for one application, with its cache, its quota pause and its log of calls.

    :param site: shared with the other API objects of the application.
    :param token: see :class:`.IpernityAPI`.
    """

    #: Whether it acts for the visitor of the current request; the session may then be the cache.
    of_visitor = False

    def __init__(self, site: SiteContext, token: str | Mapping[str, Any] | None = None) -> None:
        settings = site.settings
        super().__init__(
            settings.app_key,
            settings.app_secret,
            token,
            auth="web",
            auth_url_base=settings.authorize_url,
            lang=settings.lang,
            transport=site.transport,
        )
        self._site = site
        self._skips_cache = False

    @property
    def uncached(self) -> Self:
        """The same API object without the cache: it neither reads nor stores results."""
        view = copy(self)
        view._skips_cache = True
        return view

    def call(
        self,
        method_name: str,
        *,
        unknown: object = False,
        prefetched: object = None,
        cached: object = True,
        **params: object,
    ) -> dict[str, Any]:
        """Call an API method, or return its result from the cache.

        :param unknown: see :meth:`.IpernityAPI.call`, as for *prefetched* and *params*.
        :param cached: ``False`` bypasses the cache.
        :raises QuotaExceeded: Ipernity has asked to wait; perhaps nothing was sent.
        """
        params = hide(params)
        method, cache = find_method(method_name, unknown), self._site.cache
        key = self._cache_key(method, params) if cached else None
        source: CallSource = "uncached"
        error: Exception | None = None
        tries = size = 0

        def ask() -> dict[str, Any]:
            nonlocal tries, size
            # A cache on a server has just read the pause with the result.
            self._site.pause.check(method.name, read=key is None)
            try:
                reply = self.send(method, params, prefetched)
            except (APIRequestError, ServiceError) as raised:
                tries = raised.tries
                raise
            tries, size = reply.tries, reply.size
            return reply.answer

        if api_call_started.receivers:
            api_call_started.send(self._site.app, method=method.name)
        began = perf_counter()
        try:
            if cache is None or key is None:
                return ask()
            source = "miss"
            result, source = cache.find(key, ask, self._public_key(method, params))
            try:
                return result.read(method.name, params)
            except BrokenResult:
                result, source = cache.replace(key, ask)
            return result.read(method.name, params)
        except Exception as raised:
            error = raised
            if isinstance(raised, APIRequestError):
                owner = self._site.settings.owner_token
                raised.of_owner = owner is not None and self.token_of(params) == owner
            self.handle_error(raised, params)
            raise
        finally:
            seconds = perf_counter() - began
            call = _call(method.name, source, seconds, tries, size, error)
            # It holds this frame, which would hold it.
            del error
            if has_app_context():
                call_log().add(call)
            if api_called.receivers:
                api_called.send(self._site.app, call=call)

    def open_file(self, file: Any, on_progress: Progress | None = None) -> UploadSource:
        """Return a file to upload, open. See :meth:`.IpernityAPI.open_file`.

        :raises TypeError: it is the path of a file as text, in a request. A visitor could have
            written it into the form's field for a file, and upload any file of the server.
        """
        if isinstance(file, str) and has_request_context():
            raise TypeError(
                "file=str: in a request, a text may come from the visitor and is never opened as a"
                " path. Pass request.files[…], an open binary file, or pathlib.Path(…) for a file"
                " of your own."
            )
        return super().open_file(file, on_progress)

    def handle_error(self, error: Exception, params: Mapping[str, object]) -> None:
        """Handle the *error* of a call with *params*, which is raised after that.

        For subclasses; does nothing here.
        """

    def _cache_key(
        self, method: Method, params: Mapping[str, object], viewer: str | None = None
    ) -> CacheKey | None:
        """Return the cache key of a call; ``None`` if its result is not cached.

        :param viewer: who calls; by default the holder of the token.
        """
        cache = self._site.cache
        if cache is None or self._skips_cache or not method.cacheable:
            return None
        if cache.of_visitor and not self.of_visitor:
            return None
        named = plain_params(params)
        named.pop("auth_token", None)
        viewer = viewer or self._site.viewer(self.token_of(params))
        return cache_key(viewer, method.name, self.lang, self._api_key, *named.items())

    def _public_key(self, method: Method, params: Mapping[str, object]) -> CacheKey | None:
        """Return the key of the result that may stand in for a visitor's while Ipernity fails:
        what the same call without a token was answered.

        Only for visitors, who read pages. A job might take it for all that there is.
        """
        is_signed_in = self.of_visitor and self.token is not None and "auth_token" not in params
        if not is_signed_in or self._site.cache is None or self._site.cache.of_visitor:
            return None
        return self._cache_key(method, params, ANONYMOUS)

    def send(
        self, method: Method, params: Mapping[str, object], prefetched: object = None
    ) -> Reply:
        """Send one call, and invalidate what it changes. See :meth:`.IpernityAPI.send`.

        A call that changes data invalidates cached results of the token's holder, even if it
        fails: it may have been carried out all the same.
        """
        site, invalidated = self._site, method.invalidates
        token = self.token_of(params)
        try:
            reply = super().send(method, params, prefetched)
        except QuotaExceeded as error:
            site.pause.begin(error)
            raise
        except APIRequestError as error:
            site.pause.end()
            if isinstance(error, TokenError):
                invalidated = None
            raise
        else:
            site.pause.end()
            if site.listener is not None:
                site.listener(method, token, params, reply.answer)
            return reply
        finally:
            if site.cache is not None and token and invalidated != frozenset():
                site.cache.forget(site.viewer(token), invalidated)

    def prefetch(self, method_name: str, **params: object) -> Prefetched | None:
        """Send a call in another thread, unless its result is cached or Ipernity has asked to wait.

        See :meth:`.IpernityAPI.prefetch`.
        """
        params = hide(params)
        cache, key = self._site.cache, self._cache_key(find_method(method_name), params)
        if cache is not None and key is not None and cache.has(key):
            return None
        if self._site.pause.seconds_left(read=key is None) > 0:
            return None
        return super().prefetch(method_name, **params)
