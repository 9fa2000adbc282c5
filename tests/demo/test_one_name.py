"""A visitor of ``localhost`` is led to the name at which the sign-in ends."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest
from flask import Flask

from flask_ipernity.demo import create_app
from flask_ipernity.sandbox import Sandbox
from tests.support.visitor import consent

ADDRESS = "http://127.0.0.1:5000"
EXAMPLE = Path(__file__).parents[2] / "docs/examples/gallery.py"


@pytest.fixture(params=["demo", "quickstart"])
def app(sandbox: Sandbox, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Flask:
    sandbox.callback_url = f"{ADDRESS}/ipernity/cb"
    if request.param == "demo":
        return create_app({**sandbox.config(), "DEMO_ADDRESS": ADDRESS})
    for name, value in sandbox.config().items():
        monkeypatch.setenv(f"FLASK_{name}", json.dumps(value))
    example: Flask = runpy.run_path(str(EXAMPLE))["app"]
    return example


@pytest.mark.parametrize("path", ["/mine", "/mine?page=2&a=b%20c", "/?x=localhost"])
def test_another_name_of_this_machine_leads_to_the_one_with_path_and_query(
    app: Flask, path: str
) -> None:
    page = app.test_client().get(path, base_url="http://localhost:5000")
    assert (page.status_code, page.location) == (302, ADDRESS + path)
    assert "Set-Cookie" not in page.headers


def test_so_that_a_sign_in_that_starts_at_localhost_ends(app: Flask) -> None:
    client = app.test_client()
    start = client.get("/mine", base_url="http://localhost:5000")
    start = client.get(start.location.removeprefix(ADDRESS), base_url=ADDRESS)
    back = consent(start.location).removeprefix(ADDRESS)
    assert client.get(back, base_url=ADDRESS).location == "/mine"


def test_the_one_name_leads_nowhere(app: Flask) -> None:
    assert app.test_client().get("/mine", base_url=ADDRESS).location.startswith("http://127.0.0.1")
    assert "/authorize" in app.test_client().get("/mine", base_url=ADDRESS).location
