"""A visitor whose upload fails is told why, with a status that says whose turn it is."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from urllib3 import encode_multipart_formdata
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

import flask_ipernity
from flask_ipernity import APIRequestError, Ipernity, UploadError, ipernity
from flask_ipernity.client import tickets
from flask_ipernity.sandbox import Sandbox
from tests.support.failing import raising

PHOTO = Path(flask_ipernity.__file__).parent / "sandbox/photos/birches-in-fog.jpg"

ADA, MEI = 0, 2  # a PRO member, and one who is not


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(processing=0.05) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    yield running
    running.clear_faults()


@pytest.fixture(scope="module")
def club(running: Sandbox) -> Flask:
    app = Flask("club")
    app.config.update(running.config(), SECRET_KEY="k")
    Ipernity(app)

    @app.post("/upload/<int:person>")
    def upload(person: int) -> dict[str, Any]:
        api = ipernity.api_for(running.sign_in(person, {"doc": "delete"}))
        if_exists: Any = request.form.get("if_exists", "upload")
        return {"ticket": api.upload(request.files["photo"], if_exists=if_exists).id}

    @app.post("/raw/<method>")
    def raw(method: str) -> dict[str, Any]:
        api = ipernity.api_for(running.sign_in(ADA, {"doc": "delete"}))
        return api.call(method, file=request.files["photo"], doc_id=1)

    @app.get("/ticket/<ticket_id>")
    def ticket(ticket_id: str) -> dict[str, Any]:
        api = ipernity.api_for(running.sign_in(ADA, {"doc": "delete"}))
        return {"doc_id": api.upload.ticket(ticket_id).wait(0.2)}

    return app


def post(club: Flask, path: str, data: bytes, name: str, **form: str) -> TestResponse:
    # Not by the test client, which leaves large files open.
    body, kind = encode_multipart_formdata({"photo": (name, data), **form})
    headers = {"Accept": "application/json", "Content-Type": kind}
    return club.test_client().post(path, data=body, headers=headers)


JPEG = b"\xff\xd8\xff\xd9"


@pytest.mark.parametrize(
    ("person", "data", "name", "status", "reason", "said"),
    [
        (MEI, b"x" * 3_000_000, "big.jpg", 413, "too_large", "2621440 at most"),
        (ADA, b"", "nothing.jpg", 400, "empty", "nothing.jpg is empty."),
        (ADA, b"", "", 400, "empty", "No file was chosen."),
    ],
    ids=["too large", "empty", "none chosen"],
)
def test_what_the_visitor_can_mend_is_said_with_its_reason(
    club: Flask, person: int, data: bytes, name: str, status: int, reason: str, said: str
) -> None:
    response = post(club, f"/upload/{person}", data, name)
    assert response.status_code == status
    assert response.json
    assert response.json["reason"] == reason
    assert said in response.json["detail"]


def test_an_account_that_has_used_up_its_month_is_told_so(
    club: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask_ipernity.sandbox.methods import account

    monkeypatch.setattr(account, "used_bytes", lambda state, person: 200 * 1024 * 1024 - 3)
    response = post(club, f"/upload/{MEI}", JPEG, "a.jpg")
    assert response.status_code == 413
    assert response.json
    assert response.json["reason"] == "quota"


def test_a_file_that_is_there_already_is_a_conflict(club: Flask, sandbox: Sandbox) -> None:
    data = PHOTO.read_bytes()
    doc_id = _api(sandbox).upload(FileStorage(io.BytesIO(data), "own.jpg")).wait(10)
    response = post(club, f"/upload/{ADA}", data, "own.jpg", if_exists="error")
    assert response.status_code == 409
    assert response.json
    assert response.json["reason"] == "duplicate"
    assert f"is document {doc_id} already" in response.json["detail"]


def _api(sandbox: Sandbox) -> Any:
    app = Flask("job")
    app.config.update(sandbox.config(), SECRET_KEY="k")
    Ipernity(app)
    with app.app_context():
        return ipernity.api_for(sandbox.sign_in(ADA, {"doc": "delete"}))


@pytest.mark.parametrize(
    ("path", "method", "code", "status", "reason"),
    [
        ("/upload/0", "upload.file", "1", 400, "empty"),
        ("/upload/0", "upload.file", "2", 413, "too_large"),
        ("/upload/0", "upload.file", "3", 422, "refused"),
        ("/raw/upload.file", "upload.file", "3", 422, "refused"),
        ("/raw/upload.replace", "upload.replace", "2", 413, "too_large"),
        ("/raw/upload.replace", "upload.replace", "3", 413, "quota"),
        ("/raw/upload.replace", "upload.replace", "4", 404, "not_found"),
        ("/raw/upload.replace", "upload.replace", "5", 415, "type"),
        ("/raw/upload.replace", "upload.replace", "6", 422, "refused"),
    ],
)
def test_what_the_service_refuses_is_no_outage(
    club: Flask, sandbox: Sandbox, path: str, method: str, code: str, status: int, reason: str
) -> None:
    sandbox.fault(method, code, times=1)
    response = post(club, path, JPEG, "a.jpg")
    assert response.status_code == status
    assert response.json
    assert (response.json["reason"], response.json["code"]) == (reason, int(code))
    assert "later" not in response.json["detail"]


@pytest.mark.parametrize("kind", ["cut", "reset", "html", "empty", "502"])
def test_what_may_have_arrived_is_an_outage_that_says_so(
    club: Flask, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault("upload.file", kind, times=1)
    response = post(club, "/upload/0", JPEG, "a.jpg")
    assert response.status_code == 502
    assert response.json
    assert response.json["reason"] == "unknown_state"
    assert "before you send it again" in response.json["detail"]


def test_where_nothing_was_sent_it_is_an_outage(club: Flask, sandbox: Sandbox) -> None:
    sandbox.fault("account.getQuota", "html", times=1)
    response = post(club, "/upload/0", JPEG, "a.jpg")
    assert response.status_code == 502
    assert response.json
    assert response.json["reason"] == "outage"


def test_a_ticket_tells_what_became_of_it_by_its_number_alone(
    club: Flask, sandbox: Sandbox
) -> None:
    asking = {"Accept": "application/json"}
    client = club.test_client()
    unknown = client.get("/ticket/987654", headers=asking)
    refused_id = post(club, "/upload/0", b"no picture", "a.jpg").json
    assert refused_id
    monkey = tickets.POLL_INTERVAL
    tickets.POLL_INTERVAL = (0.05, 0.1)
    try:
        refused = client.get(f"/ticket/{refused_id['ticket']}", headers=asking)
        sandbox.fault("upload.checkTickets", "html")
        late = client.get(f"/ticket/{refused_id['ticket']}", headers=asking)
    finally:
        tickets.POLL_INTERVAL = monkey
    assert [unknown.status_code, refused.status_code, late.status_code] == [404, 422, 504]
    for response, reason in ((unknown, "unknown_ticket"), (refused, "refused"), (late, "not_done")):
        assert response.json
        assert response.json["reason"] == reason
        assert "None" not in response.json["detail"]
    assert refused_id["ticket"] in (refused.json or {})["detail"]


def test_the_page_has_the_sentence_and_no_markup_of_the_file(club: Flask) -> None:
    fields: dict[str, Any] = {"photo": (io.BytesIO(b""), "<b>\u202egpj.a.jpg")}
    page = club.test_client().post("/upload/0", data=fields, headers={"Accept": "text/html"})
    assert page.status_code == 400
    assert "is empty." in page.text
    assert "<b>" not in page.text
    assert "\u202e" not in page.text


def refuse(sandbox: Sandbox, code: str) -> UploadError:
    sandbox.fault("upload.file", code, times=1)
    with pytest.raises(UploadError) as caught:
        _api(sandbox).upload(FileStorage(io.BytesIO(JPEG), "a.jpg"))
    return caught.value


def test_a_view_tells_the_reasons_apart_and_old_code_still_catches_them(sandbox: Sandbox) -> None:
    error = refuse(sandbox, "2")
    assert isinstance(error, APIRequestError)
    assert (error.reason, error.filename, error.code, error.method) == (
        "too_large",
        "a.jpg",
        2,
        "upload.file",
    )
    assert "a.jpg: Ipernity answered 2" in str(error)


MAKERS: list[Callable[[], UploadError]] = [
    lambda: UploadError("a.jpg", "7"),
    lambda: UploadError("a.jpg", None, "100% of %(file)s is %(what)s", reason="empty", what="no"),
    lambda: UploadError("a.jpg", None, "100% no"),
    lambda: UploadError(message="no"),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))]
)
def test_the_errors_survive_queues_of_jobs(make: Callable[[], UploadError], again: Any) -> None:
    error = make() if make is not MAKERS[1] else UploadError("a", None, "%(file)s %(w)s", w="x")
    same = again(error)
    assert (str(same), same.reason, same.filename) == (str(error), error.reason, error.filename)


def test_what_the_service_refused_survives_them_too(sandbox: Sandbox) -> None:
    error = refuse(sandbox, "3")
    same = pickle.loads(pickle.dumps(error))
    assert (str(same), same.reason, same.code) == (str(error), "refused", 3)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("empty", 400),
        ("unknown_ticket", 404),
        ("duplicate", 409),
        ("too_large", 413),
        ("quota", 413),
        ("type", 415),
        ("refused", 422),
        ("of a later version", 422),
        ("unreadable", 500),
        ("unknown_state", 502),
        ("not_done", 504),
    ],
)
def test_every_reason_has_its_status(reason: str, status: int) -> None:
    error = UploadError("a.jpg", "7", "It is %(file)s.", reason=reason)
    app = raising(error)
    page = app.test_client().get("/", headers={"Accept": "application/json"})
    assert page.status_code == status
    assert page.json
    assert page.json["reason"] == reason


def test_a_file_that_breaks_is_not_the_visitors_fault_and_says_nothing_of_the_server() -> None:
    error = UploadError("a", None, "%(file)s: %(error)s", reason="unreadable", error="/srv/x: disk")
    response = raising(error).test_client().get("/")
    assert response.status_code == 500
    assert "disk" not in response.text
