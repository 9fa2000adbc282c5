"""What an error that no view catches leaves behind for the people of the site."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from flask import Flask, got_request_exception
from werkzeug.exceptions import HTTPException

from flask_ipernity import (
    APIRequestError,
    BadAnswer,
    Ipernity,
    IpernityError,
    NotFoundError,
    PermissionDenied,
    QuotaExceeded,
    ServiceTimeout,
    ServiceUnavailableError,
    SignInError,
    TokenError,
    api_called,
    ipernity,
)
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.failing import raising
from tests.support.signals import heard
from tests.support.stub import Stub, answer
from tests.support.stub import error as refusal

OUR_LOG = "flask_ipernity"


def lines(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> list[logging.LogRecord]:
    found = [record for record in caplog.records if record.name.startswith(OUR_LOG)]
    return [record for record in found if record.levelno >= level]


@contextmanager
def exceptions(app: Flask) -> Iterator[list[BaseException]]:
    """Record what Flask tells error trackers."""
    told: list[BaseException] = []

    def hear(sender: Flask, exception: BaseException, **_: Any) -> None:
        assert sender is app
        told.append(exception)

    with got_request_exception.connected_to(hear, app):
        yield told


class Mistake(NamedTuple):
    """A mistake of the application, and what the log must name."""

    config: dict[str, object]
    code: int
    named: str
    view: str = "public"


MISTAKES = {
    "wrong secret": Mistake({"IPERNITY_APP_SECRET": "0" * 16}, 105, "IPERNITY_APP_SECRET"),
    "wrong key": Mistake({"IPERNITY_APP_KEY": "0" * 32}, 101, "IPERNITY_APP_KEY"),
    "revoked owner": Mistake(
        {"IPERNITY_OWNER_TOKEN": "5-0123456789abcdef"}, 107, "IPERNITY_OWNER_TOKEN", "owner"
    ),
    "no token": Mistake({}, 106, "ipernity.owner_api", "nobody"),
    "wrong job": Mistake({}, 107, "token that the application used", "job"),
    "unknown method": Mistake({}, 103, "does not exist", "unknown"),
    "wrong value": Mistake({}, 2, "parameters", "value"),
}

each_mistake = pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def club(service: Sandbox, **config: object) -> Flask:
    app = Flask("club")
    app.config.update(service.config(), SECRET_KEY="k")
    app.config.update(config)
    Ipernity(app)
    views: dict[str, Any] = {
        "public": lambda: ipernity.api.doc.getList(user_id="10175"),
        "owner": lambda: ipernity.owner_api.doc.getList(),
        "nobody": lambda: ipernity.api_for(None).account.getQuota(),
        "job": lambda: ipernity.api_for("5-0123456789abcdef").doc.getList(),
        "unknown": lambda: ipernity.api.call("doc.nothing", unknown=True),
        "value": lambda: ipernity.api.doc.getList(user_id="nobody at all"),
    }
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)
    return app


@pytest.mark.parametrize("debug", [False, True], ids=["live", "debug"])
@each_mistake
def test_a_mistake_of_the_application_is_one_error_in_the_log_that_names_it(
    service: Sandbox, mistake: Mistake, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    if mistake.view == "value":
        service.fault("doc.getList", "2", times=1)
    caplog.set_level(logging.INFO)
    app = club(service, **mistake.config)
    app.debug = debug
    with exceptions(app) as told:
        response = app.test_client().get(f"/{mistake.view}")
    assert response.status_code == 502
    (line,) = lines(caplog)
    text = line.getMessage()
    assert line.levelno == logging.ERROR
    assert f"GET /{mistake.view}: 502" in text
    assert f"answered {mistake.code}, " in text
    assert mistake.named in text
    (error,) = told
    assert isinstance(error, APIRequestError)
    assert error.code == mistake.code
    page = response.text
    assert "try again later" not in page
    assert "This site has a problem" in page
    assert (mistake.named in page) == debug
    assert ("0" * 16) not in text + page
    assert "0123456789abcdef" not in text + page


@each_mistake
@pytest.mark.parametrize(
    "config", [{"TESTING": True}, {"PROPAGATE_EXCEPTIONS": True}], ids=["testing", "propagate"]
)
def test_a_mistake_of_the_application_is_raised_where_flask_raises_errors(
    service: Sandbox, mistake: Mistake, config: dict[str, object]
) -> None:
    if mistake.view == "value":
        service.fault("doc.getList", "2", times=1)
    app = club(service, **mistake.config, **config)
    with exceptions(app) as told, pytest.raises(APIRequestError) as caught:
        app.test_client().get(f"/{mistake.view}")
    assert told == [caught.value]
    assert mistake.named in "".join(caught.value.__notes__)


@pytest.mark.parametrize("kind", [502, HTTPException, Exception, IpernityError], ids=str)
def test_a_handler_of_the_application_comes_before_raising(service: Sandbox, kind: Any) -> None:
    app = club(service, IPERNITY_APP_SECRET="wrong", TESTING=True)
    app.register_error_handler(kind, lambda error: ("mine", 418))
    assert app.test_client().get("/public").text == "mine"


def test_testing_can_be_had_without_raising(service: Sandbox) -> None:
    app = club(service, IPERNITY_APP_SECRET="wrong", TESTING=True, PROPAGATE_EXCEPTIONS=False)
    assert app.test_client().get("/public").status_code == 502


#: Errors that are nobody's mistake here; the status and level of each; who is told.
ORDINARY: list[tuple[IpernityError, int, int]] = [
    (NotFoundError("error", 1, "not found", "doc.get"), 404, logging.INFO),
    (PermissionDenied("error", 109, "blocked", "doc.get"), 403, logging.INFO),
    (QuotaExceeded("error", 112, "too many", "doc.get"), 503, logging.WARNING),
    (QuotaExceeded("httperror", 429, "too many", "doc.get"), 503, logging.WARNING),
    (ServiceUnavailableError("down", "doc.get"), 502, logging.WARNING),
    (ServiceTimeout("slow", "doc.get"), 504, logging.WARNING),
    (BadAnswer("odd", "doc.get"), 502, logging.WARNING),
    (SignInError("expired", "That took too long."), 400, logging.INFO),
    (SignInError("fewer_permissions", "It is missing."), 403, logging.INFO),
]


@pytest.mark.parametrize(
    ("error", "status", "level"), ORDINARY, ids=lambda value: type(value).__name__
)
def test_every_error_is_one_line_and_error_trackers_hear_of_those_of_the_server(
    error: IpernityError, status: int, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    app = raising(error, TESTING=True)
    with exceptions(app) as told:
        assert app.test_client().get("/?frob=12-0123456789").status_code == status
    (line,) = lines(caplog)
    assert line.levelno == level
    text = line.getMessage()
    assert f"GET /: {status}, {type(error).__name__}" in text
    assert "Likely cause: " in text
    assert "0123456789" not in text
    assert told == ([error] if status >= 500 else [])


def test_a_script_that_must_sign_in_leaves_a_line_too(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    app = make_app()
    app.add_url_rule("/", "view", lambda: ipernity.api.account.getQuota())
    script = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    assert app.test_client().get("/", headers=script).status_code == 401
    (line,) = lines(caplog)
    assert "GET /: 401" in line.getMessage()


def test_an_outage_is_worded_otherwise_than_a_mistake(service: Sandbox) -> None:
    service.fault("doc.getList", "html", times=1)
    outage = club(service).test_client().get("/public", headers={"Accept": "application/json"})
    wrong = club(service, IPERNITY_APP_KEY="wrong").test_client()
    mistake = wrong.get("/public", headers={"Accept": "application/json"})
    assert outage.json
    assert mistake.json
    assert (outage.json["reason"], mistake.json["reason"]) == ("outage", "site")
    assert mistake.json["code"] == 101
    assert "code" not in outage.json
    assert "later" in outage.json["detail"]
    assert "later" not in mistake.json["detail"]
    assert "cause" not in mistake.json


def test_a_picture_that_a_mistake_prevents_names_it_in_the_log(
    service: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    app = club(service, IPERNITY_APP_SECRET="wrong")
    with exceptions(app) as told:
        assert app.test_client().get("/ipernity/doc/1/240").status_code == 502
    (line,) = lines(caplog, logging.ERROR)
    assert "IPERNITY_APP_SECRET" in line.getMessage()
    assert "GET /ipernity/doc/1/240: 502" in line.getMessage()
    (error,) = told
    assert isinstance(error, APIRequestError)


@pytest.mark.parametrize(
    "path", ["1/240", "1/nonsense", "x/y/z", "1/240?expires=5&signature=s3cret"]
)
def test_a_picture_that_is_not_there_is_one_quiet_line(
    service: Sandbox, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert club(service).test_client().get(f"/ipernity/doc/{path}").status_code == 404
    (line,) = lines(caplog)
    assert line.levelno == logging.INFO
    assert f"GET /ipernity/doc/{path.partition('?')[0]}: 404" in line.getMessage()
    assert "s3cret" not in line.getMessage()


@pytest.mark.parametrize(
    "evil",
    ["\\nERROR root: all is lost", "\\u2028new line", "\\u001b[2Jgone", "\\u202eright to left"],
)
def test_a_message_of_the_service_is_one_harmless_line(
    evil: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = "12345-a0b1c2d3e4f5"
    with Stub(refusal(5, f"bad {evil} {token} api_sig=abcdef&")) as stub:
        app = Flask("tests")
        app.config.update(
            SECRET_KEY="k",
            IPERNITY_APP_KEY="key",
            IPERNITY_APP_SECRET="secret",
            IPERNITY_API_URL=stub.url,
        )
        Ipernity(app)
        app.add_url_rule("/<name>", "view", lambda name: ipernity.api.doc.get(doc_id=1))
        with heard(api_called, app) as calls:
            app.test_client().get("/a%0Ab%1B%E2%80%AE")
    (line,) = lines(caplog)
    message = calls[0]["call"].message
    for text in (line.getMessage(), message):
        assert text.isprintable()
        assert "bad" in text
        assert token not in text
        assert "abcdef" not in text


@pytest.mark.parametrize(
    ("step", "kind", "code", "message"),
    [
        (refusal(107, "Token invalid"), "TokenError", 107, "Token invalid"),
        (refusal(5, "Odd"), "APIRequestError", 5, "Odd"),
        (answer("<html>"), "BadAnswer", None, "doc.get: "),
    ],
    ids=["token", "answer", "no answer"],
)
def test_the_signal_of_a_call_carries_code_and_message(
    step: bytes, kind: str, code: int | None, message: str
) -> None:
    with Stub(step) as stub:
        app = Flask("tests")
        app.config.update(
            IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret", IPERNITY_API_URL=stub.url
        )
        Ipernity(app)
        with heard(api_called, app) as calls, app.app_context(), pytest.raises(IpernityError):
            ipernity.api_for("1-0123456789ab").doc.get(doc_id=1)
    call = calls[0]["call"]
    assert (call.error, call.code) == (kind, code)
    assert call.message.startswith(message)


def test_a_call_that_succeeds_has_neither(service: Sandbox) -> None:
    app = club(service)
    with heard(api_called, app) as calls, app.app_context():
        ipernity.api_for(None).test.hello()
    call = calls[0]["call"]
    assert (call.error, call.code, call.message) == (None, None, None)


def test_a_site_without_a_secret_key_has_error_pages_too(service: Sandbox) -> None:
    service.fault("doc.getList", "html", times=1)
    app = club(service, SECRET_KEY=None)
    assert app.test_client().get("/public").status_code == 502


def test_the_visitors_dead_token_is_no_mistake(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(TESTING=True)
    app.add_url_rule("/", "view", lambda: ipernity.api.account.getQuota())
    client = app.test_client()
    with client.session_transaction() as session:
        session["ipernity_token"] = {
            "token": "5-0123456789abcdef",
            "user": {"user_id": "10175", "username": "Ada Fontaine"},
            "permissions": {"doc": "read"},
        }
    assert client.get("/").status_code == 302
    assert lines(caplog, logging.WARNING) == []


def test_starting_a_sandbox_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Sandbox():
        pass
    assert len(caplog.records) < 5


def test_a_token_error_of_another_token_is_a_mistake() -> None:
    app = raising(TokenError("error", 107, "dead", "doc.get"), TESTING=True)
    with pytest.raises(TokenError):
        app.test_client().get("/")
