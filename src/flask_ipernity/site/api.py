"""The API object of an application: it asks the cache first, and keeps the pauses."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Self

from flask import Flask

from ..caching.results import CacheKey, ResultCache, cache_key
from ..client import IpernityAPI, Transport
from ..client.methods import Method, find
from ..client.signing import plain_params
from ..client.transport import Prefetched, Reply
from ..errors import APIRequestError, QuotaExceeded, ServiceError, TokenError
from ..settings import Settings
from ..signals import Call, CallSource, api_called
from ..state import Part
from .call_log import call_log
from .quota_pause import QuotaPause

#: The viewer that has no token.
ANONYMOUS = "-"


#: Receives each answer of Ipernity, with the method and the token of the call.
Listener = Callable[[Method, str | None, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class SiteContext:
    """What the API objects of one application share; safe to use from several threads."""

    app: Flask
    settings: Settings
    transport: Transport
    pause: QuotaPause
    #: Where results are kept; ``None`` where they are not.
    cache: ResultCache | None
    listener: Listener | None = None

    def api(self, token: str | Mapping[str, Any] | None = None) -> SiteAPI:
        """Return an API object on this application's key and connections.

        :param token: as :class:`~flask_ipernity.client.IpernityAPI` takes it.
        """
        return SiteAPI(self, token)

    def viewer(self, token: str | None) -> str:
        """Return a name for the holder of *token* that does not give it away."""
        if not token:
            return ANONYMOUS
        return keyed_digest(self.app.secret_key or self.settings.app_secret, token)


#: The current application's.
site_context: Part[SiteContext] = Part("site")


def keyed_digest(secret: str | bytes, text: str) -> str:
    """Return a short name for *text* that only the holder of *secret* can make."""
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.digest(key, f"Flask-Ipernity cache {text}".encode(), "sha256").hex()[:24]


class SiteAPI(IpernityAPI):
    """Calls the API for one application, with its cache and its pauses.

    :param site: what it shares with the other API objects of the application.
    :param token: see :class:`.IpernityAPI`.
    """

    #: Whether it acts for the visitor of the current request, whose session may hold results.
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
        """The same API object, but its calls ask Ipernity, and their results are not kept."""
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
        """Call an API method, or return what it has answered a moment ago.

        :param unknown: see :meth:`.IpernityAPI.call`, as for *prefetched*.
        :param cached: ``False`` asks Ipernity in any case.
        :raises QuotaExceeded: Ipernity has asked to wait; possibly nothing was sent.
        """
        method, site, cache = find(method_name, unknown), self._site, self._site.cache
        key = self._cache_key(method, params) if cached else None
        source: CallSource = "uncached"
        error, tries = None, 0

        def ask() -> dict[str, Any]:
            nonlocal tries
            try:
                reply = self.send(method, params, prefetched)
            except (APIRequestError, ServiceError) as raised:
                tries = raised.tries
                raise
            tries = reply.tries
            return reply.answer

        began = perf_counter()
        try:
            if cache is None or key is None:
                return ask()
            source = "miss"
            result, source = cache.find(key, ask)
            return result.read(method.name, params)
        except Exception as raised:
            error = type(raised).__name__
            self._failed(raised, params)
            raise
        finally:
            seconds = perf_counter() - began
            call = Call(method.name, source, seconds, max(0, tries - 1), error)
            if log := call_log():
                log.add(call)
            if api_called.receivers:
                api_called.send(site.app, call=call)

    def _failed(self, error: Exception, params: Mapping[str, object]) -> None:
        """Do what is to be done when a call with *params* has raised *error*."""

    def _cache_key(self, method: Method, params: Mapping[str, object]) -> CacheKey | None:
        """Return what the result of a call is kept under; ``None`` where it is not kept."""
        cache = self._site.cache
        if cache is None or self._skips_cache or not method.may_be_kept:
            return None
        if cache.of_visitor and not self.of_visitor:
            return None
        named = plain_params(params)
        named.pop("auth_token", None)
        viewer = self._site.viewer(self._token(params))
        return cache_key(viewer, method.name, self.lang, self._api_key, *named.items())

    def _token(self, params: Mapping[str, object]) -> str | None:
        """Return the token that a call is made with."""
        given = params.get("auth_token")
        return str(given) if given else self.token

    def send(
        self, method: Method, params: Mapping[str, object], prefetched: object = None
    ) -> Reply:
        """Send one call, unless Ipernity has asked to wait. See :meth:`.IpernityAPI.send`.

        A call that changes anything makes the caller's next reads fresh, also
        when it fails: it may have been carried out all the same.
        """
        site, changed = self._site, method.makes_old
        site.pause.check(method.name)
        token = self._token(params)
        try:
            reply = super().send(method, params, prefetched)
        except QuotaExceeded as error:
            site.pause.begin(error)
            raise
        except APIRequestError as error:
            site.pause.end()
            if isinstance(error, TokenError):
                changed = None
            raise
        else:
            site.pause.end()
            if site.listener is not None:
                site.listener(method, token, reply.answer)
            return reply
        finally:
            if site.cache is not None and token and changed != frozenset():
                site.cache.results.forget(site.viewer(token), changed)

    def prefetch(self, method_name: str, **params: object) -> Prefetched | None:
        """Start a reading call, unless its result is cached or Ipernity has asked to wait.

        See :meth:`.IpernityAPI.prefetch`.
        """
        cache, key = self._site.cache, self._cache_key(find(method_name), params)
        if cache is not None and key is not None and cache.has(key):
            return None
        if self._site.pause.seconds_left() > 0:
            return None
        return super().prefetch(method_name, **params)
