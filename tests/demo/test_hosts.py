"""The gallery answers only to names of this machine."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_ipernity.demo import create_app
from flask_ipernity.sandbox import Sandbox


@pytest.mark.parametrize("path", ["/", "/search", "/static/demo.css", "/nowhere"])
def test_only_names_of_this_machine_are_answered(client: FlaskClient, path: str) -> None:
    for host in ("localhost", "127.0.0.1", "127.4.5.6:5000", "[::1]", "localhost:5000"):
        assert client.get(path, base_url=f"http://{host}").status_code in (200, 404), host
    for host in ("evil.example", "evil.example:5000", "192.168.1.2", "localhost.evil.example"):
        assert client.get(path, base_url=f"http://{host}").status_code == 421, host
        assert client.post(path, base_url=f"http://{host}").status_code in (405, 421), host


def test_hosts_that_an_application_trusts_are_answered(sandbox: Sandbox) -> None:
    app: Flask = create_app({**sandbox.config(), "TRUSTED_HOSTS": ["photos.example"]})
    client = app.test_client()
    assert client.get("/", base_url="http://photos.example").status_code == 200
    assert client.get("/", base_url="http://localhost").status_code == 400
