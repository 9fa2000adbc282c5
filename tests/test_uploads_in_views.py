"""Uploads in a view: a text of the visitor's is never opened as a path of the server."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.site.api import SiteAPI
from tests.support.stub import TOKEN, Stub, ok

WAYS: dict[str, Callable[[SiteAPI, Any], object]] = {
    "upload": lambda api, file: api.upload(file),
    "upload_file": lambda api, file: api.upload_file(file),
    "file": lambda api, file: api.upload.file(file=file),
    "replace": lambda api, file: api.upload.replace(file=file, doc_id=1),
    "call": lambda api, file: api.call("upload.file", file=file),
    "duplicates": lambda api, file: api.upload(file, if_exists="skip"),
}
DONE = (
    '"quota":{},"ticket":"1","docs":{"doc":[]},"auth":{"user":{},"permissions":{}},'
    '"tickets":{"ticket":[{"id":"1","done":"1","doc_id":"7"}]},'
)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the server that visitors must not get."""
    path = tmp_path / "secret.txt"
    path.write_text("the key of the server")
    return path


def site(stub: Stub) -> Flask:
    app = Flask("tests")
    app.config.update(
        SECRET_KEY="x",
        IPERNITY_APP_KEY="key",
        IPERNITY_APP_SECRET="secret",
        IPERNITY_API_URL=stub.url,
        IPERNITY_OWNER_TOKEN=TOKEN,
    )
    app.testing = True
    Ipernity(app)

    @app.post("/<way>")
    def send(way: str) -> str:
        file: Any = request.files.get("file") or request.form["file"]
        WAYS[way](ipernity.owner_api, file)
        return "sent"

    return app


def was_sent(stub: Stub, content: bytes) -> bool:
    return any(content in one.body for one in stub.requests)


class Text(str):
    """A subclass, such as Markup."""


@pytest.mark.parametrize("way", WAYS)
def test_a_field_for_a_file_that_is_a_text_is_refused(way: str, secret: Path) -> None:
    with Stub(ok(DONE)) as stub:
        app = site(stub)
        for text in (str(secret), Text(secret), f"{secret.parent}/../{secret.parent.name}/x"):
            with app.test_request_context(), pytest.raises(TypeError, match="never opened"):
                WAYS[way](ipernity.owner_api, text)
        with pytest.raises(TypeError, match=r"request\.files"):
            app.test_client().post(f"/{way}", data={"file": str(secret)})
        assert not was_sent(stub, b"the key of the server")


@pytest.mark.parametrize("way", WAYS)
def test_files_and_paths_of_ones_own_are_sent(way: str, secret: Path) -> None:
    with Stub(ok(DONE)) as stub:
        app = site(stub)
        data = {"file": (io.BytesIO(b"a photo"), "a.jpg")}
        assert app.test_client().post(f"/{way}", data=data).status_code == 200
        assert was_sent(stub, b"a photo")
        with app.test_request_context():
            WAYS[way](ipernity.owner_api, secret)
        assert was_sent(stub, b"the key of the server")


def test_a_command_or_a_job_may_name_a_file_by_a_text(secret: Path) -> None:
    with Stub(ok(DONE)) as stub:
        with site(stub).app_context():
            ipernity.owner_api.upload(str(secret))
        assert was_sent(stub, b"the key of the server")
