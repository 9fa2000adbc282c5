"""The session is saved with the results that fit, whatever the application does with sessions."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any
from weakref import ref

import pytest
from flask import Flask, session
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from flask.testing import FlaskClient
from flask.wrappers import Response

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.caching_app import caching, how
from tests.support.cookies import BROWSERS_TAKE, noise
from tests.support.threads import at_once

#: Characters with which an application leaves results little room in the cookie.
OWN = 2200


class OwnInterface(SecureCookieSessionInterface):
    """Does what subclasses do: other attributes, another cookie, something beside it."""

    salt = "own-salt"
    key_derivation = "django-concat"

    def __init__(self, cookie: str = "own") -> None:
        self.cookie = cookie
        self.opened = 0
        self.opened_when_saved: list[int] = []

    def get_cookie_name(self, app: Flask) -> str:
        return self.cookie

    def open_session(self, app: Flask, request: Any) -> Any:
        self.opened += 1
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        self.opened_when_saved.append(self.opened)
        session.setdefault("by", type(self).__name__)
        super().save_session(app, session, response)
        response.headers["X-Session"] = self.cookie


def results_in(client: FlaskClient) -> int:
    """Return how many results are in the session."""
    with client.session_transaction() as kept:
        return len(kept.get("ipernity_cache", []))


def fill(client: FlaskClient, count: int = 12) -> None:
    """Make more calls than fit, and check that each cookie is short enough."""
    for number in range(count):
        response = client.get(f"/call/test.echo?echo={noise(number, 300)}")
        assert response.status_code == 200
        for line in response.headers.getlist("Set-Cookie"):
            assert len(line) < BROWSERS_TAKE
    assert 0 < results_in(client) < count


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_the_application_adds_after_the_request_is_fitted_too(
    sandbox: Sandbox, when: str
) -> None:
    app = Flask("tests")
    app.config.update(sandbox.config(), SECRET_KEY="test", IPERNITY_CACHE_REQUESTS=True)

    def add(response: Response) -> Response:
        session["basket"] = noise(99, OWN)
        return response

    if when == "before":
        app.after_request(add)
    Ipernity(app)
    if when == "after":
        app.after_request(add)

    @app.route("/<int:number>")
    def view(number: int) -> Any:
        ipernity.api.call("test.echo", echo=noise(number, 300))
        return how_it_was()

    client = app.test_client()
    for number in range(12):
        response = client.get(f"/{number}")
        [line] = response.headers.getlist("Set-Cookie")
        assert len(line) < BROWSERS_TAKE
    assert client.get("/11").text == "hit"
    with client.session_transaction() as kept:
        assert kept["basket"] == noise(99, OWN)
        assert 0 < len(kept["ipernity_cache"]) < 12


def how_it_was() -> str:
    assert ipernity.last_call
    return ipernity.last_call.cache


@pytest.mark.parametrize("when", ["before", "after", "later"])
def test_a_session_interface_of_the_application_makes_no_long_cookie_either(
    make_app: MakeApp, sandbox: Sandbox, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    interface = OwnInterface()
    if when == "before":
        monkeypatch.setattr(Flask, "session_interface", interface)
    app = caching(make_app, "session")
    client = app.test_client()
    if when == "later":
        fill(client)
    if when != "before":
        app.session_interface = interface
    client = app.test_client()
    fill(client)
    assert client.get_cookie("own") is not None


def test_a_subclass_keeps_its_class_its_attributes_and_its_way_to_save(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = caching(make_app, "session")
    mine = app.session_interface = OwnInterface("mine")
    mine.serializer = TaggedJSONSerializer()
    client = app.test_client()
    response = client.get(f"/call/test.echo?echo={noise(0, 300)}")
    used = app.session_interface
    assert type(used) is OwnInterface
    assert (used.cookie, used.salt, used.serializer) == ("mine", "own-salt", mine.serializer)
    assert response.headers["X-Session"] == "mine"
    fill(client)
    with client.session_transaction() as kept:
        assert kept["by"] == "OwnInterface"
    # What it notes of a request is there when that is saved.
    assert used.opened > 12
    assert used.opened_when_saved[-1] == used.opened


def test_a_save_of_one_object_only_is_used(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = caching(make_app, "session")
    interface = SecureCookieSessionInterface()
    save = interface.save_session

    def saved(app: Flask, session: SessionMixin, response: Response) -> None:
        save(app, session, response)
        response.headers["X-Saved"] = "1"

    interface.save_session = saved  # type: ignore[method-assign]
    app.session_interface = interface
    client = app.test_client()
    assert client.get("/call/test.hello").headers["X-Saved"] == "1"
    fill(client)


def test_applications_that_share_an_interface_do_not_disturb_each_other(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    default = Flask.session_interface
    one = caching(make_app, "session")
    other = caching(make_app, "session", IPERNITY_SESSION_PREFIX="other_")
    plain = Flask("plain")
    plain.config.update(SECRET_KEY="plain", MAX_COOKIE_SIZE=0)

    @plain.route("/")
    def view() -> str:
        session["ipernity_cache"] = [noise(number, 500) for number in range(12)]
        return "kept"

    clients = [one.test_client(), other.test_client()]
    for _ in range(2):
        for client in clients:
            assert client.get(f"/call/test.echo?echo={noise(50, 300)}").status_code == 200
    fill(clients[0])
    for number in range(12):
        response = clients[1].get(f"/call/test.echo?echo={noise(number, 300)}")
        assert all(len(line) < BROWSERS_TAKE for line in response.headers.getlist("Set-Cookie"))
    with clients[1].session_transaction() as kept:
        assert 0 < len(kept["other_cache"]) < 12
    # Another application's sessions are its own affair.
    [line] = plain.test_client().get("/").headers.getlist("Set-Cookie")
    assert len(line) > BROWSERS_TAKE
    assert plain.session_interface is Flask.session_interface is default
    assert "save_session" not in vars(default)


@pytest.mark.parametrize("config", [{}, {"IPERNITY_CACHE": "memory"}])
def test_an_application_without_results_in_the_session_keeps_its_interface(
    make_app: MakeApp, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    app = make_app(**config, IPERNITY_CACHE_REQUESTS=bool(config))
    app.add_url_rule("/", "view", lambda: ipernity.api.test.hello())
    assert app.test_client().get("/").status_code == 200
    assert app.session_interface is Flask.session_interface
    mine = app.session_interface = OwnInterface()
    assert app.test_client().get("/").status_code == 200
    assert app.session_interface is mine


def test_sessions_that_are_no_signed_cookie_are_left_alone(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    class OnServer(SessionInterface):
        def __init__(self) -> None:
            self.kept = SecureCookieSessionInterface.session_class()

        def open_session(self, app: Flask, request: Any) -> Any:
            return self.kept

        def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
            response.headers["X-Session"] = "saved"

    app = caching(make_app, "session")
    mine = app.session_interface = OnServer()
    client = app.test_client()
    for number in range(12):
        response = client.get(f"/call/test.echo?echo={noise(number, 500)}")
        assert response.headers["X-Session"] == "saved"
    assert app.session_interface is mine
    assert len(mine.kept["ipernity_cache"]) == 12


def test_first_requests_at_once_wrap_the_interface_once(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = caching(make_app, "session")
    saves: list[int] = []
    start = threading.Barrier(4, timeout=20)

    class Counting(OwnInterface):
        @property
        def salt(self) -> str:  # type: ignore[override]
            return "own-salt"

        def __copy__(self) -> Counting:
            # All are here before one of them is done.
            start.wait()
            return Counting(self.cookie)

        def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
            saves.append(1)
            super().save_session(app, session, response)

    app.session_interface = Counting()
    assert at_once(4, lambda: app.test_client().get("/who").status_code) == [200] * 4
    client = app.test_client()
    client.get("/call/test.hello")
    saves.clear()
    client.get("/call/test.echo?echo=1")
    # It is measured once and saved once; if it were wrapped twice, it would be measured twice.
    assert len(saves) == 2
    assert how(client, "test.echo", echo="1") == "hit"


def test_an_application_is_freed_with_what_fits_its_sessions(sandbox: Sandbox) -> None:
    def made() -> Callable[[], Flask | None]:
        app = Flask("tests")
        app.config.update(sandbox.config(), SECRET_KEY="test", IPERNITY_CACHE_REQUESTS=True)
        Ipernity(app)
        app.test_client().get("/")
        return ref(app)

    app = made()
    gc.collect()
    assert app() is None
