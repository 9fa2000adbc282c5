"""What a visitor gets from the cache, on each kind of store, against the sandbox."""

from __future__ import annotations

import gc
import time
from contextlib import suppress
from enum import Enum
from io import BytesIO
from typing import Any
from weakref import ref

import pytest
from flask import Flask, request
from PIL import Image
from werkzeug.datastructures import FileStorage

from flask_ipernity import (
    APIRequestError,
    NotFoundError,
    ServiceError,
    TokenError,
    UnknownMethod,
    ipernity,
)
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PRIVATE, PUBLIC
from tests.support.apps import MakeApp
from tests.support.caching_app import SERVER_SIDE, STORES, caching, how, signed_in

on_every_store = pytest.mark.parametrize("store", STORES, indirect=True)
on_the_server = pytest.mark.parametrize("store", SERVER_SIDE, indirect=True)


@pytest.fixture
def doc_id(sandbox: Sandbox) -> str:
    """A document that everybody may see, of the first person."""
    owner = sandbox.people[0].user_id
    return next(
        doc.doc_id
        for doc in sandbox.state.docs.values()
        if doc.owner_id == owner and doc.share == PUBLIC and doc.media == "photo"
    )


@on_every_store
def test_equal_calls_cost_one(caching_app: Flask, sandbox: Sandbox) -> None:
    client = caching_app.test_client()
    user_id = sandbox.people[0].user_id
    assert how(client, user_id=user_id) == "miss"
    sandbox.clear_calls()
    assert how(client, user_id=user_id) == "hit"
    assert sandbox.calls == []
    assert how(client, user_id=sandbox.people[1].user_id) == "miss"
    assert how(client, "doc.search", user_id=user_id) == "miss"


@on_every_store
def test_the_way_in_which_a_call_is_written_does_not_matter(
    caching_app: Flask, sandbox: Sandbox
) -> None:
    user_id = sandbox.people[0].user_id
    caching_app.add_url_rule("/", "all_ways", lambda: {"how": all_ways(user_id)})
    assert caching_app.test_client().get("/").json == {"how": ["miss"] + ["hit"] * 5}
    assert len(sandbox.calls) == 1


def all_ways(user_id: str) -> list[str]:
    found: list[str] = []
    api = ipernity.api
    for call in (
        lambda: api.doc.getList(user_id=user_id, per_page=5, extra=["dates", "count"]),
        lambda: api.doc.getList(per_page=5, user_id=user_id, extra=("dates", "count")),
        lambda: api.doc.getList(user_id=int(user_id), per_page="5", extra="dates,count"),  # type: ignore[arg-type]
        lambda: api.docs.getList(user_id=user_id, per_page=5, extra="dates,count"),
        lambda: api.call("doc.getList", user_id=user_id, per_page=5, extra="dates,count"),
        lambda: api.call(
            "docs.getList", page=None, user_id=user_id, per_page=5, extra="dates,count"
        ),
    ):
        call()
        assert ipernity.last_call
        found.append(ipernity.last_call.cache)
    return found


@on_every_store
def test_visitors_are_kept_apart(caching_app: Flask, sandbox: Sandbox, doc_id: str) -> None:
    ada, jonas = signed_in(caching_app, sandbox, 0), signed_in(caching_app, sandbox, 1)
    nobody = caching_app.test_client()
    for client in (ada, jonas, nobody):
        assert how(client, "doc.get", doc_id=doc_id) == "miss"
    for client in (ada, jonas, nobody):
        assert how(client, "doc.get", doc_id=doc_id) == "hit"
    private = next(doc for doc in sandbox.state.docs.values() if doc.share == PRIVATE)
    owner = int(private.owner_id == sandbox.people[1].user_id)
    path = f"/call/doc.get?doc_id={private.doc_id}"
    assert (ada, jonas)[owner].get(path).status_code == 200
    assert nobody.get(path).status_code == 404


@on_every_store
def test_answers_are_copies(caching_app: Flask, sandbox: Sandbox) -> None:
    def view() -> Any:
        user_id = sandbox.people[0].user_id
        answers = []
        for _ in range(3):
            answer: Any = ipernity.api.doc.getList(user_id=user_id)
            answers.append(str(answer))
            answer["docs"]["doc"][0]["title"] = "mine"
            answer["docs"]["doc"][0]["thumb"].clear()
            answer["docs"]["doc"].append("more")
        return {"same": answers[0] == answers[1] == answers[2]}

    caching_app.add_url_rule("/", "view", view)
    client = caching_app.test_client()
    assert client.get("/").json == client.get("/").json == {"same": True}


