"""Applications that match hosts find the extension's pages on all of them."""

from __future__ import annotations

import pytest
from flask import Flask, url_for
from flask_login import LoginManager, current_user, login_required

from flask_ipernity import Ipernity, ipernity, ipernity_auth_required
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import Browser
from tests.support.lookup import document
from tests.support.visitor import sign_in


@pytest.fixture
def app(sandbox: Sandbox) -> Flask:
    app = Flask("tests", host_matching=True, static_host="localhost")
    app.config.update(sandbox.config(), SECRET_KEY="test", IPERNITY_OWNER_TOKEN=sandbox.sign_in(0))
    app.test_client_class = Browser
    Ipernity(app)

    @app.route("/in", host="localhost")
    @ipernity_auth_required()
    def enter() -> str:
        return str((ipernity.api.user_info or {}).get("username"))

    @app.route("/url/<doc_id>", host="<host>")
    def url(doc_id: str, host: str) -> list[str]:
        plain = url_for("ip_proxy.doc", doc_id=doc_id, label="240")
        return [plain, ipernity.media_url(doc_id, "240", as_owner=True)]

    return app


@pytest.mark.parametrize("host", ["localhost", "photos.example.org", "127.0.0.1:5000"])
def test_files_are_served_on_every_host(app: Flask, sandbox: Sandbox, host: str) -> None:
    client, base = app.test_client(), f"http://{host}"
    public = document(sandbox, media="photo", share=4)
    hidden = document(sandbox, media="photo", share=0, owner_id=sandbox.people[0].user_id)
    for doc in (public, hidden):
        plain, signed = client.get(f"/url/{doc.doc_id}", base_url=base).json or ("", "")
        assert plain == f"/ipernity/doc/{doc.doc_id}/240"
        assert signed.startswith(f"{plain}?expires=")
        assert client.get(signed, base_url=base).status_code == 200
        expected = 200 if doc is public else 404
        assert client.get(plain, base_url=base).status_code == expected
    nearest = client.get(f"/ipernity/doc/{public.doc_id}/2048?fallback=nearest", base_url=base)
    location = nearest.headers.get("Content-Location", f"/ipernity/doc/{public.doc_id}/")
    assert location.startswith(f"/ipernity/doc/{public.doc_id}/")


def test_a_sign_in_comes_back(app: Flask, sandbox: Sandbox) -> None:
    client = app.test_client()
    assert sign_in(client, "/in").text == sandbox.people[0].username


def test_the_applications_own_pages_keep_their_hosts(app: Flask) -> None:
    # a rule that is added later is the application's own
    app.add_url_rule("/late", "late", lambda: "late", host="photos.example.org")
    client = app.test_client()
    assert client.get("/in", base_url="http://photos.example.org").status_code == 404
    assert client.get("/late", base_url="http://photos.example.org").text == "late"
    assert client.get("/late").status_code == 404


def test_flask_login_finds_its_pages(sandbox: Sandbox) -> None:
    app = Flask("tests", host_matching=True, static_host="localhost")
    app.config.update(sandbox.config(), SECRET_KEY="test", IPERNITY_LOGIN=True)
    app.test_client_class = Browser
    LoginManager(app)
    Ipernity(app)

    @app.route("/members", host="localhost")
    @login_required  # type: ignore[untyped-decorator]
    def members() -> str:
        return str(current_user.username)

    client = app.test_client()
    first = client.get("/members")
    assert first.location.startswith("/ipernity/login?next=")
    assert sign_in(client, first.location).text == sandbox.people[0].username


def test_urls_outside_of_requests_are_those_of_the_servers_name(app: Flask) -> None:
    app.config["SERVER_NAME"] = "photos.example.org"
    with app.app_context():
        assert ipernity.media_url(1, "240") == "http://photos.example.org/ipernity/doc/1/240"
