"""What the documentation shows works, word for word, against the sandbox."""

from __future__ import annotations

import json
import re
import runpy
from ast import literal_eval
from dataclasses import fields
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask, render_template_string, request

import flask_ipernity
from flask_ipernity import Ipernity, client, ipernity, sandbox
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.settings import Settings
from tests.support.apps import CALLBACK, Browser
from tests.support.architecture import APART, FLOORS
from tests.support.printed import application, command
from tests.support.redis import RedisServer
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


def test_the_sandbox_of_the_readme_takes_over_the_example_of_the_readme() -> None:
    example, tests = blocks("README.md", "python")[:2]
    names: dict[str, Any] = {"__name__": "example"}
    exec(example, names)
    asked = tests.replace(
        'app.test_client().get("/get_doc")', 'page = app.test_client().get("/get_doc").location'
    )
    assert asked != tests
    exec(asked, names)
    assert names["page"].startswith(names["sandbox"].authorize_url)


def test_the_example_of_the_readme_says_at_start_that_its_secret_key_is_missing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    example = blocks("README.md", "python")[0]
    without = re.sub(r' *SECRET_KEY=".*",\n', "", example)
    assert without != example
    exec(without, {"__name__": "example"})
    assert "SECRET_KEY is missing: visitors cannot sign in" in caplog.text
    caplog.clear()
    exec(example, {"__name__": "example"})
    assert caplog.text == ""


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


def test_the_deployed_application_believes_the_web_server(
    monkeypatch: pytest.MonkeyPatch, redis: RedisServer
) -> None:
    for name in ("SECRET_KEY", "IPERNITY_APP_KEY", "IPERNITY_APP_SECRET"):
        monkeypatch.setenv(name, "x" * 32)
    text = (ROOT / "docs/examples/photos.py").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "photos"}
    exec(text.replace("redis://localhost:6379/0", redis.url), names)
    app: Flask = names["app"]

    @app.get("/")
    def where() -> str:
        return f"{request.url} {request.remote_addr}"

    told = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    client = app.test_client()
    page = client.get("/", headers=told, base_url="http://photos.example.org")
    assert page.text == "https://photos.example.org/ 198.51.100.7"
    assert client.get("/", base_url="http://evil.example").status_code == 400


def test_apache_gets_the_modules_that_its_configuration_needs() -> None:
    text = (ROOT / "docs/deployment.rst").read_text(encoding="utf-8")
    url = ["--url", "https://photos.example.org"]
    printed = command(application(), *url, server="apache").output
    assert re.findall("a2enmod .*", text) == re.findall("a2enmod .*", printed)


def test_the_view_of_the_owners_token_shows_it_to_the_owner_only(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    for name, value in sandbox.config().items():
        monkeypatch.setenv(f"FLASK_{name}", json.dumps(value))
    names = runpy.run_path(str(ROOT / "docs/examples/owner_token.py"))
    app, site = names["app"], Flask("site")
    client = app.test_client()
    assert sign_in(client, "/owner-token", person=1).status_code == 404
    shown = sign_in(app.test_client(), "/owner-token", person=0)
    assert (shown.status_code, shown.mimetype) == (200, "text/plain")
    assert shown.cache_control.no_store
    key, _, token = shown.text.strip().partition("=")
    site.config.update(sandbox.config(), SECRET_KEY="k", **{key: token})
    Ipernity(site)
    with site.test_request_context():
        mine = {doc["doc_id"] for doc in ipernity.owner_api.walk_docs()}
        public = {doc["doc_id"] for doc in ipernity.public_api.walk_docs(user_id="10175")}
        private = (mine - public).pop()
        address = ipernity.media_url(private, "240", as_owner=True)
    assert site.test_client().get(address).mimetype == "image/jpeg"


def test_the_owners_token_of_a_sandbox_is_set_as_the_page_shows(sandbox: Sandbox) -> None:
    text = (ROOT / "docs/owner.rst").read_text(encoding="utf-8")
    example = text.partition(".. code-block:: python\n\n")[2]
    app = Flask("site")
    app.config.update(SECRET_KEY="k", IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret")
    Ipernity(app)
    lines = [line.removeprefix("    ") for line in example.splitlines()]
    check = "    with app.app_context(): total = ipernity.owner_api.doc.getList()['docs']['total']"
    found: dict[str, Any] = {"app": app, "Sandbox": Sandbox, "ipernity": ipernity}
    exec("\n".join([*lines, check]), found)
    assert int(found["total"]) > 0


def test_every_setting_is_explained_with_its_default() -> None:
    text = (ROOT / "docs/config.rst").read_text(encoding="utf-8")
    explained = {
        key: re.search(r"^ +:default: ``(.*)``$", options, re.MULTILINE)
        for key, options in re.findall(r"^\.\. confval:: (\w+)\n((?: +:.*\n)+)", text, re.MULTILINE)
    }
    assert explained.keys() == {f"IPERNITY_{row.name.upper()}" for row in fields(Settings)}
    defaults = vars_of(Settings(app_key="key", app_secret="secret"))
    for key, default in explained.items():
        if key in ("IPERNITY_APP_KEY", "IPERNITY_APP_SECRET"):
            assert default is None
        else:
            assert default is not None
            assert literal_eval(default[1]) == defaults[key]


def vars_of(settings: Settings) -> dict[str, Any]:
    return {f"IPERNITY_{row.name.upper()}": getattr(settings, row.name) for row in fields(Settings)}


def test_the_picture_of_the_architecture_shows_every_room_on_its_floor() -> None:
    picture = ElementTree.parse(ROOT / "docs/architecture.svg")
    texts = picture.iterfind(".//{http://www.w3.org/2000/svg}text[@class='name']")
    places = [(float(text.get("y", 0)), text.text) for text in texts]
    heights = sorted({height for height, name in places if name != APART})
    floors = [tuple(name for height, name in places if height == floor) for floor in heights]
    assert [floor for floor in floors if floor != (APART,)] == list(FLOORS)
    assert APART in {name for _, name in places}


def test_the_page_on_the_architecture_describes_every_room() -> None:
    text = (ROOT / "docs/architecture.rst").read_text(encoding="utf-8")
    rooms = {room for floor in FLOORS for room in floor if not room.startswith("__")}
    described = re.findall(r"^((?:``\w+``(?:, )?)+)$", text, re.MULTILINE)
    assert {name for line in described for name in re.findall(r"\w+", line)} == rooms | {APART}


def test_the_page_on_the_public_api_names_every_public_name() -> None:
    text = (ROOT / "docs/public-api.rst").read_text(encoding="utf-8")
    errors = re.findall(r"autoexception:: (\w+)", (ROOT / "docs/errors.rst").read_text("utf-8"))
    for name in {*flask_ipernity.__all__, *client.__all__, *sandbox.__all__} - set(errors):
        assert re.search(rf"\b{name}\b", text), name
