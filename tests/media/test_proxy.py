from __future__ import annotations

import hashlib
from typing import Any

import pytest
import urllib3
from flask import Flask

from flask_ipernity import ipernity
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.lookup import document
from tests.support.views import with_sign_in
from tests.support.visitor import sign_in


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return with_sign_in(make_app())


def medias(app: Flask, sandbox: Sandbox, doc_id: str) -> Any:
    with app.app_context():
        token = sandbox.sign_in(0, {"doc": "read"})
        return ipernity.api_for(token).doc.getMedias(doc_id=doc_id)


def bytes_of(url: str) -> bytes:
    pool = urllib3.PoolManager()
    data = pool.request("GET", url).data
    pool.clear()
    return data


@pytest.mark.slow
def test_every_size_arrives_whole_with_type_length_and_scope(app: Flask, sandbox: Sandbox) -> None:
    doc = document(sandbox, media="photo", share=4)
    found = medias(app, sandbox, doc.doc_id)
    for thumb in found["thumbs"]["thumb"]:
        response = app.test_client().get(f"/ipernity/doc/{doc.doc_id}/{thumb['label']}")
        expected = bytes_of(thumb["url"])
        assert response.status_code == 200
        assert response.mimetype == "image/jpeg"
        assert response.content_length == len(expected)
        assert hashlib.md5(response.data).digest() == hashlib.md5(expected).digest()
        assert response.headers["Cache-Control"] == "public, max-age=86400"
        assert "Vary" not in response.headers
        assert "Set-Cookie" not in response.headers


def test_the_original_arrives_with_its_name(app: Flask, sandbox: Sandbox) -> None:
    doc = document(sandbox, media="photo", share=4, allow_original=True)
    original = medias(app, sandbox, doc.doc_id)["original"]
    response = app.test_client().get(f"/ipernity/doc/{doc.doc_id}/original")
    assert response.status_code == 200
    assert len(response.data) == int(original["bytes"]) == response.content_length
    assert response.headers["Content-Disposition"] == f'inline; filename="{original["filename"]}"'


@pytest.mark.parametrize(
    ("media", "label", "kind"), [("video", "mp4", "video/mp4"), ("audio", "mp3", "audio/mpeg")]
)
def test_video_and_audio_arrive(
    app: Flask, sandbox: Sandbox, media: str, label: str, kind: str
) -> None:
    doc = document(sandbox, media=media, share=4)
    response = app.test_client().get(f"/ipernity/doc/{doc.doc_id}/{label}")
    assert (response.status_code, response.mimetype) == (200, kind)
    assert response.content_length == len(response.data) > 1000


def test_head_tells_the_same_and_fetches_no_body(app: Flask, sandbox: Sandbox) -> None:
    doc = document(sandbox, media="photo", share=4)
    path = f"/ipernity/doc/{doc.doc_id}/240"
    full = app.test_client().get(path)
    head = app.test_client().head(path)
    assert head.data == b""
    names = ("Content-Length", "Content-Type", "Cache-Control", "Content-Disposition")
    assert [head.headers[name] for name in names] == [full.headers[name] for name in names]
    assert [request.http_method for request in sandbox.media_requests] == ["GET", "HEAD"]


def test_a_private_picture_is_only_for_those_who_may_see_it(app: Flask, sandbox: Sandbox) -> None:
    doc = document(sandbox, media="photo", share=0, owner_id=sandbox.people[0].user_id)
    path = f"/ipernity/doc/{doc.doc_id}/240"
    owner, other, nobody = app.test_client(), app.test_client(), app.test_client()
    sign_in(owner, "/in", 0)
    sign_in(other, "/in", 2)
    seen = owner.get(path)
    assert seen.status_code == 200
    assert seen.headers["Cache-Control"] == "private, no-cache"
    assert "Cookie" in seen.headers["Vary"]
    refused, forbidden = nobody.get(path), other.get(path)
    missing = nobody.get("/ipernity/doc/1/240")
    assert refused.status_code == forbidden.status_code == missing.status_code == 404
    assert refused.data == forbidden.data == missing.data
    assert dict(refused.headers) == dict(missing.headers)


