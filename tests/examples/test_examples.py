"""The sites of ``examples/`` work as their visitors expect."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from html import unescape
from importlib import resources
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_ipernity.sandbox import Sandbox
from tests.support.apps import CALLBACK, Browser
from tests.support.visitor import consent
from tests.support.waiting import until

EXAMPLES = Path(__file__).parents[2] / "examples"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(callback_url=CALLBACK, processing=0.1) as running:
        yield running


def make(name: str, sandbox: Sandbox, **config: object) -> Flask:
    create_app = runpy.run_path(str(EXAMPLES / name / "app.py"), run_name="app")["create_app"]
    app: Flask = create_app({"SECRET_KEY": "test", **sandbox.config(), **config})
    # Flask looks for templates beside a module that was imported; this one was only run.
    app.root_path = str(EXAMPLES / name)
    app.test_client_class = Browser
    return app


@pytest.fixture
def photographer(sandbox: Sandbox) -> FlaskClient:
    owner = sandbox.people[0].user_id
    private = next(
        album.album_id
        for album in sandbox.state.albums.values()
        if album.owner_id == owner and any(sandbox.state.docs[i].share == 0 for i in album.doc_ids)
    )
    return make(
        "photographer",
        sandbox,
        PHOTOGRAPHER=owner,
        IPERNITY_OWNER_TOKEN=sandbox.sign_in(),
        FAMILY_ALBUM=private,
        FAMILY_PASSWORD="grandma",
    ).test_client()


def links(page: str, path: str) -> list[str]:
    return [unescape(found) for found in re.findall(rf'(?:href|src)="({path}[^"]*)"', page)]


def test_every_page_and_picture_of_the_photographer_is_there(photographer: FlaskClient) -> None:
    seen, left = set(), ["/"]
    while left:
        path = left.pop()
        if path not in seen:
            seen.add(path)
            page = photographer.get(path)
            assert page.status_code == 200, path
            if page.mimetype == "text/html":
                left += links(page.text, "/")
    assert len([path for path in seen if path.startswith("/photos/")]) >= 8
    assert len([path for path in seen if path.startswith("/ipernity/doc/")]) >= 8
    assert photographer.get("/photos/999999").status_code == 404


def test_the_feed_names_the_newest_photos(photographer: FlaskClient) -> None:
    feed = ElementTree.fromstring(photographer.get("/feed").data)
    entries = feed.findall("a:entry", ATOM)
    assert len(entries) >= 8
    updated = [entry.findtext("a:updated", "", ATOM) for entry in entries]
    assert updated == sorted(updated, reverse=True)


def test_the_family_album_opens_to_those_who_know_the_password(photographer: FlaskClient) -> None:
    assert "grandma" not in photographer.get("/family").text
    photographer.post("/family", data={"password": "guess"})
    assert "not the password" in photographer.get("/family").text
    assert photographer.post("/family", data={"password": "grandma"}).location == "/family"
    pictures = links(photographer.get("/family").text, "/ipernity/doc/")
    assert pictures
    for picture in pictures:
        assert photographer.get(picture).status_code == 200
    assert photographer.get(pictures[0].partition("?")[0]).status_code in (200, 404)


@pytest.mark.parametrize("name", ["photographer", "club"])
def test_a_site_starts_with_the_settings_of_the_readme(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    lines = (EXAMPLES / "README.md").read_text("utf-8").splitlines()
    line = lines[lines.index(f"    flask --app examples/{name}/app run") - 1]
    command, *variables = shlex.split(line)
    assert command == "export"
    for variable in variables:
        monkeypatch.setenv(*variable.split("=", 1))
    client = make(name, sandbox).test_client()
    assert len(links(client.get("/").text, "/ipernity/doc/")) >= 2


def test_a_site_without_its_settings_does_not_start(sandbox: Sandbox) -> None:
    with pytest.raises(KeyError, match="PHOTOGRAPHER"):
        make("photographer", sandbox)
    with pytest.raises(KeyError, match="GROUP"):
        make("club", sandbox)


def test_texts_of_the_service_are_shown_as_they_are_meant(
    sandbox: Sandbox, photographer: FlaskClient
) -> None:
    doc = next(
        one for one in sandbox.state.docs.values() if one.share == 4 and one.media == "photo"
    )
    before = doc.title, doc.description
    doc.title, doc.description = "Fish &amp; ships", "<b>Sea</b> &amp; sky<script>x()</script>"
    try:
        page = photographer.get(f"/photos/{doc.doc_id}").text
    finally:
        doc.title, doc.description = before
    assert "Fish &amp; ships</h1>" in page
    assert "<b>Sea</b> &amp; sky</p>" in page
    assert "&amp;amp;" not in page


@pytest.fixture
def club(sandbox: Sandbox) -> FlaskClient:
    group = next(iter(sandbox.state.groups.values()))
    treasurer = sandbox.people[0].user_id
    return make("club", sandbox, GROUP=group.group_id, TREASURERS=[treasurer]).test_client()


def sign_in(client: FlaskClient, path: str, person: int = 0) -> None:
    reply = client.get(path)
    while reply.location and reply.location.startswith("/"):
        reply = client.get(reply.location)
    if reply.location:
        assert client.get(consent(reply.location, person)).status_code == 303


def test_everybody_sees_the_pool_and_who_contributes(club: FlaskClient) -> None:
    page = club.get("/").text
    assert links(page, "/ipernity/doc/")
    for picture in links(page, "/ipernity/doc/"):
        assert club.get(picture).status_code == 200
    assert "Ada Fontaine" in club.get("/contributors").text


def test_only_treasurers_see_the_accounts(club: FlaskClient, sandbox: Sandbox) -> None:
    sign_in(club, "/accounts")
    assert "treasurers" in club.get("/accounts").text
    assert club.post("/ipernity/logout").status_code in (302, 303)
    assert club.get("/accounts").status_code == 302
    sign_in(club, "/accounts", person=2)
    assert club.get("/accounts").status_code == 403


def test_a_member_uploads_a_photo_into_the_pool(club: FlaskClient) -> None:
    sign_in(club, "/upload")
    sign_in(club, "/upload")  # and lets the site write
    assert "Choose a file" in club.post("/upload", data={}).text
    photos = resources.files("flask_ipernity.sandbox") / "photos"
    photo = (photos / "wind-on-sand.jpg").read_bytes()
    page = club.post("/upload", data={"photo": (BytesIO(photo), "Sand.jpg")}).location
    state = {"Accept": "application/json"}
    until(lambda: club.get(page, headers=state).get_json()["state"] in ("done", "failed"))
    assert club.get(page, headers=state).get_json()["state"] == "done"
    assert "photos of the club" in club.get(page).text
    assert "Sand, Ada Fontaine" in club.get("/").text


def test_a_member_reads_why_a_file_was_refused(club: FlaskClient) -> None:
    sign_in(club, "/upload", person=2)
    sign_in(club, "/upload", person=2)
    page = club.post("/upload", data={"photo": (BytesIO(b""), "empty.jpg")}).location
    until(lambda: "alert" in club.get(page).text)
    assert "empty" in club.get(page).text
    assert club.application.test_client().get(page).status_code == 302
