"""Random sequences of all that can happen to a cache, checked step by step by the model."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cachelib import SimpleCache
from flask import Flask

from flask_ipernity import (
    Ipernity,
    NotFoundError,
    QuotaExceeded,
    ServiceError,
    TokenError,
    ipernity,
)
from flask_ipernity.sign_in.visitor import visitor_api
from flask_ipernity.site.api import SiteAPI, site_context
from tests.support.model import (
    DOCS,
    MAX_AGE,
    NOT_FOUND_MAX_AGE,
    STALE_AGE,
    Clock,
    Service,
    answer,
    cut_off,
    down,
)


class Failing(SimpleCache):
    """Fails as long as it is told to."""

    fails = False

    def _normalize_timeout(self, timeout: Any) -> int:
        self._check()
        return super()._normalize_timeout(timeout)

    def get(self, key: str) -> Any:
        self._check()
        return super().get(key)

    def delete(self, key: str) -> bool:
        self._check()
        return super().delete(key)

    def _check(self) -> None:
        if self.fails:
            raise OSError("no store")


@dataclass
class Viewer:
    """One of three who look; ``since`` is the state from which on the cache may show any."""

    user: str
    token: str | None = None
    since: int = 0


class Walk:
    """A random sequence of steps."""

    def __init__(self, app: Flask, clock: Clock, seed: int, store: Failing | None = None) -> None:
        self.random = random.Random(seed)
        self.clock = clock
        self.store = store
        self.service = Service(clock)
        self.calls = app.extensions["ipernity"].parts[site_context]
        self.calls.transport.send = self.service.send
        self.viewers = [Viewer("ada"), Viewer("jonas"), Viewer("")]
        self.failing_since = clock.now
        self.seen: dict[str, int] = {}
        self.number = 0
        for viewer in self.viewers[:2]:
            self.sign_in(viewer)

    def step(self) -> None:
        self.number += 1
        viewer = self.random.choice(self.viewers)
        odds: list[tuple[Callable[[Viewer], None], int]] = [
            (self.read, 60),
            (self.write, 12),
            (self.wait, 8),
            (self.turn, 6),
            (self.sign_in, 2),
            (self.revoke, 1),
            (self.clear, 2),
            (self.break_store, 2),
        ]
        [(action, _)] = self.random.choices(odds, [weight for _, weight in odds])
        action(viewer)

    def do(self, viewer: Viewer, work: Callable[[SiteAPI], Any]) -> tuple[Any, str]:
        """Do *work* as a viewer; return its result, and where that is from."""
        result = work(ipernity.api_for(viewer.token))
        return result, ipernity.last_call.cache if ipernity.last_call else ""

    def read(self, viewer: Viewer) -> None:
        number = self.random.choice(DOCS)
        questions: list[tuple[str, dict[str, Any]]] = [
            ("doc.get", {"doc_id": self.random.choice([number, int(number), [number]])}),
            ("docs.getList", {}),
            ("album.getList", {"user_id": 1}),
        ]
        method, params = self.random.choice(questions)
        live = self.random.random() < 0.1

        def ask(api: SiteAPI) -> Any:
            try:
                return (api.uncached if live else api).call(method, **params)
            except NotFoundError:
                return {"api": {"code": "1"}}

        try:
            said, how = self.do(viewer, ask)
        except TokenError:
            assert viewer.token not in self.service.users
            self.sign_in(viewer)
            return
        except (ServiceError, QuotaExceeded):
            assert self.failing()
            return
        self.seen[how] = self.seen.get(how, 0) + 1
        self.check(viewer, method.replace("docs", "doc"), {"doc_id": number}, said, how)
        said.clear()

    def check(
        self, viewer: Viewer, method: str, params: dict[str, str], said: Any, how: str
    ) -> None:
        found = said["api"].get("code") != "1"
        age = {
            "hit": MAX_AGE if found else NOT_FOUND_MAX_AGE,
            "stale": MAX_AGE + STALE_AGE,
            "miss": 0,
            "uncached": 0,
        }[how]
        if how == "stale":
            assert found
            assert self.failing()
        right = [
            answer(state, viewer.user if viewer.token else "", method, params)
            for state in self.service.states(age, viewer.since)
        ]
        if not found:
            right = [{"api": {"code": one["api"].get("code")}} for one in right]
        said = {**said, "docs": {**said["docs"]}} if "docs" in said else said
        if "docs" in said:
            said["docs"]["doc"] = [tuple(pair) for pair in said["docs"]["doc"]]
        assert said in right, (self.number, viewer, method, params, how, said, right)

    def write(self, viewer: Viewer) -> None:
        sent = self.service.calls
        title = self.random.choice(["", "-"]) + str(self.number)
        with suppress(NotFoundError, TokenError, ServiceError, QuotaExceeded):
            doc_id = self.random.choice(DOCS)
            self.do(viewer, lambda api: api.doc.set(doc_id=doc_id, title=title))
        if viewer.token and self.service.calls > sent:
            viewer.since = len(self.service.history) - 1

    def wait(self, viewer: Viewer) -> None:
        self.clock.now += self.random.choice([0.5, 3, 9, 20, 40, 61, 300])

    def failing(self) -> bool:
        # For a moment the cache answers without another try.
        return self.clock.now - self.failing_since <= 5 or self.calls.pause._until > self.clock.now

    def turn(self, viewer: Viewer) -> None:
        """Let the service work, or fail in one of its ways."""

        def quota(before: bool) -> None:
            error = QuotaExceeded("httperror", 429, "too many")
            error.retry_after = 20.0
            raise error

        def failing(trouble: Callable[[bool], None]) -> Callable[[bool], None]:
            def fail(before: bool) -> None:
                self.failing_since = self.clock.now
                trouble(before)

            return fail

        trouble = self.random.choice([down, cut_off, quota, None, None, None])
        self.service.trouble = failing(trouble) if trouble else lambda before: None

    def sign_in(self, viewer: Viewer) -> None:
        if viewer.user:
            viewer.token = f"{viewer.user}-{self.number}"
            viewer.since = 0
            self.service.users[viewer.token] = viewer.user

    def revoke(self, viewer: Viewer) -> None:
        """End the grant at the service; the viewer signs in anew when that is seen."""
        self.service.users.pop(viewer.token or "", None)

    def clear(self, viewer: Viewer) -> None:
        match self.random.randrange(3):
            case 0:
                self.do(viewer, lambda api: ipernity.cache_clear())
                self.viewers_since(*self.viewers_of_one_store(viewer))
            case 1:
                self.do(viewer, lambda api: ipernity.cache_clear("doc.getList"))
            case _:
                self.do(viewer, lambda api: ipernity.cache_clear(viewer=api))
                self.viewers_since(viewer)

    def viewers_of_one_store(self, viewer: Viewer) -> list[Viewer]:
        return self.viewers

    def viewers_since(self, *viewers: Viewer) -> None:
        for viewer in viewers:
            viewer.since = len(self.service.history) - 1

    def break_store(self, viewer: Viewer) -> None:
        if self.store is not None:
            self.store.fails = not self.store.fails


class SessionWalk(Walk):
    """The same, by requests of three browsers with results in their cookies."""

    def __init__(self, app: Flask, clock: Clock, seed: int) -> None:
        self.tokens: dict[str, str | None] = {}
        self.work: Callable[[SiteAPI], Any] = lambda api: None
        self.outcome: Any = None
        app.add_url_rule("/do", "do", self.view)
        super().__init__(app, clock, seed)
        self.clients = {viewer.user: app.test_client() for viewer in self.viewers}

    def view(self) -> str:
        try:
            self.outcome = self.work(ipernity.api), None
        except Exception as error:
            self.outcome = None, error
        return ipernity.last_call.cache if ipernity.last_call else ""

    def do(self, viewer: Viewer, work: Callable[[SiteAPI], Any]) -> tuple[Any, str]:
        client = self.clients[viewer.user]
        if self.tokens.get(viewer.user) != viewer.token:
            user = {"user_id": viewer.user}
            auth = {"token": viewer.token, "user": user, "permissions": {}}
            self.work = lambda api: visitor_api().keep(auth)
            client.get("/do")
            self.tokens[viewer.user] = viewer.token
        self.work = work
        how = client.get("/do").text
        result, error = self.outcome
        if isinstance(error, TokenError):
            # The dead token is forgotten.
            self.tokens[viewer.user] = None
        if error is not None:
            raise error
        return result, how

    def viewers_of_one_store(self, viewer: Viewer) -> list[Viewer]:
        return [viewer]


class SharedWalk(Walk):
    """The same, in two applications that share a store, as two processes do."""

    def __init__(self, apps: list[Flask], clock: Clock, seed: int) -> None:
        self.apps = apps
        with apps[0].app_context():
            super().__init__(apps[0], clock, seed)
        for app in apps[1:]:
            app.extensions["ipernity"].parts[site_context].transport.send = self.service.send

    def do(self, viewer: Viewer, work: Callable[[SiteAPI], Any]) -> tuple[Any, str]:
        with self.random.choice(self.apps).app_context():
            return super().do(viewer, work)

    def failing(self) -> bool:
        now = self.clock.now
        pauses = [app.extensions["ipernity"].parts[site_context].pause for app in self.apps]
        return super().failing() or any(pause._until > now for pause in pauses)


def application(**config: object) -> Flask:
    app = Flask("model")
    app.config.update(
        SECRET_KEY="model",
        IPERNITY_APP_KEY="key",
        IPERNITY_APP_SECRET="secret",
        IPERNITY_CACHE_REQUESTS=True,
        IPERNITY_CACHE_MAX_AGE=MAX_AGE,
        IPERNITY_CACHE_STALE_AGE=STALE_AGE,
        **config,
    )
    Ipernity(app)
    return app