def test_a_public_picture_leaves_the_session_alone(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = with_sign_in(make_app(SESSION_REFRESH_EACH_REQUEST=True))
    doc = document(sandbox, media="photo", share=4)
    client = app.test_client()
    sign_in(client, "/in")
    sandbox.clear_calls()
    response = client.get(f"/ipernity/doc/{doc.doc_id}/240")
    assert response.status_code == 200
    assert "Vary" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert "auth_token" not in sandbox.calls[0].params


@pytest.mark.parametrize(
    "path",
    [
        "0/240",
        "-1/240",
        "1e3/240",
        "+1/240",
        "1.0/240",
        "0x10/240",
        "1" * 200 + "/240",
        "\uff11\uff12/240",
        "\u0661\u0662/240",
        "1;x/240",
        "1%3f/240",
        "1%0d%0a/240",
        "1/9999",
        "1/75X",
        "1/Original",
        "1/100%20",
        "1/%00",
        "1/" + "9" * 8192,
    ],
)
def test_nonsense_is_not_found_without_a_call(app: Flask, sandbox: Sandbox, path: str) -> None:
    response = app.test_client().get(f"/ipernity/doc/{path}")
    assert response.status_code == 404
    assert sandbox.calls == []


def test_a_label_that_the_document_does_not_have_is_not_found(app: Flask, sandbox: Sandbox) -> None:
    doc = document(sandbox, media="photo", share=4)
    assert app.test_client().get(f"/ipernity/doc/{doc.doc_id}/mp4").status_code == 404
    forbidden = document(sandbox, allow_original=False)
    assert app.test_client().get(f"/ipernity/doc/{forbidden.doc_id}/original").status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(app: Flask, method: str) -> None:
    response = app.test_client().open("/ipernity/doc/1/240", method=method)
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("fault", "status"), [("500", 502), ("html", 502), ("hang", 504), ("113", 503), ("101", 502)]
)
def test_a_failing_service_is_told_apart(
    make_app: MakeApp, sandbox: Sandbox, fault: str, status: int
) -> None:
    app = make_app(IPERNITY_TIMEOUT=0.3, IPERNITY_RETRIES=0)
    sandbox.fault("doc.getMedias", fault)
    response = app.test_client().get("/ipernity/doc/1/240")
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "https://evil.example/a.jpg",
        "https://evilipernity.com/a.jpg",
        "https://u1.ipernity.com.evil.example/a.jpg",
        "https://u1.ipernity.com@evil.example/a.jpg",
        "https://a:b@u1.ipernity.com/a.jpg",
        "https://evil.example\\@u1.ipernity.com/a.jpg",
        "https://u1.ipernity.com:8080/a.jpg",
        "https://u1.ipernity.com%2eevil.example/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://u1.iperni\u0442y.com/a.jpg",
        "https://u1.ipernity.com/a b.jpg",
        "not an address",
    ],
)
def test_media_come_from_allowed_hosts_only(
    make_app: MakeApp, sandbox: Sandbox, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(IPERNITY_MEDIA_HOSTS=(".ipernity.com",))
    medias = {"thumbs": {"thumb": [{"label": "240", "url": url}]}}
    monkeypatch.setattr("flask_ipernity.site.api.SiteAPI.call", lambda *a, **k: medias)
    assert app.test_client().get("/ipernity/doc/1/240").status_code == 502
    assert sandbox.media_requests == []


@pytest.mark.parametrize(
    "medias",
    [
        {},
        {"thumbs": []},
        {"thumbs": {"thumb": "x"}},
        {"thumbs": {"thumb": None}},
        {"thumbs": {"thumb": [{"label": "240"}, None, 5]}},
        {"thumbs": {"thumb": [{"label": "240", "url": ""}]}},
        {"thumbs": "x", "original": []},
    ],
)
def test_missing_and_odd_members_are_not_found(
    app: Flask, medias: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_ipernity.site.api.SiteAPI.call", lambda *a, **k: medias)
    assert app.test_client().get("/ipernity/doc/1/240").status_code == 404


def test_a_larger_file_than_the_setting_allows_is_not_passed_on(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = make_app(IPERNITY_PROXY_MAX_BYTES=5000)
    doc = document(sandbox, media="photo", share=4)
    client = app.test_client()
    assert client.get(f"/ipernity/doc/{doc.doc_id}/75x").status_code == 200
    assert client.get(f"/ipernity/doc/{doc.doc_id}/original").status_code == 502


def test_the_proxy_can_be_left_out_or_put_elsewhere(make_app: MakeApp, sandbox: Sandbox) -> None:
    doc = document(sandbox, media="photo", share=4)
    off, moved = make_app(IPERNITY_PROXY_DOCS=False), make_app(IPERNITY_PROXY_URL_PREFIX="/pics")
    assert off.test_client().get(f"/ipernity/doc/{doc.doc_id}/75x").status_code == 404
    assert moved.test_client().get(f"/pics/doc/{doc.doc_id}/75x").status_code == 200
    with moved.test_request_context():
        assert ipernity.media_url(4711, "1600") == "/pics/doc/4711/1600"