@on_every_store
def test_a_write_is_never_kept_and_makes_the_writers_next_reads_fresh(
    caching_app: Flask, sandbox: Sandbox, doc_id: str
) -> None:
    ada, jonas = signed_in(caching_app, sandbox, 0), signed_in(caching_app, sandbox, 1)
    for client in (ada, jonas):
        how(client, "doc.get", doc_id=doc_id)
        how(client, "user.get", user_id=sandbox.people[0].user_id)
    sandbox.clear_calls()
    for _ in range(2):
        path = f"/call/doc.set?doc_id={doc_id}&title=New"
        assert ada.post(path).json["how"] == "uncached"  # type: ignore[index]
    assert len(sandbox.calls) == 2
    answer = ada.get(f"/call/doc.get?doc_id={doc_id}").json
    assert answer["how"] == "miss"  # type: ignore[index]
    assert answer["answer"]["doc"]["title"] == "New"  # type: ignore[index]
    # what a title does not change, and other visitors, are not touched
    assert how(ada, "user.get", user_id=sandbox.people[0].user_id) == "hit"
    assert how(jonas, "doc.get", doc_id=doc_id) == "hit"


@on_every_store
@pytest.mark.parametrize("fault", ["reset", "500", "1"])
def test_a_write_that_fails_makes_them_fresh_too(
    caching_app: Flask, sandbox: Sandbox, doc_id: str, fault: str
) -> None:
    client = signed_in(caching_app, sandbox)
    assert how(client, "doc.get", doc_id=doc_id) == "miss"
    sandbox.fault("doc.set", fault)
    assert client.post(f"/call/doc.set?doc_id={doc_id}&title=New").status_code in (404, 502)
    assert how(client, "doc.get", doc_id=doc_id) == "miss"


@on_every_store
def test_sign_in_and_uploads_are_always_live(caching_app: Flask, sandbox: Sandbox) -> None:
    client = signed_in(caching_app, sandbox)
    for method in ("auth.checkToken", "account.getQuota"):
        assert [how(client, method) for _ in range(2)] == ["uncached"] * 2
    for _ in range(2):
        client.get("/call/upload.checkTickets?tickets=1")
    assert [call.method for call in sandbox.calls].count("upload.checkTickets") == 2


@on_every_store
def test_the_cache_can_be_skipped(caching_app: Flask, sandbox: Sandbox) -> None:
    def view() -> Any:
        api, found = ipernity.api, []
        for call in (
            api.test.hello,
            api.uncached.test.hello,
            lambda: api.call("test.hello", cached=False),
            api.test.hello,
        ):
            call()
            assert ipernity.last_call
            found.append(ipernity.last_call.cache)
        return found

    caching_app.add_url_rule("/", "view", view)
    assert caching_app.test_client().get("/").json == ["miss", "uncached", "uncached", "hit"]


@pytest.mark.slow
@on_every_store
def test_a_result_ends_with_its_life(make_app: MakeApp, store: Any) -> None:
    client = caching(make_app, store, IPERNITY_CACHE_MAX_AGE=1).test_client()
    assert how(client, "test.hello") == "miss"
    end = time.monotonic() + 30
    while how(client, "test.hello") == "hit":
        assert time.monotonic() < end
        time.sleep(0.1)


@on_every_store
def test_not_found_is_remembered_for_a_moment_and_other_errors_are_not(
    caching_app: Flask, sandbox: Sandbox, doc_id: str
) -> None:
    client = caching_app.test_client()
    for _ in range(50):
        assert client.get("/call/doc.get?doc_id=999999999999").status_code == 404
    assert len(sandbox.calls) == 1
    for fault in ("109", "500", "html"):
        sandbox.fault("doc.get", fault, times=1)
        assert client.get(f"/call/doc.get?doc_id={doc_id}&n={fault}").status_code in (403, 502)
        assert how(client, "doc.get", doc_id=doc_id, n=fault) == "miss"


