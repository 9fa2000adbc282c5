"""Other websites get nothing from a sandbox, and cannot make it do anything."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask, Request

from flask_ipernity.sandbox import Sandbox, call_body
from flask_ipernity.sandbox.call_body import HELD_BYTES
from flask_ipernity.sandbox.documents import PUBLIC
from flask_ipernity.sandbox.local_only import answer_only_to
from flask_ipernity.sandbox.uploads import IncomingFile
from tests.support.file_heads import picture
from tests.support.lookup import ADA, doc
from tests.support.raw_http import RawClient, sign

NONE: Mapping[str, str] = {}
LOCAL = ("127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST", "[::1]")
OTHERS = (
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "192.168.1.2",
    "127.1",
    "2130706433",
    "localhost.",
    "evil.example@127.0.0.1",
    "127.0.0.1@evil.example",
    "[::2]",
    "[::1",
    "",
)


def status(
    url: str, host: str, headers: Mapping[str, str] = NONE, verb: str = "GET", body: bytes = b""
) -> int:
    """Return the HTTP status of a request with this ``Host``."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.putrequest(verb, parts.path + "?" + parts.query, skip_host=True)
        connection.putheader("Host", host)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture
def urls(sandbox: Sandbox) -> list[str]:
    """Return an address of the API, of the consent page, of a web page, and of media."""
    key = {"api_key": sandbox.app_key}
    return [
        f"{sandbox.api_url}test.hello?{urlencode(key)}",
        f"{sandbox.authorize_url}?{urlencode(sign(key, sandbox.app_secret))}",
        f"{sandbox.url}/",
        sandbox.media_url + doc(sandbox, share=PUBLIC).path("240"),
    ]


def test_only_names_of_this_machine_are_answered(sandbox: Sandbox, urls: list[str]) -> None:
    for url in urls:
        port = urlsplit(url).port
        for host in LOCAL:
            assert status(url, host) == status(url, f"{host}:{port}") == 200, (url, host)
        for host in OTHERS:
            assert status(url, host) in (400, 421), (url, host)
        assert status(url, "evil.example") == status(url, f"evil.example:{port}") == 421


def test_the_host_that_was_chosen_is_answered() -> None:
    app = Flask("x")
    app.add_url_rule("/", view_func=lambda: "in")
    answer_only_to(app, "nas.example")
    client = app.test_client()
    assert client.get("/", base_url="http://NAS.example:5050").status_code == 200
    assert client.get("/", base_url="http://localhost").status_code == 200
    for other in ("nas.example.org", "example", "192.168.1.2"):
        assert client.get("/", base_url=f"http://{other}").status_code == 421


