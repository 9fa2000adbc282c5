"""What the documentation shows works, word for word, against the sandbox."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.settings import Settings
from tests.support.apps import CALLBACK, Browser
from tests.support.visitor import consent, sign_in

ROOT = Path(__file__).parent.parent


def blocks(path: str, language: str) -> list[str]:
    text = (ROOT / path).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_example_of_the_readme_works_word_for_word(monkeypatch: pytest.MonkeyPatch) -> None:
    example, template = blocks("README.md", "python")[0], blocks("README.md", "jinja")[0]
    with Sandbox(app_key="XXX", app_secret="YYY", callback_url=CALLBACK) as sandbox:
        addresses = {name: value for name, value in sandbox.config().items() if "APP_" not in name}
        monkeypatch.setattr(Flask, "default_config", {**Flask.default_config, **addresses})
        monkeypatch.setattr(Flask, "test_client_class", Browser)
        names: dict[str, Any] = {"__name__": "example"}
        exec(example.replace("    ...\n", "    return data\n"), names)
        app = names["app"]
        client = app.test_client()
        answer = sign_in(client, "/get_doc").json
        assert answer is not None
        documents = answer["docs"]["doc"]
        assert documents
        with app.test_request_context():
            source = re.findall('src="([^"]*)"', render_template_string(template))
        assert source == ["/ipernity/doc/4711/1600"]
        picture = client.get(
            source[0].replace("4711", documents[0]["doc_id"]).replace("1600", "500")
        )
        assert picture.mimetype == "image/jpeg"


def test_the_sandbox_of_the_readme_starts() -> None:
    app = Flask("example")
    exec(blocks("README.md", "python")[1], {"app": app})
    assert app.config["IPERNITY_APP_KEY"]


def test_the_gallery_of_the_quickstart_works(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    for name, value in sandbox.config().items():
        monkeypatch.setenv(f"FLASK_{name}", json.dumps(value))
    app = runpy.run_path(str(ROOT / "docs/examples/gallery.py"))["app"]
    app.test_client_class = Browser
    client = app.test_client()
    public = client.get("/").text.count("<img")
    client.get(client.get(consent(client.get("/mine").location)).location)
    assert public > 0
    assert client.get("/mine").text.count("<img") > 5


def test_every_setting_is_explained() -> None:
    text = (ROOT / "docs/config.rst").read_text(encoding="utf-8")
    for row in fields(Settings):
        assert f"``IPERNITY_{row.name.upper()}``" in text
