"""The same contract for the visitor, whether the application passes the bytes on or nginx does."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flask_ipernity.media.headers import INLINE, PLAYABLE_POLICY, SAFETY
from tests.support.media import FILE, Source, answered, both, files, head, honest, picture
from tests.support.nginx import Front, Response, nginx, say, shipped
from tests.support.servers import gunicorn
from tests.support.stub import Stub, error

pytestmark = pytest.mark.nginx

PATH = "/ipernity/doc/1/240"
ORIGINAL = "/ipernity/doc/1/original"


@contextmanager
def front(folder: Path, offload: bool, filename: object = "photo.jpg") -> Iterator[Front]:
    with Source(honest) as source, Stub(answered(files(source.port, filename))) as api:
        config: dict[str, object] = {
            "IPERNITY_APP_KEY": "key",
            "IPERNITY_APP_SECRET": "secret",
            "IPERNITY_API_URL": api.url,
            "IPERNITY_MEDIA_HOSTS": ["127.0.0.1"],
        }
        http = server = ""
        if offload:
            config["IPERNITY_PROXY_OFFLOAD"] = "x-accel:/_ipernity/"
            # the sandbox is a media host too, as the documentation tells
            here = f"http://127[.]0[.]0[.]1:{source.port}/"
            http = shipped("maps.conf").replace("https://([a-z0-9-]+[.])+ipernity[.]com/", here)
            server = shipped("offload.conf")
            if not Path("/etc/ssl/certs/ca-certificates.crt").exists():
                server = re.sub(r"proxy_ssl_(verify|trusted).*;", "", server)
        with (
            gunicorn(config) as running,
            nginx(folder, running.port, http=http, server=server) as port,
        ):
            yield Front(port, source, api)


@pytest.fixture(params=["relay", "offload"], scope="module")
def fronts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    with front(tmp_path_factory.mktemp("nginx"), request.param == "offload") as running:
        yield running


@pytest.fixture
def here(fronts: Front) -> Front:
    fronts.source.requests.clear()
    fronts.api.steps = (answered(files(fronts.source.port)),)
    say(fronts, honest)
    return fronts


def assert_safe(response: Response) -> None:
    is_playable = str(response.one("Content-Type")).startswith(("audio/", "video/"))
    policy = {"Content-Security-Policy": PLAYABLE_POLICY} if is_playable else {}
    for name, value in {**SAFETY, **policy}.items():
        assert response.all(name) == [value]
    assert response.one("Cross-Origin-Resource-Policy")
    assert response.one("Cache-Control")
    for name in ("Set-Cookie", "Location", "X-Accel-Redirect", "Access-Control-Allow-Origin"):
        assert response.all(name) == []
    assert "_ipernity" not in str(response.headers)
    assert "127.0.0.1" not in str(response.headers)


def test_a_public_picture_arrives_with_the_words_of_the_application(here: Front) -> None:
    response = here.ask()
    assert (response.status, response.body) == (200, FILE)
    assert response.one("Content-Type") == "image/jpeg"
    assert response.one("Content-Length") == "1000"
    assert response.one("Cache-Control") == "public, max-age=86400"
    assert response.one("Cross-Origin-Resource-Policy") == "cross-origin"
    assert response.one("Vary") is None
    assert response.one("ETag") == '"e1"'
    assert both(str(response.one("Content-Disposition"))) == ("1-240.jpg", "1-240.jpg")
    assert_safe(response)


def test_the_source_sees_nothing_of_the_visitor(here: Front) -> None:
    here.ask(
        Cookie="a=b",
        Authorization="Bearer x",
        Referer="http://x/",
        X_Forwarded_For="1.2.3.4",
        Origin="http://x",
        Accept_Encoding="gzip",
        Accept_Language="de",
    )
    assert set(here.source.requests[0].headers) == {"host", "user-agent", "accept-encoding"}
    assert here.source.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({"Range": "bytes=0-9"}, 206, FILE[:10]),
        ({"Range": "bytes=-10"}, 206, FILE[-10:]),
        ({"Range": "bytes=0-1,3-4"}, 200, FILE),
        ({"Range": "items=0-1"}, 200, FILE),
        ({"Range": "bytes=0-9", "If_Range": '"e1"'}, 206, FILE[:10]),
        ({"Range": "bytes=0-9", "If_Range": '"old"'}, 200, FILE),
        ({"Range": "bytes=0-9", "If_Range": 'W/"e1"'}, 200, FILE),
        ({"If_None_Match": '"e1"'}, 304, b""),
        ({"If_None_Match": '"x", "e1"'}, 304, b""),
        ({"If_None_Match": "*"}, 304, b""),
        ({"If_None_Match": '"x"'}, 200, FILE),
        ({"Range": "bytes=0-9", "If_None_Match": '"e1"'}, 304, b""),
        ({"Range": "bytes=5000-"}, 416, b"The file has no such part.\n"),
    ],
)
def test_conditions_and_ranges(
    here: Front, headers: dict[str, str], status: int, body: bytes
) -> None:
    response = here.ask(**headers)
    assert (response.status, response.body) == (status, body)
    assert_safe(response)
    if status == 206:
        assert str(response.one("Content-Range")).endswith("/1000")
    if status == 304:
        assert response.one("ETag") == '"e1"'
        assert response.one("Cache-Control") == "public, max-age=86400"
        assert response.one("Content-Type") is None
        assert response.one("Content-Disposition") is None
    if status == 416:
        assert response.one("Content-Range") == "bytes */1000"
        assert response.one("Cache-Control") == "no-store"


def test_head_fetches_no_body(here: Front) -> None:
    response = here.ask(method="HEAD")
    assert (response.status, response.body, response.one("Content-Length")) == (200, b"", "1000")
    assert [request.verb for request in here.source.requests] == ["HEAD"]
    assert_safe(response)


@pytest.mark.parametrize(
    "types",
    [
        [],
        ["Content-Type: text/html"],
        ["Content-Type: image/svg+xml"],
        ["Content-Type: image/jpeg, text/html"],
        ["Content-Type: image/jpeg; a=b, text/html"],
        ["Content-Type: application/pdf"],
        ["Content-Type: image/jpegx"],
    ],
)
def test_what_could_run_is_not_shown_in_place(here: Front, types: list[str]) -> None:
    page = b"<script>alert(1)</script>"
    say(here, head("200 OK", f"Content-Length: {len(page)}", "Connection: close", *types) + page)
    for path in (PATH, ORIGINAL, "/ipernity/doc/1/mp4"):
        response = here.ask(path)
        assert_safe(response)
        if response.status == 200:
            assert response.one("Content-Type") == "application/octet-stream"
            assert str(response.one("Content-Disposition")).startswith("attachment;")
        else:
            assert (response.status, path == ORIGINAL) == (502, False)
            assert b"script" not in response.body


@pytest.mark.parametrize("kind", INLINE)
def test_every_type_that_is_shown_has_its_ending(here: Front, kind: str) -> None:
    say(here, picture("Connection: close", kind=f"{kind.upper()}; q=1"))
    response = here.ask(ORIGINAL)
    assert response.one("Content-Type") == kind
    plain, _ = both(str(response.one("Content-Disposition")))
    assert plain == f"photo.{INLINE[kind]}"
    assert str(response.one("Content-Disposition")).startswith("inline;")
    assert_safe(response)


#: What changes a browser's mind, beside those that the test writes out.
EVIL_NAMES = [
    "Accept-CH",
    "Activate-Storage-Access",
    "Attribution-Reporting-Register-Source",
    "Critical-CH",
    "Document-Policy",
    "Feature-Policy",
    "IdP-SignIn-Status",
    "Integrity-Policy",
    "NEL",
    "No-Vary-Search",
    "Observe-Browsing-Topics",
    "Origin-Agent-Cluster",
    "Origin-Trial",
    "Permissions-Policy",
    "Proxy-Authenticate",
    "Report-To",
    "Reporting-Endpoints",
    "Secure-Session-Registration",
    "Service-Worker-Allowed",
    "Set-Login",
    "SourceMap",
    "Speculation-Rules",
    "Supports-Loading-Mode",
    "Use-As-Dictionary",
    "WWW-Authenticate",
    "X-DNS-Prefetch-Control",
    "X-Frame-Options",
    "X-Permitted-Cross-Domain-Policies",
    "X-Robots-Tag",
    "X-UA-Compatible",
]


def test_headers_of_the_source_do_not_come_through(here: Front) -> None:
    evil = [
        "Set-Cookie: a=b",
        "X-Accel-Redirect: /plain",
        "X-Accel-Expires: 1000",
        "X-Accel-Charset: utf-7",
        "Link: </x>; rel=preload",
        "Refresh: 0; url=https://evil.example",
        "Access-Control-Allow-Origin: *",
        "Content-Security-Policy: default-src *",
        "Cross-Origin-Resource-Policy: cross-origin",
        "Referrer-Policy: unsafe-url",
        "X-Content-Type-Options: sniff",
        "Strict-Transport-Security: max-age=1",
        'Clear-Site-Data: "*"',
        "Cache-Control: private, max-age=31536000",
        "Content-Disposition: attachment; filename=evil.exe",
        "Vary: *",
        "Connection: close",
    ]
    for name in EVIL_NAMES:
        evil.append(f"{name}: evil")
    say(here, picture(*evil))
    response = here.ask()
    assert (response.status, response.body) == (200, FILE)
    assert response.one("Cache-Control") == "public, max-age=86400"
    assert "evil" not in str(response.headers)
    for name in ("Link", "Refresh", "Clear-Site-Data", "Strict-Transport-Security", "Vary"):
        assert response.all(name) == []
    assert_safe(response)


def test_an_encoded_body_is_never_taken_for_a_decoded_one(here: Front) -> None:
    say(
        here,
        picture("Content-Encoding: gzip", "Connection: close", body=gzip.compress(b"\0" * 10**6)),
    )
    response = here.ask()
    assert response.status == 502 or response.all("Content-Encoding") == []
    assert len(response.body) < 10**5


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((code, 502) for code in (301, 302, 303, 307, 308, 400, 401, 451, 500, 502)),
        *((code, 404) for code in (403, 404, 410)),
        *((code, 503) for code in (429, 503)),
    ],
)
def test_redirects_and_errors_of_the_source_are_our_own(
    here: Front, status: int, expected: int
) -> None:
    lines = ["Location: /x", "Set-Cookie: a=b", "Retry-After: 7", "Connection: close"]
    say(here, picture(*lines, body=b"<script>", kind="text/html", status=f"{status} X"))
    path = PATH
    if expected == 404:
        # a document of its own, with files of its own: the application remembers them
        path = f"/ipernity/doc/{status}/240"
        here.api.steps = (answered(files(here.source.port, doc_id=status)),)
    response = here.ask(path)
    assert response.status == expected
    assert response.one("Content-Type") in ("text/plain", "text/plain; charset=utf-8")
    assert b"script" not in response.body
    assert response.one("Cache-Control") == "no-store"
    assert response.one("Retry-After") == ("7" if expected == 503 else None)
    assert_safe(response)


def test_a_cut_body_does_not_end_cleanly(here: Front) -> None:
    say(
        here,
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: 2000", "Connection: close")
        + FILE,
    )
    with pytest.raises(Exception, match=r"IncompleteRead|reset|closed"):
        here.ask(ORIGINAL)


@pytest.mark.parametrize("path", ["/_ipernity/image", "/_ipernity/any", "/_ipernity/error"])
def test_the_internal_place_cannot_be_reached(here: Front, path: str) -> None:
    response = here.ask(path, X_Ipernity_Source="http://127.0.0.1:1/")
    assert response.status == 404
    assert here.source.requests == []


@pytest.mark.parametrize("kind", ["image/jpg", "image/pjpeg", "image/x-png"])
def test_other_names_of_a_type_are_known(here: Front, kind: str) -> None:
    say(here, picture("Connection: close", kind=kind))
    response = here.ask()
    shown = "image/png" if "png" in kind else "image/jpeg"
    assert (response.status, response.one("Content-Type")) == (200, shown)
    assert str(response.one("Content-Disposition")).startswith("inline;")


def test_private_media_stay_private_and_names_come_along(tmp_path: Path) -> None:
    with front(tmp_path, True, "日本語 100%.pdf") as here:
        say(here, picture("Connection: close", kind="application/pdf"))
        response = here.ask(ORIGINAL)
        assert response.one("Content-Type") == "application/octet-stream"
        disposition = str(response.one("Content-Disposition"))
        assert disposition.startswith("attachment;")
        assert both(disposition) == ("100_.pdf", "日本語 100%.pdf")
        here.api.steps = (error(1),)
        assert here.ask("/ipernity/doc/2/240").status == 404


def test_a_place_that_nginx_does_not_know_is_refused(tmp_path: Path) -> None:
    with front(tmp_path, True) as here, Source(honest) as canary:
        here.api.steps = (answered(files(canary.port)),)
        response = here.ask("/ipernity/doc/2/240")
        assert response.status == 502
        assert canary.connections == 0
        assert_safe(response)


def test_the_shipped_types_are_those_of_the_application() -> None:
    for kind, extension in INLINE.items():
        assert f"    {kind} .{extension};\n" in shipped("maps.conf")
    policies = shipped("maps.conf") + shipped("offload.conf")
    assert policies.count(f'"{SAFETY["Content-Security-Policy"]}"') == 2
    assert policies.count(f'"{PLAYABLE_POLICY}"') == 1
