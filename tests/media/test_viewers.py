"""Who gets what: anonymous first, then the visitor; and how seldom the service is asked."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from flask_ipernity import ipernity, token_revoked
from flask_ipernity.media import lookup
from flask_ipernity.media.listed_urls import ListedURLs
from flask_ipernity.media.state import media_state
from flask_ipernity.sandbox import Sandbox
from tests.support import stub
from tests.support.apps import MakeApp
from tests.support.failing_tokens import FailingStore
from tests.support.lookup import document
from tests.support.media import FILE, answered, assert_safe, files, head, honest, picture, world
from tests.support.views import with_sign_in
from tests.support.visitor import sign_in
from tests.support.waiting import until

PATH = "/ipernity/doc/1/240"


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return with_sign_in(make_app())


def signed_in(app: Flask, person: int = 0) -> FlaskClient:
    client = app.test_client()
    sign_in(client, "/in", person)
    return client


def private(sandbox: Sandbox) -> Any:
    return document(sandbox, media="photo", share=0, owner_id=sandbox.people[0].user_id)


def asked(sandbox: Sandbox, method: str = "doc.getMedias") -> int:
    return sum(call.method == method for call in sandbox.calls)


def test_public_media_say_so_whatever_else_the_application_does_with_the_session(
    app: Flask, sandbox: Sandbox
) -> None:
    @app.before_request
    def busy() -> None:
        session.permanent = True
        session["visits"] = session.get("visits", 0) + 1

    client = signed_in(app)
    doc = document(sandbox, media="photo", share=4)
    path = f"/ipernity/doc/{doc.doc_id}/240"
    first = client.get(path)
    for response in (
        first,
        client.head(path),
        client.get(path, headers={"If-None-Match": first.headers["ETag"]}),
        client.get(path, headers={"Range": "bytes=0-9"}),
    ):
        assert response.headers["Cache-Control"] == "public, max-age=86400"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Vary" not in response.headers
        assert "Set-Cookie" not in response.headers
    missing = client.get("/ipernity/doc/1/240")
    assert missing.status_code == 404
    assert "Set-Cookie" not in missing.headers


def test_private_media_are_for_one_visitor_and_do_not_write_the_session(
    app: Flask, sandbox: Sandbox
) -> None:
    @app.before_request
    def permanent() -> None:
        session.permanent = True

    path = f"/ipernity/doc/{private(sandbox).doc_id}/240"
    response = signed_in(app).get(path)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Vary"] == "Cookie"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Set-Cookie" not in response.headers


def test_what_is_missing_and_what_is_forbidden_cannot_be_told_apart(
    app: Flask, sandbox: Sandbox
) -> None:
    doc = private(sandbox)
    tag = signed_in(app).get(f"/ipernity/doc/{doc.doc_id}/240").headers["ETag"]
    for client in (app.test_client(), signed_in(app, 2)):
        for headers in ({}, {"If-None-Match": tag}, {"If-Match": '"x"'}, {"Range": "bytes=0-1"}):
            forbidden = client.get(f"/ipernity/doc/{doc.doc_id}/240", headers=headers)
            missing = client.get("/ipernity/doc/1/240", headers=headers)
            assert forbidden.status_code == missing.status_code == 404
            assert forbidden.data == missing.data
            assert list(forbidden.headers) == list(missing.headers)
            assert forbidden.headers["Cache-Control"] == "no-store"
            assert_safe(forbidden)


def test_after_signing_out_a_private_picture_is_gone_at_once(app: Flask, sandbox: Sandbox) -> None:
    @app.route("/out")
    def out() -> str:
        ipernity.logout()
        return "out"

    client, path = signed_in(app), f"/ipernity/doc/{private(sandbox).doc_id}/240"
    tag = client.get(path).headers["ETag"]
    client.get("/out")
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 404


def test_while_the_store_of_tokens_is_away_a_private_picture_is_503_and_not_missing(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    store = FailingStore()
    app = with_sign_in(make_app(IPERNITY_CACHE=store, IPERNITY_TOKEN_STORE="server"))
    client, stranger = signed_in(app), app.test_client()
    doc = private(sandbox)
    paths = [f"/ipernity/doc/{doc.doc_id}/{label}" for label in ("240", "original")]
    tag = client.get(paths[0]).headers["ETag"]
    store.down = {"get", "set", "delete"}
    for path, headers in ((paths[0], {}), (paths[1], {}), (paths[0], {"If-None-Match": tag})):
        away = client.get(path, headers=headers)
        assert (away.status_code, away.headers["Retry-After"]) == (503, "10")
        assert away.headers["Cache-Control"] == "no-store"
        assert "X-Accel-Expires" not in away.headers
        # who has no key has nothing to wait for
        assert stranger.get(path, headers=headers).status_code == 404
    store.down = set()
    assert until(lambda: client.get(paths[0]).status_code == 200, 10)


def test_a_picture_that_is_made_private_is_gone_at_the_next_question(
    app: Flask, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "FRESH_SECONDS", 0.0)
    doc = document(sandbox, media="photo", share=4)
    path, client = f"/ipernity/doc/{doc.doc_id}/240", app.test_client()
    tag = client.get(path).headers["ETag"]
    with sandbox.state.lock:
        doc.share = 0
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 404


def test_a_public_document_costs_one_call_for_all_visitors_and_labels(
    app: Flask, sandbox: Sandbox
) -> None:
    clients = [app.test_client(), signed_in(app), signed_in(app, 2)]
    doc = document(sandbox, media="photo", share=4)
    sandbox.clear_calls()
    for client in clients:
        for label in ("75x", "240", "500", "original"):
            assert client.get(f"/ipernity/doc/{doc.doc_id}/{label}").status_code == 200
    assert asked(sandbox) == 1


def test_what_is_missing_is_remembered_too(app: Flask, sandbox: Sandbox) -> None:
    for _ in range(5):
        assert app.test_client().get("/ipernity/doc/1/240").status_code == 404
    assert asked(sandbox) == 1


def test_visitors_have_answers_of_their_own(app: Flask, sandbox: Sandbox) -> None:
    doc = private(sandbox)
    owner, other = signed_in(app), signed_in(app, 2)
    sandbox.clear_calls()
    for _ in range(3):
        assert owner.get(f"/ipernity/doc/{doc.doc_id}/240").status_code == 200
        assert other.get(f"/ipernity/doc/{doc.doc_id}/240").status_code == 404
    # one as nobody, one for each of the two
    assert asked(sandbox) == 3


@pytest.mark.slow
def test_a_hundred_at_once_ask_once() -> None:
    def slow(connection: Any) -> None:
        time.sleep(0.5)
        connection.sendall(answered(files(source_port)))

    with world(picture()) as here:
        source_port = here.source.port
        here.api.steps = (slow,)
        with ThreadPoolExecutor(100) as pool:
            responses = list(pool.map(lambda _: here.client.get(PATH), range(100)))
        assert {response.status_code for response in responses} <= {200, 503}
        assert sum(response.data == FILE for response in responses) >= 32
        assert len(here.api.requests) == 1


def test_tokens_are_not_in_the_memory(app: Flask, sandbox: Sandbox) -> None:
    token = sandbox.sign_in()
    memory = app.extensions["ipernity"].parts[media_state].lookup
    assert token not in memory.key("1", token)
    assert memory.key("1", token) == memory.key("1", token) != memory.key("1", None)
    assert memory.key("1", token) != lookup.MediaLookup(()).key("1", token)


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (stub.error(1), 404),
        (stub.error(106), 404),
        (stub.error(107), 404),
        (stub.error(108), 404),
        (stub.error(109), 403),
        (stub.error(110), 403),
        (stub.error(112), 503),
        (stub.error(113), 503),
        *((stub.error(code), 502) for code in (2, 100, 101, 102, 103, 104, 105, 111, 120, 999)),
        (stub.error("abc"), 502),
        (stub.answer('{"api":{"status":"error"}}'), 502),
        (stub.answer("", "500 Internal Server Error"), 502),
        (stub.answer("", "403 Forbidden"), 502),
        (stub.answer("", "204 No Content"), 502),
        (head("302 Found", "Location: http://127.0.0.1:1/", "Content-Length: 0"), 502),
        (stub.answer("<html>"), 502),
        (stub.answer(""), 502),
        (stub.answer('{"api":{"status":"ok"},"thumbs":'), 502),
        (stub.answer("[]"), 502),
        (stub.answer("null"), 502),
        (stub.answer('"x"'), 502),
        (stub.answer("[" * 100_000), 502),
        (stub.answer('{"api":{"status":"ok"},"x":NaN}'), 502),
        (stub.answer('{"api":{"status":"ok"}}'.encode("utf-16")), 502),
        (stub.answer(b'\xef\xbb\xbf{"api":{"status":"ok"}}'), 404),
        (
            stub.answer(
                '{"api":{"status":"ok"},"thumbs":{"thumb":[{"label":"240","url":"\\ud800"}]}}'
            ),
            502,
        ),
    ],
)
def test_answers_of_the_service_become_the_right_status(response: bytes, status: int) -> None:
    with world(api=[response]) as here:
        reply = here.client.get(PATH)
        assert reply.status_code == status
        assert reply.headers["Cache-Control"] == "no-store"
        assert ("Retry-After" in reply.headers) == (status == 503)
        assert b"no" not in reply.data.split()
        assert_safe(reply)
        assert here.source.requests == []


@pytest.mark.parametrize("code", [106, 107, 108])
def test_a_dead_token_is_forgotten_and_the_answer_is_404(code: int) -> None:
    with world() as here:
        sign_in_by_hand(here.app)
        here.api.steps = (
            stub.error(1),
            stub.error(code),
        )
        client, gone = here.client, []
        client.get("/sign-in-by-hand")
        with token_revoked.connected_to(lambda *_, **__: gone.append(1), here.app):
            response = client.get(PATH)
        assert response.status_code == 404
        assert response.headers["Cache-Control"] == "no-store"
        if code != 106:
            assert gone == [1]
            assert client.get("/token").text == "None"
        assert client.get(PATH).status_code == 404


def sign_in_by_hand(app: Flask) -> None:
    """Add pages that sign in with a token that nobody checks, and that show the token."""

    @app.route("/sign-in-by-hand")
    def enter() -> str:
        from flask_ipernity.sign_in.visitor import visitor_api

        visitor_api().keep(
            {"token": "12-abcdef0123", "user": {"user_id": "1"}, "permissions": {"doc": "read"}}
        )
        return "in"

    @app.route("/token")
    def token() -> str:
        return str(ipernity.api.token)


def test_the_visitor_is_told_of_her_own_blocks_and_quota() -> None:
    for code, status in ((109, 403), (110, 403), (112, 503), (1, 404)):
        with world() as here:
            sign_in_by_hand(here.app)
            here.api.steps = (
                stub.error(1),
                stub.error(code),
            )
            client = here.client
            client.get("/sign-in-by-hand")
            assert client.get(PATH).status_code == status


@pytest.mark.parametrize(
    "failure", [stub.error(112), stub.error(113), stub.answer("", "500 X"), stub.answer("<html>")]
)
def test_an_older_answer_stands_in_while_the_service_fails(
    failure: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "FRESH_SECONDS", 0.0)
    with world(honest) as here:
        here.api.steps = (
            *here.api.steps,
            failure,
        )
        for _ in range(3):
            assert here.client.get(PATH).data == FILE


@pytest.mark.parametrize(("code", "status"), [(1, 404), (107, 404), (110, 403), (100, 502)])
def test_no_older_answer_stands_in_for_a_refusal(
    code: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "FRESH_SECONDS", 0.0)
    with world(honest) as here:
        here.api.steps = (
            *here.api.steps,
            stub.error(code),
        )
        assert here.client.get(PATH).data == FILE
        assert here.client.get(PATH).status_code == status


@pytest.mark.slow
def test_a_service_that_never_answers_is_504_in_time() -> None:
    with world(api=[lambda connection: time.sleep(3)], IPERNITY_TIMEOUT=(1, 0.5)) as here:
        began = time.monotonic()
        assert here.client.get(PATH).status_code == 504
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("payload", "thumbnail", "original"),
    [
        ({}, 404, 404),
        ({"thumbs": None}, 404, 200),
        ({"thumbs": []}, 404, 200),
        ({"thumbs": "x"}, 404, 200),
        ({"thumbs": {"thumb": None}}, 404, 200),
        ({"thumbs": {"thumb": "x"}}, 404, 200),
        ({"thumbs": {"thumb": [None, 5, []]}}, 404, 200),
        ({"thumbs": {"thumb": {"label": "240", "url": "GOOD"}}}, 200, 200),
        ({"thumbs": {"thumb": [{"label": 240, "url": "GOOD"}]}}, 200, 200),
        ({"thumbs": {"thumb": [{"label": "240"}]}}, 404, 200),
        ({"thumbs": {"thumb": [{"label": "240", "url": ""}]}}, 404, 200),
        ({"thumbs": {"thumb": [{"label": "240", "url": 5}]}}, 404, 200),
        ({"thumbs": {"thumb": [{"label": {}, "url": "GOOD"}]}}, 404, 200),
        (
            {"thumbs": {"thumb": [{"label": "240", "url": "GOOD"}, {"label": "240", "url": "x"}]}},
            200,
            200,
        ),
        ({"original": {"url": "GOOD"}}, 404, 200),
        ({"original": {"url": "GOOD", "filename": None, "ext": 5, "bytes": "abc"}}, 404, 200),
        ({"original": [{"url": "GOOD"}]}, 404, 404),
        ({"original": "GOOD"}, 404, 404),
        ({"medias": {"media": [{"label": "mp3", "url": "GOOD"}]}}, 404, 200),
    ],
)
def test_missing_singular_doubled_and_odd_members_are_no_error(
    payload: dict[str, Any], thumbnail: int, original: int
) -> None:
    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(part) for name, part in value.items()}
        if isinstance(value, list):
            return [filled(part) for part in value]
        return good if value == "GOOD" else value

    with world(picture()) as here:
        good = f"http://127.0.0.1:{here.source.port}/1.a1b2c3d4.jpg"
        given = {"original": {"url": "GOOD"}, **payload} if payload else {}
        here.api.steps = (answered(filled(given)),)
        assert here.client.get(PATH).status_code == thumbnail
        assert here.client.get("/ipernity/doc/1/original").status_code == original


def test_an_old_address_is_asked_for_anew_once_and_served() -> None:
    with world(picture(), picture(status="404 X"), picture()) as here:
        assert here.client.get(PATH).data == FILE
        assert here.client.get(PATH).data == FILE
        assert len(here.api.requests) == 2
        assert len(here.source.requests) == 3


@pytest.mark.parametrize("status", ["403 X", "404 X", "410 X"])
def test_an_address_that_leads_nowhere_is_404_and_does_not_cost_a_call_each_time(
    status: str,
) -> None:
    with world(picture(status=status)) as here:
        for _ in range(5):
            response = here.client.get(PATH)
            assert response.status_code == 404
            assert response.headers["Cache-Control"] == "no-store"
        assert len(here.api.requests) == 2
        assert len(here.source.requests) == 2


def test_a_size_that_is_missing_may_be_answered_by_the_next_smaller_one(
    app: Flask, sandbox: Sandbox
) -> None:
    doc = document(sandbox, media="photo", share=4)
    with sandbox.state.lock:
        doc.largest = 500
    client, path = app.test_client(), f"/ipernity/doc/{doc.doc_id}"
    assert client.get(f"{path}/1600").status_code == 404
    response = client.get(f"{path}/1600?fallback=nearest")
    assert response.status_code == 200
    assert response.headers["Content-Location"] == f"{path}/500"
    assert response.data == client.get(f"{path}/500").data
    assert response.headers["Cache-Control"] == "public, max-age=86400"
    again = client.get(
        f"{path}/1600?fallback=nearest", headers={"If-None-Match": response.headers["ETag"]}
    )
    assert (again.status_code, again.headers["Content-Location"]) == (304, f"{path}/500")
    exact = client.get(f"{path}/240?fallback=nearest")
    assert "Content-Location" not in exact.headers
    assert client.get(f"{path}/mp4?fallback=nearest").status_code == 404
    assert client.get(f"{path}/1600?fallback=x").status_code == 404


def test_a_square_is_not_a_smaller_version_of_a_picture() -> None:
    with world(picture()) as here:
        where = f"http://127.0.0.1:{here.source.port}/"
        thumbs = [{"label": label, "url": where + label} for label in ("75x", "250x", "500")]
        here.api.steps = (answered({"thumbs": {"thumb": thumbs}}),)
        assert here.client.get("/ipernity/doc/1/240?fallback=nearest").status_code == 404
        assert here.client.get("/ipernity/doc/1/250x?fallback=nearest").status_code == 200
        assert here.client.get("/ipernity/doc/1/640?fallback=nearest").status_code == 200
        assert [request.target for request in here.source.requests] == ["/250x", "/500"]


def test_only_the_documents_of_chosen_owners_are_served(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    owner = sandbox.people[0].user_id
    app = with_sign_in(make_app(IPERNITY_PROXY_OWNERS=(owner,)))
    mine = document(sandbox, media="photo", share=4, owner_id=owner)
    others = next(
        doc for doc in sandbox.state.docs.values() if doc.owner_id != owner and doc.share == 4
    )
    hidden = private(sandbox)
    client = app.test_client()
    assert client.get(f"/ipernity/doc/{mine.doc_id}/240").status_code == 200
    refused, missing = (client.get(f"/ipernity/doc/{n}/240") for n in (others.doc_id, 1))
    assert refused.status_code == 404
    assert list(refused.headers) == list(missing.headers)
    assert asked(sandbox) == 0
    assert asked(sandbox, "doc.get") == 3
    assert signed_in(app).get(f"/ipernity/doc/{hidden.doc_id}/240").status_code == 200
    assert signed_in(app, 2).get(f"/ipernity/doc/{others.doc_id}/240").status_code == 404


@pytest.mark.parametrize("doc", [None, [], {}, {"owner": None}, {"owner": {"user_id": None}}])
def test_a_document_without_an_owner_is_nobodys(doc: Any) -> None:
    with world(api=[answered({"doc": doc})], IPERNITY_PROXY_OWNERS=("10175",)) as here:
        assert here.client.get(PATH).status_code == (404 if isinstance(doc, dict) else 502)


def test_two_applications_do_not_share_their_memory(make_app: MakeApp, sandbox: Sandbox) -> None:
    doc = document(sandbox, media="photo", share=4)
    for app in (make_app(), make_app()):
        app.test_client().get(f"/ipernity/doc/{doc.doc_id}/240")
    assert asked(sandbox) == 2


def test_visitors_at_the_same_time_do_not_get_each_others_pictures(
    app: Flask, sandbox: Sandbox
) -> None:
    hidden = private(sandbox)
    path = f"/ipernity/doc/{hidden.doc_id}/240"
    clients = {0: signed_in(app), 2: signed_in(app, 2), None: app.test_client()}
    wrong: list[object] = []

    def visit(person: int | None) -> None:
        for _ in range(20):
            status = clients[person].get(path).status_code
            if status != (200 if person == 0 else 404):
                wrong.append((person, status))

    threads = [threading.Thread(target=visit, args=(person,)) for person in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []


def test_the_pictures_of_a_list_cost_no_further_calls(app: Flask, sandbox: Sandbox) -> None:
    @app.route("/list")
    def listing() -> list[str]:
        docs = ipernity.api.doc.getList(user_id=sandbox.people[0].user_id, thumbsize="240")
        return [doc["doc_id"] for doc in docs["docs"]["doc"]]

    client = app.test_client()
    numbers = client.get("/list").json
    assert numbers
    sandbox.clear_calls()
    for number in numbers[:5]:
        response = client.get(f"/ipernity/doc/{number}/240")
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "public, max-age=86400"
    assert sandbox.calls == []
    # other sizes, of which the list has told nothing, are asked for
    assert client.get(f"/ipernity/doc/{numbers[0]}/500").status_code == 200
    assert asked(sandbox) == 1


def test_what_a_visitors_list_tells_is_for_that_visitor(app: Flask, sandbox: Sandbox) -> None:
    @app.route("/mine")
    def mine() -> str:
        ipernity.api.doc.getList(share=0, thumbsize="240")
        return "listed"

    hidden = private(sandbox)
    path, owner = f"/ipernity/doc/{hidden.doc_id}/240", signed_in(app)
    owner.get("/mine")
    response = owner.get(path)
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "private, no-cache")
    assert signed_in(app, 2).get(path).status_code == 404
    assert app.test_client().get(path).status_code == 404


def test_an_address_from_a_list_that_leads_nowhere_is_asked_for_anew() -> None:
    with world(picture(status="404 X"), picture()) as here:

        @here.app.route("/list")
        def listing() -> str:
            ipernity.api.doc.getList(user_id="1")
            return "listed"

        good = here.api.steps[0]
        records = [
            {"doc_id": "1", "thumb": {"label": "240", "url": url}}
            for url in ("http://127.0.0.1:1/x", f"http://127.0.0.1:{here.source.port}/old")
        ]
        here.api.steps = (answered({"docs": {"doc": [*records, None, {"thumb": 5}]}}), good)
        client = here.client
        client.get("/list")
        assert client.get(PATH).data == FILE
        assert here.source.requests[0].target == "/old"
        assert len(here.api.requests) == 2


def test_a_list_counts_as_long_as_an_answer_and_not_longer() -> None:
    now = 0.0
    listed = ListedURLs(60, lambda: now)
    listed.add("", {("1", "240"): "a"})
    now = 59
    assert listed.url("", "1", "240") == "a"
    assert listed.url("other", "1", "240") is None
    now = 60
    assert listed.url("", "1", "240") is None


def test_the_newest_lists_are_kept_and_no_more_than_64() -> None:
    listed = ListedURLs(60)

    def add(number: int) -> None:
        listed.add("", {(str(number), "240"): f"u{number}"})

    for number in range(64):
        add(number)
    assert listed.url("", "0", "240") == "u0"
    add(64)
    assert listed.url("", "0", "240") is None
    assert listed.url("", "1", "240") == "u1"
    for number in range(1000):
        add(number)
    assert len(listed) == 64
    assert listed.url("", "935", "240") is None
    assert listed.url("", "936", "240") == "u936"


def test_the_cache_of_results_does_not_bring_back_what_this_memory_has_forgotten(
    make_app: MakeApp, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "FRESH_SECONDS", 0.0)
    app = make_app(IPERNITY_CACHE_REQUESTS=True, IPERNITY_CACHE="memory")
    doc = document(sandbox, media="photo", share=4)
    path, client = f"/ipernity/doc/{doc.doc_id}/240", app.test_client()
    assert client.get(path).status_code == 200
    with sandbox.state.lock:
        doc.share = 0
    assert client.get(path).status_code == 404