ELSEWHERE: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_another_site_cannot_press_the_button(
    sandbox: Sandbox, urls: list[str], headers: dict[str, str]
) -> None:
    host = urlsplit(sandbox.url).netloc
    form = b"answer=allow"
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert status(urls[1], host, {**kind, **headers}, "POST", form) == 403
    assert sandbox.state.frobs == {}
    # its own page may, and so may a program, which sends none of these
    own: list[dict[str, str]] = [{"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}, {}]
    for allowed in own:
        assert status(urls[1], host, {**kind, **allowed}, "POST", form) == 302
    assert len(sandbox.state.frobs) == 2
    # to get there is what a link is for
    assert status(urls[1], host, {"Sec-Fetch-Site": "cross-site"}) == 200


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_another_site_cannot_call_the_api(
    sandbox: Sandbox, urls: list[str], headers: dict[str, str]
) -> None:
    host = urlsplit(sandbox.url).netloc
    for verb in ("GET", "POST"):
        assert status(urls[0], host, headers, verb) == 403
    assert sandbox.calls == []
    assert status(urls[3], urlsplit(sandbox.media_url).netloc, headers) == 200


class Folder:
    """The folder of uploads, and how many files were opened in it."""

    path: Path
    opened = 0


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Folder:
    watched = Folder()

    class Watched(IncomingFile):
        def __init__(self, folder: Path) -> None:
            watched.opened += 1
            super().__init__(folder)

    def request_class(folder: Path, is_known: Callable[[str], bool]) -> type[Request]:
        watched.path = folder
        return call_body.call_request_class(folder, is_known)

    monkeypatch.setattr(call_body, "IncomingFile", Watched)
    monkeypatch.setattr("flask_ipernity.sandbox.server.call_request_class", request_class)
    return watched


@pytest.fixture
def watched(folder: Folder) -> Iterator[RawClient]:
    with Sandbox(processing=0) as sandbox:
        raw = RawClient(sandbox)
        yield raw
        raw.pool.clear()


Part = tuple[str, Any]


def post(raw: RawClient, parts: list[Part], query: str = "") -> Any:
    """Send a body with these parts in this order."""
    url = f"{raw.sandbox.api_url}upload.file{query}"
    return raw.pool.request("POST", url, fields=parts)


def signed(raw: RawClient) -> dict[str, str]:
    token = raw.sandbox.sign_in(ADA, {"doc": "write"})
    params = {"api_key": raw.sandbox.app_key, "auth_token": token, "async": "0"}
    return sign(params, raw.sandbox.app_secret, "upload.file")


@pytest.mark.parametrize("key", [None, "", "0" * 32])
@pytest.mark.parametrize("first", [True, False])
def test_no_file_of_an_unknown_caller_is_written(
    watched: RawClient, folder: Folder, key: str | None, first: bool
) -> None:
    keys: list[Part] = [] if key is None else [("api_key", key)]
    files: list[Part] = [(name, ("a.jpg", picture("JPEG"))) for name in ["file", *"abcdefgh"]]
    answer = post(watched, [*files, *keys] if first else [*keys, *files]).json()
    assert answer["api"]["code"] == ("101" if key else "100")
    query = "" if key is None else f"?api_key={key}"
    assert post(watched, files, query).json()["api"]["status"] == "error"
    assert folder.opened == 0
    assert list(folder.path.iterdir()) == []


def test_a_known_caller_may_send_the_file_at_any_place_but_one_only(
    watched: RawClient, folder: Folder
) -> None:
    content = picture("PNG")
    fields: list[Part] = list(signed(watched).items())
    for place in range(len(fields) + 1):
        parts = [*fields[:place], ("file", ("dummy_name", content)), *fields[place:]]
        answer = post(watched, parts).json()
        assert watched.sandbox.state.docs[answer["doc_id"]].source.size == len(content)
    before = folder.opened
    more: list[Part] = [("file", ("b.png", content)), ("other", ("c.png", content))]
    assert post(watched, [*fields, *more, *more]).json()["ticket"]
    assert folder.opened == before + 1
    query = f"?api_key={watched.sandbox.app_key}"
    rest = [(name, value) for name, value in fields if name != "api_key"]
    large: list[Part] = [("file", ("a.bin", bytes(HELD_BYTES + 1)))]
    assert post(watched, [*large, *rest], query).json()["ticket"]
    # before its key is known, a file is kept in memory, up to a size
    assert post(watched, [*large, *fields]).json()["api"]["code"] == "1"


def test_a_body_has_few_parts(watched: RawClient, folder: Folder) -> None:
    fields: list[Part] = list(signed(watched).items())
    files: list[Part] = [("file", (f"{number}", b"x")) for number in range(953)]
    texts: list[Part] = [(f"t{number}", "x") for number in range(60)]
    for parts in (fields + files, fields + texts, files, texts):
        answer = post(watched, parts)
        assert answer.status == 413 or answer.json()["api"]["status"] == "error"
    assert folder.opened <= 1
    assert list(folder.path.iterdir()) == []


def test_a_damaged_body_is_an_error_of_the_api(watched: RawClient, folder: Folder) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=edge"}
    for body in (b"", b"--edge", b"no parts at all", b"--edge\r\n\r\n", b"--edge\r\nX\r\n\r\nx"):
        url = f"{watched.sandbox.api_url}upload.file"
        answer = watched.pool.request("POST", url, body=body, headers=kind)
        assert (answer.status, answer.json()["api"]["code"]) == (200, "100")
    assert folder.opened == 0
