"""What visitors do works beside each other extension, set up before this one or after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_ipernity.sandbox import Sandbox
from tests.support.neighbours import BEFORE_ONLY, ERRORS_AS_JSON, NEIGHBOURS, Club, package
from tests.support.visitor import consent

CASES = [
    *(
        (name, order)
        for name in NEIGHBOURS
        for order in (["before"] if name in BEFORE_ONLY else ["before", "after"])
    ),
    ("APIFlask", "cls"),
]


@pytest.fixture(params=CASES, ids=[f"{name} {order}" for name, order in CASES])
def site(request: pytest.FixtureRequest, club: Club) -> Iterator[Flask]:
    name, order = request.param
    if name == "APIFlask":
        app = club(cls=package("apiflask").APIFlask)
    else:
        app = club(**{order: NEIGHBOURS[name]})
    app.config["TEST_NAME"] = name
    yield app
    if name == "sentry-sdk":
        import sentry_sdk

        sentry_sdk.init()


def sign_in(client: FlaskClient, path: str) -> None:
    """Follow each redirect of the site, consent, and arrive at the page at *path*."""
    reply = client.get(path)
    while reply.location and reply.location.startswith("/"):
        reply = client.get(reply.location)
    reply = client.get(consent(reply.location))
    assert (reply.status_code, reply.location) == (303, path), reply.text


def test_a_visitor_signs_in_and_sees_a_private_page(site: Flask) -> None:
    client = site.test_client()
    sign_in(client, "/private")
    page = client.get("/private").get_json()
    assert page["name"] == "Ada Fontaine"
    assert int(page["total"]) > 10
    assert site.test_client().get("/private").status_code == 302


def test_a_form_with_a_file_uploads_it(site: Flask, sandbox: Sandbox, photo: bytes) -> None:
    client = site.test_client()
    sign_in(client, "/upload")
    token = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/upload").text)
    form = {"photo": (BytesIO(photo), "wind.jpg"), **({"csrf_token": token[1]} if token else {})}
    sent = client.post("/upload", data=form, content_type="multipart/form-data")
    assert sent.status_code == 200, sent.text
    doc_id = sent.get_json()["doc_id"]
    assert sandbox.state.docs[doc_id].title == "From a form"


def test_not_found_is_the_page_that_it_is_without_a_neighbour(site: Flask) -> None:
    client = site.test_client()
    page = client.get("/missing", headers={"Accept": "text/html"})
    program = client.get("/missing", headers={"Accept": "application/json"})
    assert (page.status_code, program.status_code) == (404, 404)
    if site.config["TEST_NAME"] in ERRORS_AS_JSON:
        assert (page.mimetype, program.mimetype) == ("application/json", "application/json")
    else:
        assert (page.mimetype, program.mimetype) == ("text/html", "application/problem+json")


def test_an_outage_of_the_service_is_not_the_fault_of_the_site(
    site: Flask, sandbox: Sandbox
) -> None:
    site.config["PROPAGATE_EXCEPTIONS"] = False
    sandbox.fault("user.get", "503")
    assert site.test_client().get("/away").status_code == 502


def test_a_range_of_a_picture_is_passed_on(site: Flask, sandbox: Sandbox) -> None:
    doc_id = next(doc.doc_id for doc in sandbox.state.docs.values() if doc.share == 4)
    client = site.test_client()
    whole = client.get(f"/ipernity/doc/{doc_id}/240")
    assert (whole.status_code, whole.mimetype) == (200, "image/jpeg")
    part = client.get(f"/ipernity/doc/{doc_id}/240", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    unchanged = client.get(
        f"/ipernity/doc/{doc_id}/240", headers={"If-None-Match": whole.headers["ETag"]}
    )
    assert unchanged.status_code == 304
