"""Caches between visitors and the application: a model of RFC 9111, and a real nginx."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_ipernity.media import lookup
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.media import FILE, Source, answered, files, head, honest, picture, raw, world
from tests.support.nginx import Front, Response, nginx, say, shipped
from tests.support.servers import gunicorn
from tests.support.stub import Stub, answer, error, reset
from tests.support.views import with_sign_in
from tests.support.visitor import sign_in
from tests.support.waiting import at_most, until


@dataclass
class Stored:
    body: bytes
    headers: dict[str, str]
    selected_by: dict[str, str | None]


@dataclass
class SharedCache:
    """A cache that keeps all it may: what RFC 9111, section 3, allows a shared one."""

    app: Flask
    stored: dict[str, list[Stored]] = field(default_factory=dict)
    hits: int = 0

    def get(self, visitor: FlaskClient, path: str, cookie: str | None) -> tuple[int, bytes, str]:
        """Return status, body and tag, from the store where that is allowed."""
        for entry in self.stored.get(path, []):
            if all(
                value == {"cookie": cookie}.get(name) for name, value in entry.selected_by.items()
            ):
                self.hits += 1
                return 200, entry.body, entry.headers.get("ETag", "")
        response = visitor.get(path)
        self._keep(path, response, cookie)
        return response.status_code, response.data, response.headers.get("ETag", "")

    def _keep(self, path: str, response: TestResponse, cookie: str | None) -> None:
        control = response.cache_control
        assert response.headers.get("Cache-Control"), "every response says who may keep it"
        if control.no_store or "private" in control or "no-cache" in control:
            return
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers
        vary = [
            name.strip().lower() for name in response.headers.get("Vary", "").split(",") if name
        ]
        assert "*" not in vary
        entry = Stored(response.data, dict(response.headers), dict.fromkeys(vary, cookie))
        self.stored.setdefault(path, []).append(entry)


@pytest.mark.parametrize("seed", range(3))
def test_no_cache_gives_one_visitor_what_is_for_another(
    make_app: MakeApp, sandbox: Sandbox, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = with_sign_in(make_app())
    clients = {"owner": app.test_client(), "other": app.test_client(), "nobody": app.test_client()}
    sign_in(clients["owner"], "/in", 0)
    sign_in(clients["other"], "/in", 2)
    owner = sandbox.people[0].user_id
    docs = [
        doc for doc in sandbox.state.docs.values() if doc.media == "photo" and doc.owner_id == owner
    ]
    shares = {share: [doc for doc in docs if doc.share == share][:2] for share in (0, 4)}
    private, public = shares[0], shares[4]
    changing = [doc for doc in docs if doc.share == 4][2:4]
    cache, choose = SharedCache(app), random.Random(seed)
    right = {
        doc.doc_id: clients["owner"].get(f"/ipernity/doc/{doc.doc_id}/240")
        for doc in (*private, *public, *changing)
    }
    # the responses that are made before and after a change are both looked at
    monkeypatch.setattr(lookup, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(lookup, "MISSING_SECONDS", 0.0)
    bodies = {doc_id: response.data for doc_id, response in right.items()}
    assert len(set(bodies.values())) == len(bodies)
    was_public = {doc.doc_id for doc in (*public, *changing)}
    for _ in range(120):
        if choose.random() < 0.1:
            doc = choose.choice(changing)
            with sandbox.state.lock:
                doc.share = 0 if doc.share == 4 else 4
        doc = choose.choice([*private, *public, *changing])
        who = choose.choice(list(clients))
        status, body, tag = cache.get(clients[who], f"/ipernity/doc/{doc.doc_id}/240", who)
        if doc in private and who != "owner":
            assert status == 404
        if status == 200:
            assert body == bodies[doc.doc_id]
            assert tag == right[doc.doc_id].headers["ETag"]
            assert who == "owner" or doc.doc_id in was_public
        else:
            assert status == 404
            assert tag == ""
    assert cache.hits > 10
    assert not any(doc.doc_id in path for doc in private for path in cache.stored)


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """Run nginx with the shipped cache before gunicorn."""
    with Source(honest) as source, Stub(answered(files(source.port))) as api:
        config: dict[str, object] = {
            "IPERNITY_APP_KEY": "key",
            "IPERNITY_APP_SECRET": "secret",
            "IPERNITY_API_URL": api.url,
            "IPERNITY_MEDIA_HOSTS": ["127.0.0.1"],
            "IPERNITY_OWNER_TOKEN": "12-0123456789ab",
        }
        with gunicorn(config) as running:
            folder = tmp_path_factory.mktemp("nginx")
            with nginx(folder, running.port, server=shipped("cache.conf")) as port:
                yield Front(port, source, api)


def state(response: Response) -> str | None:
    return response.one("X-Cache-Status")


@pytest.mark.nginx
def test_nginx_keeps_public_thumbnails_whole_with_their_headers(cached: Front) -> None:
    say(cached, honest)
    cached.source.requests.clear()
    path = "/ipernity/doc/11/240"
    first = cached.ask(path, Cookie="session=one")
    again = cached.ask(path, Cookie="session=two")
    part = cached.ask(path, Range="bytes=0-9")
    not_again = cached.ask(path, If_None_Match='"e1"')
    assert [state(response) for response in (first, again, part)] == ["MISS", "HIT", "HIT"]
    assert (first.body, again.body, part.body) == (FILE, FILE, FILE[:10])
    assert not_again.status == 304
    for response in (first, again):
        assert response.one("X-Content-Type-Options") == "nosniff"
        assert "sandbox" in str(response.one("Content-Security-Policy"))
    assert len(cached.source.requests) == 1


@pytest.mark.nginx
def test_nginx_does_not_keep_what_is_missing_or_failing(cached: Front) -> None:
    say(cached, picture("Connection: close", status="500 X"))
    path = "/ipernity/doc/12/240"
    assert [state(cached.ask(path)) for _ in range(2)] == ["MISS", "MISS"]
    say(cached, honest)
    assert cached.ask(path).status == 200


@pytest.mark.nginx
@pytest.mark.parametrize("chunked", [False, True])
def test_a_cut_picture_does_not_become_a_hit(cached: Front, chunked: bool) -> None:
    if chunked:
        start = head("200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: chunked")
        cut = start + b"3e8\r\n" + FILE + b"\r\n"
    else:
        cut = head("200 OK", "Content-Type: image/jpeg", "Content-Length: 2000") + FILE
    say(cached, raw(lambda connection: connection.sendall(cut)))
    path = f"/ipernity/doc/{13 + chunked}/240"
    for _ in range(2):
        with pytest.raises(Exception, match=r"IncompleteRead|reset|closed"):
            cached.ask(path)
    say(cached, honest)
    whole = cached.ask(path)
    assert (whole.status, whole.body, state(whole)) == (200, FILE, "MISS")


@pytest.mark.nginx
def test_a_cut_picture_does_not_become_a_hit_for_an_nginx_that_speaks_http_1_0(
    tmp_path: Path,
) -> None:
    server = shipped("cache.conf").replace("proxy_http_version 1.1;", "")
    server = server.replace('proxy_set_header Connection "";', "")
    start = head("200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: chunked")
    cut = [
        start + b"3e8\r\n" + FILE + b"\r\n",
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: 2000") + FILE,
    ]
    with Source(honest) as source, Stub(answered(files(source.port))) as api:
        config: dict[str, object] = {
            "IPERNITY_APP_KEY": "key",
            "IPERNITY_APP_SECRET": "secret",
            "IPERNITY_API_URL": api.url,
            "IPERNITY_MEDIA_HOSTS": ["127.0.0.1"],
        }
        with gunicorn(config) as running, nginx(tmp_path, running.port, server=server) as port:
            front = Front(port, source, api)
            for response in cut:

                def send(connection: Any, response: bytes = response) -> None:
                    connection.sendall(response)

                say(front, raw(send))
                for _ in range(2):
                    try:
                        assert state(front.ask()) != "HIT"
                    except Exception as error:
                        if isinstance(error, AssertionError):
                            raise
            say(front, honest)
            whole = front.ask()
            assert (whole.body, state(whole)) == (FILE, "MISS")


@pytest.mark.nginx
def test_many_visitors_at_once_cost_one_fetch(cached: Front) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def slowly(request: Any) -> Any:
        time.sleep(0.3)
        return honest(request)

    say(cached, slowly)
    cached.source.requests.clear()
    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(lambda _: cached.ask("/ipernity/doc/15/240"), range(20)))
    assert {response.body for response in responses} == {FILE}
    assert len(cached.source.requests) == 1


@contextmanager
def expiring(folder: Path, *, offload: bool) -> Iterator[Front]:
    """Run nginx before an application whose pictures are kept for a second, and stale for two.

    :param offload: whether nginx fetches the files, in place of keeping them.
    """
    with Source(honest) as source, Stub(answered(files(source.port))) as api:
        config: dict[str, object] = {
            "IPERNITY_APP_KEY": "key",
            "IPERNITY_APP_SECRET": "secret",
            "IPERNITY_API_URL": api.url,
            "IPERNITY_MEDIA_HOSTS": ["127.0.0.1"],
            "IPERNITY_PROXY_MAX_AGE": 1,
            "IPERNITY_CACHE_STALE_AGE": 2,
            "IPERNITY_RETRIES": 0,
            "TEST_FRESH": 0.2,
            "TEST_STALE": 2.0 if offload else 0.0,
        }
        if offload:
            config["IPERNITY_PROXY_OFFLOAD"] = "x-accel:/_ipernity/"
            here = f"http://127[.]0[.]0[.]1:{source.port}/"
            http = shipped("maps.conf").replace("https://([a-z0-9-]+[.])+ipernity[.]com/", here)
            server = shipped("offload.conf")
        else:
            http, server = "", shipped("cache.conf")
        with (
            gunicorn(config) as running,
            nginx(folder, running.port, http=http, server=server) as port,
        ):
            yield Front(port, source, api)


def statuses_until(front: Front, status: int, seconds: float) -> list[tuple[int, str | None]]:
    """Ask again and again; return what came until the first *status*, and a moment longer."""
    seen: list[tuple[int, str | None]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and (not seen or seen[-1][0] != status):
        response = front.ask(Cookie="visitor=one")
        seen.append((response.status, state(response)))
        time.sleep(0.1)
    for _ in range(5):
        time.sleep(0.1)
        response = front.ask(Cookie="visitor=two")
        seen.append((response.status, state(response)))
    return seen


@pytest.mark.slow
@pytest.mark.nginx
@pytest.mark.parametrize("offload", [False, True], ids=["cache", "offload"])
def test_a_picture_that_is_made_private_is_gone_for_all_when_its_life_is_over(
    tmp_path: Path, offload: bool
) -> None:
    with expiring(tmp_path, offload=offload) as front:
        assert [front.ask().status for _ in range(2)] == [200, 200]
        front.api.steps = (error(1),)
        seen = statuses_until(front, 404, 10)
        assert seen[0][0] == 200
        assert [status for status, _ in seen[-6:]] == [404] * 6
        assert "STALE" not in dict(seen).values()
        # nor does an outage bring it back
        front.api.steps = (answer("", "500 Down"),)
        while_down = [status for status, _ in statuses_until(front, 502, 5)]
        assert 200 not in while_down
        assert while_down[-1] == 502
        # but it comes back when it is public again
        front.api.steps = (answered(files(front.source.port)),)
        assert until(lambda: front.ask().status == 200, 5)


@pytest.mark.slow
@pytest.mark.nginx
@pytest.mark.parametrize(
    ("offload", "failure"),
    [
        (False, "500 Down"),
        # the API works, but the media host does not
        (False, None),
        (True, "500 Down"),
    ],
)
def test_a_picture_survives_an_outage_for_as_long_as_the_setting_says(
    tmp_path: Path, offload: bool, failure: str | None
) -> None:
    with expiring(tmp_path, offload=offload) as front:
        assert front.ask().status == 200
        if failure is None:
            say(front, raw(reset))
        else:
            front.api.steps = (answer("", failure),)
        began = time.monotonic()
        seen = statuses_until(front, 502, 12)
        took = time.monotonic() - began
        assert [status for status, _ in seen[-6:]] == [502] * 6
        assert {status for status, _ in seen} == {200, 502}
        assert 1 < took < at_most(7)
        if not offload:
            assert "STALE" in [kept for _, kept in seen]
        last = front.ask()
        assert last.one("Cache-Control") == "no-store"
        assert last.one("X-Content-Type-Options") == "nosniff"
        assert "sandbox" in str(last.one("Content-Security-Policy"))
        assert last.one("Content-Type") == (
            "text/plain; charset=utf-8" if offload else "text/plain"
        )


@pytest.mark.nginx
def test_what_is_missing_for_one_visitor_is_not_missing_for_another(cached: Front) -> None:
    say(cached, honest)
    cached.api.steps = (error(1), answered(files(cached.source.port, doc_id=17)))
    cached.api.requests.clear()
    path = "/ipernity/doc/17/240"
    first = cached.ask(path)
    assert (first.status, first.one("X-Accel-Expires")) == (404, None)
    assert first.one("Cache-Control") == "no-store"
    # what was never kept is not kept now: numbers that are tried push no picture out
    assert state(cached.ask(path)) == "MISS"
    other = cached.ask(path, Cookie="session=other")
    assert (other.status, state(other)) == (404, "MISS")
    cached.api.steps = (answered(files(cached.source.port)),)


@pytest.mark.nginx
def test_errors_of_the_application_come_through_the_cache(cached: Front) -> None:
    for number, (step, status, wait) in enumerate(
        [
            (picture("Retry-After: 7", "Connection: close", status="503 X"), 503, "7"),
            (picture("Connection: close", status="500 X"), 502, None),
            (picture("Connection: close", status="404 X"), 404, None),
        ]
    ):
        say(cached, step)
        # files of their own: the application remembers those that lead nowhere
        cached.api.steps = (answered(files(cached.source.port, doc_id=40 + number)),)
        response = cached.ask(f"/ipernity/doc/{40 + number}/240")
        assert (response.status, response.one("Retry-After")) == (status, wait)
        assert response.one("Cache-Control") == "no-store"
        assert response.one("X-Content-Type-Options") == "nosniff"
    cached.api.steps = (answered(files(cached.source.port)),)


@pytest.mark.nginx
def test_parameters_do_not_multiply_what_nginx_keeps(cached: Front) -> None:
    say(cached, honest)
    cached.source.requests.clear()
    path = "/ipernity/doc/16/240"
    states = [state(cached.ask(path + rest)) for rest in ("", "?x=1", "?x=2&y", "?fallback=x")]
    assert states == ["MISS", "HIT", "HIT", "HIT"]
    assert state(cached.ask(f"{path}?fallback=nearest&x=3")) == "MISS"
    assert state(cached.ask(f"{path}?fallback=nearest")) == "HIT"
    assert len(cached.source.requests) == 2
    # and no signed address is answered with what is kept
    forged = cached.ask(f"{path}?expires=99999999999&signature=x")
    assert (forged.status, state(forged)) == (404, "BYPASS")


def test_only_a_cache_that_asks_may_use_a_picture_that_is_no_longer_fresh() -> None:
    with world(picture(), IPERNITY_CACHE_STALE_AGE=100.5) as here:
        for asked, granted in {
            "stale-if-error=50": ", stale-if-error=50",
            "max-age=0, stale-if-error=3600": ", stale-if-error=100",
            "stale-if-error": "",
            "stale-if-error=-1": "",
            "stale-if-error=x": "",
            f"stale-if-error={'9' * 5000}": "",
            "no-cache": "",
        }.items():
            response = here.client.get("/ipernity/doc/1/240", headers={"Cache-Control": asked})
            assert response.headers["Cache-Control"] == f"public, max-age=86400{granted}"


@pytest.mark.slow
def test_what_the_service_cannot_confirm_is_kept_for_a_minute_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lookup, "FRESH_SECONDS", 0.0)
    with world(picture()) as here:
        here.api.steps = (*here.api.steps, answer("", "500 Down"))
        headers = {"Cache-Control": "stale-if-error=1000"}
        kept = [
            here.client.get("/ipernity/doc/1/240", headers=headers).headers["Cache-Control"]
            for _ in range(3)
        ]
        assert kept == [
            "public, max-age=86400, stale-if-error=1000",
            *["public, max-age=60"] * 2,
        ]
