"""What a browser and a program see of an error that no view catches; the application may decide."""

from __future__ import annotations

import inspect
from typing import Any, NoReturn

import pytest
import werkzeug.exceptions
from flask import Blueprint, Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

import flask_ipernity
from flask_ipernity import (
    APIRequestError,
    BadAnswer,
    ConfigurationError,
    Ipernity,
    IpernityError,
    NotFoundError,
    PermissionDenied,
    QuotaExceeded,
    ServiceError,
    ServiceTimeout,
    ServiceUnavailableError,
    SignInError,
    TokenError,
    UnknownMethod,
    UploadError,
    ipernity,
)
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.failing import raising

#: Errors, and the status with which the extension answers each.
ERRORS: list[tuple[IpernityError, int]] = [
    (NotFoundError("error", 1, "not found", "doc.get"), 404),
    (PermissionDenied("error", 110, "no", "doc.set"), 403),
    (QuotaExceeded("error", 112, "too many", "doc.get"), 503),
    (TokenError("error", 107, "dead", "doc.get"), 502),
    (APIRequestError("error", 5, "what", "doc.get"), 502),
    (ServiceUnavailableError("down", "doc.get"), 502),
    (ServiceTimeout("slow", "doc.get"), 504),
    (BadAnswer("odd", "doc.get"), 502),
    (ServiceError("odd"), 502),
    (SignInError("expired", "That took too long."), 400),
    (SignInError("fewer_permissions", "It is missing."), 403),
    (UploadError("a.jpg", "1", "no"), 422),
]

each_error = pytest.mark.parametrize(
    ("error", "status"), ERRORS, ids=[f"{type(error).__name__}-{code}" for error, code in ERRORS]
)
before_or_after = pytest.mark.parametrize("first", [True, False], ids=["before", "after"])


@each_error
def test_an_error_has_its_status_and_a_page_for_people_and_for_programs(
    error: IpernityError, status: int
) -> None:
    client = raising(error).test_client()
    page = client.get("/", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (status, "text/html")
    problem = client.get("/", headers={"Accept": "application/json"})
    assert (problem.status_code, problem.mimetype) == (status, "application/problem+json")
    assert problem.json
    assert problem.json["status"] == status


@before_or_after
@each_error
def test_the_applications_handler_for_all_our_errors_wins(
    error: IpernityError, status: int, first: bool
) -> None:
    got: list[Exception] = []

    def handle(error: IpernityError) -> tuple[str, int]:
        got.append(error)
        return "mine", 418

    app = raising(
        error,
        lambda app: app.register_error_handler(IpernityError, handle),
        first=first,
    )
    response = app.test_client().get("/")
    assert (response.status_code, response.text) == (418, "mine")
    assert got == [error]


@before_or_after
@each_error
def test_the_applications_handler_for_the_class_wins(
    error: IpernityError, status: int, first: bool
) -> None:
    app = raising(
        error,
        lambda app: app.register_error_handler(type(error), lambda error: ("mine", 418)),
        first=first,
    )
    assert app.test_client().get("/").status_code == 418


@before_or_after
@pytest.mark.parametrize("kind", ["status", HTTPException, Exception], ids=str)
@each_error
def test_the_applications_handler_for_http_errors_wins_and_gets_our_page_and_error(
    error: IpernityError, status: int, kind: Any, first: bool
) -> None:
    got: list[HTTPException] = []

    def handle(error: HTTPException) -> tuple[Response, int]:
        got.append(error)
        return jsonify(mine=error.description), 418

    app = raising(
        error,
        lambda app: app.register_error_handler(status if kind == "status" else kind, handle),
        first=first,
    )
    response = app.test_client().get("/")
    assert response.status_code == 418
    (http_error,) = got
    assert http_error.code == status
    assert http_error.response is not None
    assert http_error.response.status_code == status
    assert http_error.__cause__ is error
    assert response.json == {"mine": http_error.description}


def test_a_handler_may_pass_our_page_on_with_its_headers() -> None:
    error = QuotaExceeded("error", 112, "too many", "doc.get")
    error.retry_after = 7
    app = raising(
        error,
        lambda app: app.register_error_handler(HTTPException, lambda error: error),
        first=False,
    )
    response = app.test_client().get("/")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "7"
    assert "Too many requests" in response.text


def test_a_handler_of_a_blueprint_wins_for_its_views() -> None:
    photos = Blueprint("photos", __name__)
    photos.register_error_handler(404, lambda error: ("mine", 404))

    @photos.get("/photos")
    def view() -> NoReturn:
        raise NotFoundError("error", 1, "not found", "doc.get")

    app = raising(
        NotFoundError("error", 1, "not found", "doc.get"),
        lambda app: app.register_blueprint(photos),
        first=False,
    )
    client = app.test_client()
    assert client.get("/photos").text == "mine"
    assert client.get("/").text != "mine"


def test_a_page_that_asks_to_sign_in_may_be_replaced_too(make_app: MakeApp) -> None:
    app = make_app()
    app.register_error_handler(401, lambda error: ("mine", 401))
    app.add_url_rule("/", "view", lambda: ipernity.api.account.getQuota())
    script = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    response = app.test_client().get("/", headers=script)
    assert (response.status_code, response.text) == (401, "mine")


@pytest.mark.parametrize("error", [ConfigurationError("wrong"), UnknownMethod("doc.nothing")])
def test_faults_of_the_program_stay_faults_of_the_program(error: IpernityError) -> None:
    app = raising(error)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().get("/").status_code == 500


class NextFlask(Flask):
    """Dispatches as Flask 3.2 will: the methods are given the context of the request."""

    def handle_http_exception(self, ctx: Any, e: Any) -> Any:  # type: ignore[override]
        assert ctx.app is self
        return super().handle_http_exception(e)


@pytest.mark.skipif(
    "ctx" in inspect.signature(Flask.handle_http_exception).parameters,
    reason="this Flask gives the context itself",
)
def test_the_handlers_of_the_coming_flask_win_too(sandbox: Sandbox) -> None:
    app = NextFlask("tests")
    app.config.update(SECRET_KEY="test", **sandbox.config())
    Ipernity(app)
    app.add_url_rule("/", "view", lambda: ipernity.api.doc.get(doc_id=1))
    assert app.test_client().get("/").status_code == 404
    app = NextFlask("tests")
    app.config.update(SECRET_KEY="test", **sandbox.config())
    app.register_error_handler(404, lambda error: ("mine", 404))
    Ipernity(app)
    app.add_url_rule("/", "view", lambda: ipernity.api.doc.get(doc_id=1))
    assert app.test_client().get("/").text == "mine"


def test_two_applications_keep_their_own_handlers() -> None:
    error = NotFoundError("error", 1, "not found", "doc.get")
    mine = raising(
        error,
        lambda app: app.register_error_handler(404, lambda error: ("mine", 404)),
        first=True,
    )
    other = raising(error)
    assert mine.test_client().get("/").text == "mine"
    assert "not shared with you" in other.test_client().get("/").text


def test_no_error_of_ours_has_the_name_of_one_of_werkzeugs() -> None:
    assert [name for name in flask_ipernity.__all__ if hasattr(werkzeug.exceptions, name)] == []
