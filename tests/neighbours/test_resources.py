"""Errors of the service in a resource of Flask-RESTful and the like, which handle errors alone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from flask_ipernity import IpernityError, ipernity, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox
from tests.support.neighbours import Club, package, who
from tests.support.visitor import consent


@pytest.fixture(params=["flask_restful", "flask_restx"])
def site(request: pytest.FixtureRequest, club: Club) -> Flask:
    """A site whose resources leave our errors to Flask, as docs/beside.rst says."""
    library = package(request.param)

    class Api(library.Api):  # type: ignore[misc, name-defined]
        def handle_error(self, e: Exception) -> Any:
            if isinstance(e, IpernityError):
                raise e  # to Flask, which has the handlers
            return super().handle_error(e)

    class Document(library.Resource):  # type: ignore[misc, name-defined]
        def get(self, doc_id: str) -> Any:
            return ipernity.api.doc.get(doc_id=doc_id)

    class Mine(library.Resource):  # type: ignore[misc, name-defined]
        @ipernity_auth_required({"doc": "read"})
        def get(self) -> Any:
            return {"name": who()}

    def with_resources(app: Flask) -> None:
        api = Api(app)
        api.add_resource(Document, "/docs/<doc_id>")
        api.add_resource(Mine, "/me")

    return club(after=with_resources)


@pytest.mark.parametrize(
    ("fault", "status"), [("1", 404), ("113", 503), ("503", 502), ("html", 502)]
)
def test_an_error_of_the_service_has_the_status_that_it_has_in_a_view(
    site: Flask, sandbox: Sandbox, fault: str, status: int
) -> None:
    sandbox.fault("doc.get", fault)
    reply = site.test_client().get("/docs/1", headers={"Accept": "application/json"})
    assert (reply.status_code, reply.mimetype) == (status, "application/problem+json")


def test_errors_of_others_are_still_those_of_the_neighbour(site: Flask) -> None:
    reply = site.test_client().post("/docs/1")
    assert (reply.status_code, reply.mimetype) == (405, "application/json")


def test_a_resource_behind_the_guard_asks_for_a_sign_in(site: Flask) -> None:
    client = site.test_client()
    assert client.get("/me", headers={"Accept": "application/json"}).status_code == 401
    back = client.get(consent(client.get("/me", headers={"Accept": "text/html"}).location))
    assert client.get(back.location).json == {"name": "Ada Fontaine"}