@on_every_store
def test_a_remembered_error_is_as_the_first_was_and_shows_no_token(
    caching_app: Flask, sandbox: Sandbox
) -> None:
    token = sandbox.sign_in()

    def view() -> Any:
        errors = []
        for _ in range(2):
            try:
                ipernity.api.call("doc.get", doc_id="999999999999", auth_token=token)
            except NotFoundError as error:
                errors.append([error.status, error.code, error.message, error.method])
                errors[-1].append(dict(error.params or {}))
        return errors

    caching_app.add_url_rule("/", "view", view)
    first, second = caching_app.test_client().get("/").json  # type: ignore[misc]
    assert first == second
    assert first[1] == 1
    assert first[4] == {"doc_id": "999999999999"}


@pytest.mark.slow
@on_the_server
def test_an_old_result_stands_in_when_the_service_fails(
    make_app: MakeApp, store: Any, sandbox: Sandbox
) -> None:
    app = caching(make_app, store, IPERNITY_CACHE_MAX_AGE=0.5, IPERNITY_RETRIES=0)
    client = app.test_client()
    user_id = sandbox.people[0].user_id
    first = client.get(f"/call/doc.getList?user_id={user_id}").json["answer"]  # type: ignore[index]
    time.sleep(0.6)
    for fault in ("500", "reset", "html", "112"):
        sandbox.clear_faults()
        sandbox.fault("*", fault)
        answer = client.get(f"/call/doc.getList?user_id={user_id}").json
        assert answer == {"answer": first, "how": "stale"}
    assert client.get("/call/test.hello").status_code == 503


@on_the_server
def test_what_is_refused_now_does_not_stand_in_later(
    make_app: MakeApp, store: Any, sandbox: Sandbox, doc_id: str
) -> None:
    app = caching(make_app, store, IPERNITY_CACHE_MAX_AGE=0.2, IPERNITY_RETRIES=0)
    client = app.test_client()
    how(client, "doc.get", doc_id=doc_id)
    time.sleep(0.3)
    sandbox.fault("doc.get", "109", times=1)
    assert client.get(f"/call/doc.get?doc_id={doc_id}").status_code == 403
    sandbox.fault("doc.get", "500")
    assert client.get(f"/call/doc.get?doc_id={doc_id}").status_code == 502


