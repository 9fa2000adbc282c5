"""The API object of an application: it asks the cache first, and keeps the pauses."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

from flask import Flask

from ..client import IpernityAPI
from ..client.methods import Method, find
from ..client.signing import plain_params
from ..client.walking import Arriving
from ..client.writes import changes
from ..errors import APIRequestError, QuotaExceeded, TokenError
from ..per_request import here
from ..settings import Settings
from ..signals import api_called
from .pause import Pause
from .results import Place, ResultCache, place
from .told import UNCACHED, Call, CountedTransport

if TYPE_CHECKING:
    from ..stores import Texts

#: The viewer that has no token.
ANONYMOUS = "-"


class Calls:
    """What the calls of one application have in common; safe to share between threads."""

    def __init__(self, app: Flask, settings: Settings, user_agent: str) -> None:
        self.app = app
        self.settings = settings
        self.transport = CountedTransport(
            settings.api_url,
            timeout=settings.timeout,
            retries=settings.retries,
            pool_size=settings.pool_size,
            user_agent=user_agent,
        )
        #: Is told each answer of Ipernity, and whose token it was asked with.
        self.listener: Callable[[Method, str | None, dict[str, Any]], None] | None = None
        self.in_session = settings.cache == "session"
        texts: Texts | None = None
        if not self.in_session:
            from ..stores import server_texts

            texts = server_texts(settings.cache)
        prefix = f"ipernity:{_digest(settings.app_key, settings.api_url)}"
        self.pause = Pause(texts, f"{prefix}:pause")
        self.cache = _result_cache(settings, texts, prefix) if settings.cache_requests else None

    def viewer(self, token: object) -> str:
        """Return a name for the holder of *token* that does not give it away."""
        if not token:
            return ANONYMOUS
        return _digest(self.app.secret_key or self.settings.app_secret, str(token))


def _result_cache(settings: Settings, texts: Texts | None, prefix: str) -> ResultCache:
    if texts is None:
        from .in_session import SessionResults

        return ResultCache(SessionResults(), settings.cache_max_age, 0)
    from .server import ServerResults

    longest = settings.cache_max_age + settings.cache_stale_age
    results = ServerResults(texts, prefix, longest)
    return ResultCache(results, settings.cache_max_age, settings.cache_stale_age)


def _digest(secret: str | bytes, text: str) -> str:
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.digest(key, f"Flask-Ipernity cache {text}".encode(), "sha256").hex()[:24]


class SiteAPI(IpernityAPI):
    """Calls the API for one application, with its cache and its pauses.

    :param calls: what it shares with the other API objects of the application.
    :param token: see :class:`.IpernityAPI`.
    """

    # Not in __dict__, which an object shares with its `uncached`.
    __slots__ = ("_skips_cache",)

    #: Whether it acts for the visitor of the current request, whose session may hold results.
    of_visitor = False

    def __init__(self, calls: Calls, token: str | Mapping[str, Any] | None = None) -> None:
        settings = calls.settings
        super().__init__(
            settings.app_key,
            settings.app_secret,
            token,
            auth="web",
            auth_url_base=settings.authorize_url,
            lang=settings.lang,
            transport=calls.transport,
        )
        self._calls = calls
        self._skips_cache = False

    @property
    def uncached(self) -> Self:
        """The same API object, but its calls ask Ipernity, and their results are not kept."""
        view = object.__new__(type(self))
        view.__dict__ = self.__dict__
        view._skips_cache = True
        return view

    def call(
        self,
        method_name: str,
        *,
        unknown: object = False,
        cached: object = True,
        **params: object,
    ) -> dict[str, Any]:
        """Call an API method, or return what it has answered a moment ago.

        :param unknown: see :meth:`.IpernityAPI.call`.
        :param cached: ``False`` asks Ipernity in any case.
        :raises QuotaExceeded: Ipernity has asked to wait; possibly nothing was sent.
        """
        method, calls, cache = find(method_name, unknown), self._calls, self._calls.cache
        where = self._place(method, params) if cached else None
        how, error = UNCACHED, None
        began = perf_counter()
        try:
            if cache is None or where is None:
                return self._call(method, unknown, params)
            how = "miss"
            result, how = cache.find(where, partial(self._call, method, unknown, params))
            return result.read(method.name, params)
        except Exception as raised:
            error = type(raised).__name__
            self._failed(raised, params)
            raise
        finally:
            seconds = perf_counter() - began
            retries = 0 if how == "hit" else calls.transport.retries()
            call = Call(method.name, how, seconds, retries, error)
            if kept := here():
                kept.add(call)
            if api_called.receivers:
                api_called.send(calls.app, call=call)

    def _failed(self, error: Exception, params: Mapping[str, object]) -> None:
        """Do what is to be done when a call with *params* has raised *error*."""

    def _place(self, method: Method, params: Mapping[str, object]) -> Place | None:
        """Return where the result of a call is kept; ``None`` where none is."""
        calls = self._calls
        if calls.cache is None or self._skips_cache or (calls.in_session and not self.of_visitor):
            return None
        if not method.may_be_kept:
            return None
        named = plain_params(params)
        named.pop("auth_token", None)
        viewer = self._viewer(params)
        return place(viewer, method.name, self.lang, self._api_key, *named.items())

    def _viewer(self, params: Mapping[str, object]) -> str:
        # What the caller names wins over what the object has.
        return self._calls.viewer(params.get("auth_token") or self._token)

    def _call(self, method: Method, unknown: object, params: dict[str, Any]) -> dict[str, Any]:
        """Call Ipernity, unless it has asked to wait.

        A call that changes anything makes the caller's next reads fresh, also
        when it fails: it may have been carried out all the same.
        """
        pause = self._calls.pause
        pause.check(method.name)
        viewer = self._viewer(params)
        changed = changes().get(method.name, None if method.post else frozenset())
        try:
            answer = super().call(method.name, unknown=unknown, **params)
        except QuotaExceeded as error:
            pause.begin(error)
            raise
        except APIRequestError as error:
            pause.end()
            if isinstance(error, TokenError):
                changed = None
            raise
        else:
            pause.end()
            if self._calls.listener is not None:
                self._calls.listener(method, params.get("auth_token") or self.token, answer)
            return answer
        finally:
            cache = self._calls.cache
            if cache is not None and viewer != ANONYMOUS and changed != frozenset():
                cache.results.forget(viewer, changed)

    def _ask(self, method_name: str, params: Mapping[str, object]) -> Arriving | None:
        cache, where = self._calls.cache, self._place(find(method_name), params)
        if cache is not None and where is not None and cache.has(where):
            return None
        try:
            self._calls.pause.check(method_name)
        except QuotaExceeded:
            return None
        return super()._ask(method_name, params)