@on_every_store
def test_pages_that_are_kept_are_not_fetched_ahead(caching_app: Flask, sandbox: Sandbox) -> None:
    user_id = sandbox.people[0].user_id

    def view() -> Any:
        records = [
            list(ipernity.api.walk_docs(user_id=user_id, per_page=2, page=1)) for _ in range(2)
        ]
        return {"same": records[0] == records[1], "number": len(records[0])}

    caching_app.add_url_rule("/", "view", view)
    answer = caching_app.test_client().get("/").json
    assert answer is not None
    assert answer["same"]
    pages = -(-answer["number"] // 2)
    assert pages > 2
    assert len(sandbox.calls) == pages


@on_every_store
def test_clearing_forgets_all_a_method_or_a_viewer(caching_app: Flask, sandbox: Sandbox) -> None:
    client = signed_in(caching_app, sandbox)

    user_id = sandbox.people[0].user_id

    def both() -> list[str]:
        return [how(client, user_id=user_id), how(client, "user.get", user_id=user_id)]

    both()
    for what, expected in {
        "nothing": ["hit", "hit"],
        "docs.getList": ["miss", "hit"],
        "both": ["miss", "hit"],
        "viewer": ["miss", "miss"],
        "all": ["miss", "miss"],
    }.items():
        if what != "nothing":
            assert client.get(f"/clear/{what}").status_code == 200
        assert both() == expected, what
        assert both() == ["hit", "hit"]


def test_one_visitor_is_cleared_and_others_are_not(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = caching(make_app, "memory")
    ada, jonas = signed_in(app, sandbox, 0), signed_in(app, sandbox, 1)
    for client in (ada, jonas):
        how(client, "test.hello")
    ada.get("/clear/viewer")
    assert how(ada, "test.hello") == "miss"
    assert how(jonas, "test.hello") == "hit"


def test_applications_on_one_store_are_kept_apart(make_app: MakeApp, sandbox: Sandbox) -> None:
    from cachelib import SimpleCache

    store = SimpleCache()
    one, two = caching(make_app, store), caching(make_app, store)
    other = caching(make_app, store, IPERNITY_LANG="fr")
    assert how(one.test_client(), "test.hello") == "miss"
    assert how(two.test_client(), "test.hello") == "hit"
    assert how(other.test_client(), "test.hello") == "miss"
    with Sandbox(app_key="another") as another:
        third = caching(make_app, store, **another.config())
        assert how(third.test_client(), "test.hello") == "miss"


@pytest.mark.parametrize("store", ["memory", "redis"], indirect=True)
def test_jobs_use_the_cache_of_the_server(caching_app: Flask, sandbox: Sandbox) -> None:
    token = sandbox.sign_in()
    with caching_app.app_context():
        for expected in ("miss", "hit"):
            ipernity.api_for(token).test.hello()
            assert ipernity.last_call
            assert ipernity.last_call.cache == expected
    assert how(caching_app.test_client(), "test.hello") == "miss"


def test_outside_of_requests_there_is_no_session_and_no_error(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = caching(make_app, "session", IPERNITY_OWNER_TOKEN=sandbox.sign_in(0, {"doc": "write"}))
    with app.app_context():
        for _ in range(2):
            ipernity.owner_api.test.hello()
            assert ipernity.last_call
            assert ipernity.last_call.cache == "uncached"
        ipernity.cache_clear()


def test_what_the_owner_may_see_does_not_come_into_a_visitors_session(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = caching(make_app, "session", IPERNITY_OWNER_TOKEN=sandbox.sign_in())
    app.add_url_rule("/", "view", lambda: ipernity.owner_api.doc.getList())
    response = app.test_client().get("/")
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("store", ["redis", "cachelib"], indirect=True)
def test_no_token_is_in_any_key_or_value(caching_app: Flask, sandbox: Sandbox, store: Any) -> None:
    client = signed_in(caching_app, sandbox)
    how(client, user_id=sandbox.people[0].user_id)
    client.post("/call/doc.set?doc_id=1&title=x")
    if isinstance(store, str):
        from redis import Redis

        with Redis.from_url(store) as connection:
            dump = b" ".join(
                key + b" " + (connection.get(key) or b"") for key in connection.scan_iter()
            ).decode()
    else:
        dump = " ".join(f"{key} {store.get(key)}" for key in store._cache)
    assert "doc.getList" in dump
    for token in sandbox.state.tokens:
        assert token not in dump
        assert token.partition("-")[2] not in dump


def test_redis_is_given_text_and_no_pickle(make_app: MakeApp, redis: Any) -> None:
    import json

    from redis import Redis

    with Redis.from_url(redis.url) as connection:
        connection.flushall()
        app = caching(make_app, redis.url, IPERNITY_CACHE_MAX_AGE=30, IPERNITY_CACHE_STALE_AGE=70)
        how(app.test_client(), "test.hello")
        [key] = connection.keys()
        *_, text = json.loads(connection.get(key) or b"")
        assert json.loads(text)["hello"]
        assert 90 < connection.ttl(key) <= 100


@pytest.mark.slow
def test_what_is_told_of_a_call(make_app: MakeApp, sandbox: Sandbox) -> None:
    from flask_ipernity.signals import api_called

    app = caching(make_app, "memory")
    app.after_request(ipernity.server_timing)
    told = []

    def note(sender: Flask, call: Any) -> None:
        assert sender is app
        told.append(call)

    with api_called.connected_to(note):
        sandbox.fault("test.hello", "503", times=1)
        client = app.test_client()
        first = client.get("/call/test.hello")
        client.get("/call/test.hello")
        client.get("/call/doc.get?doc_id=999999999999")
        sandbox.fault("doc.get", "503", times=2)
        client.get("/call/doc.get?doc_id=999999999998")
        sandbox.fault("test.echo", "503", times=3)
        client.get("/call/test.echo")
    assert [(call.method, call.cache, call.retries, call.error) for call in told] == [
        ("test.hello", "miss", 1, None),
        ("test.hello", "hit", 0, None),
        ("doc.get", "miss", 0, "NotFoundError"),
        ("doc.get", "miss", 2, "NotFoundError"),
        ("test.echo", "miss", 2, "ServiceUnavailableError"),
    ]
    assert told[0].seconds > told[1].seconds > 0
    assert first.headers["Server-Timing"].startswith("ipernity;dur=")
    assert first.headers["Server-Timing"].endswith('desc="1 miss"')
    assert "Server-Timing" not in client.get("/who").headers


@pytest.mark.slow
def test_retries_are_counted_where_an_old_result_stands_in(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    from flask_ipernity.signals import api_called

    app = caching(make_app, "memory", IPERNITY_CACHE_MAX_AGE=0.01)
    client = app.test_client()
    client.get("/call/test.hello")
    time.sleep(0.05)
    sandbox.fault("test.hello", "503", times=3)
    told = []

    def note(sender: Flask, call: Any) -> None:
        told.append(call)

    with api_called.connected_to(note):
        assert how(client, "test.hello") == "stale"
    assert [(call.retries, call.error) for call in told] == [(2, None)]


def test_a_dead_token_is_forgotten_by_an_uncached_call_too(
    make_app: MakeApp, sandbox: Sandbox
) -> None:
    app = caching(make_app, "memory")

    def view() -> Any:
        api = ipernity.api
        with suppress(TokenError):
            api.uncached.auth.checkToken()
        return {"token": api.token, "again": api.uncached.token}

    app.add_url_rule("/", "view", view)
    client = signed_in(app, sandbox)
    for token in list(sandbox.state.tokens):
        sandbox.revoke(token)
    assert client.get("/").json == {"token": None, "again": None}
    assert client.get("/who").text == "out"


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_parameters_that_look_equal_and_are_sent_otherwise_are_kept_apart(
    caching_app: Flask, sandbox: Sandbox
) -> None:
    class Word(str, Enum):  # noqa: UP042 - its str() is another text
        one = "1"

    with caching_app.app_context():
        api = ipernity.api_for(None)
        sent = [
            api.call("test.echo", echo=echo)["echo"]
            for echo in (1, True, 1.0, Word.one, "1", [1, "a"], ["1", "a"], {"1", "a"})
        ]
        assert sent == ["1", "1", "1", str(Word.one), "1", "1,a", "1,a", "1,a"]
        assert [call.params["echo"] for call in sandbox.calls] == ["1", "Word.one", "1,a"]
        assert api.call("test.echo", echo=[Word.one, "a"])["echo"] == "Word.one,a"
        assert len(sandbox.calls) == 4
        for wrong in ({"a": 1}, [{}], object()):
            with pytest.raises(TypeError, match="echo="):
                api.call("test.echo", echo=wrong)
        assert len(sandbox.calls) == 4


def test_a_method_that_does_not_exist_is_no_call(make_app: MakeApp, sandbox: Sandbox) -> None:
    app = caching(make_app, "memory")
    with app.app_context():
        api = ipernity.api_for(None)
        with pytest.raises(UnknownMethod):
            api.call("doc.getLust")
        assert ipernity.last_call is None
        for _ in range(2):
            with pytest.raises(APIRequestError):
                api.call("doc.getLust", unknown=True)
            assert ipernity.last_call
            assert ipernity.last_call.cache == "uncached"
    assert len(sandbox.calls) == 2


@pytest.mark.slow
@pytest.mark.parametrize("store", ["memory", "redis", "session"], indirect=True)
def test_a_request_is_freed_when_it_ends(caching_app: Flask, sandbox: Sandbox) -> None:
    """What refers to itself stays until the garbage collector comes, with all that it holds."""
    kept: list[Any] = []

    @caching_app.route("/<method>/<user_id>")
    def ask(method: str, user_id: str) -> dict[str, str]:
        kept.extend((ref(ipernity.api), ref(request._get_current_object())))  # type: ignore[attr-defined]
        with suppress(APIRequestError, ServiceError):
            ipernity.api.call(method, user_id=user_id)
        return {}

    sandbox.fault("post.getList", "reset")
    sandbox.fault("album.getList", "112")
    client = caching_app.test_client()
    calls = ["user.get/10175"] * 2 + ["user.get/999"] * 2 + ["test.echo/1"]
    for call in (*calls, "post.getList/10175", "album.getList/10175"):
        gc.disable()
        try:
            client.get(f"/{call}")
            assert [one() for one in kept] == [None] * len(kept), call
        finally:
            gc.enable()


@pytest.mark.parametrize("store", ["memory"], indirect=True)
def test_a_file_that_was_sent_is_not_held(caching_app: Flask, sandbox: Sandbox) -> None:
    token = sandbox.sign_in(0, {"doc": "write"})
    picture = BytesIO()
    Image.new("RGB", (10, 10)).save(picture, "JPEG")
    with caching_app.app_context():
        file = FileStorage(BytesIO(picture.getvalue()), "a.jpg")
        held = ref(file)
        assert ipernity.api_for(token).upload.file(file=file)["ticket"]
        del file
        gc.collect()
        assert held() is None
