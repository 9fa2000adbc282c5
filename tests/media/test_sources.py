"""What a faulty or hostile media host sends, and what the visitor gets instead."""

from __future__ import annotations

import gzip
import logging
import socket
import time
from typing import Any

import pytest

from flask_ipernity.errors import ServiceError
from flask_ipernity.http import connection as wire
from flask_ipernity.media import transfer
from flask_ipernity.media.state import media_state
from tests.support.forks import holds_in_a_child
from tests.support.media import (
    FILE,
    PATH,
    answered,
    assert_safe,
    files,
    head,
    honest,
    picture,
    raw,
    world,
)
from tests.support.servers import refusing_port
from tests.support.stub import drip, reset
from tests.support.waiting import at_most, until

ORIGINAL = "/ipernity/doc/1/original"
PART = "206 Partial Content"


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (["Content-Range: bytes 1-10/1000"], FILE[:10]),
        (["Content-Range: bytes 0-10/1000"], FILE[:11]),
        (["Content-Range: bytes 0-8/1000"], FILE[:9]),
        (["Content-Range: bytes 0-9/5"], FILE[:10]),
        (["Content-Range: bytes 0-9/1000"], FILE[:9]),
        ([], FILE[:10]),
        (["Content-Range: bytes */1000"], FILE[:10]),
        (["Content-Range: bytes 0-9/*"], FILE[:10]),
        (["Content-Range: items 0-1/2"], FILE[:10]),
        (["Content-Range: bytes 0-9/1000,bytes 0-9/1000"], FILE[:10]),
        (["Content-Range: bytes 0-" + "9" * 5000 + "/1000"], FILE[:10]),
    ],
)
def test_a_part_that_is_not_the_one_asked_for_is_refused(lines: list[str], body: bytes) -> None:
    with world(picture(*lines, body=body, status=PART)) as here:
        response = here.client.get(PATH, headers={"Range": "bytes=0-9"})
        assert response.status_code == 502
        assert_safe(response)


def test_a_part_of_the_end_must_be_the_end() -> None:
    right = picture("Content-Range: bytes 990-999/1000", body=FILE[990:], status=PART)
    wrong = picture("Content-Range: bytes 980-989/1000", body=FILE[980:990], status=PART)
    with world(right, wrong) as here:
        asked = {"Range": "bytes=-10"}
        assert here.client.get(PATH, headers=asked).status_code == 206
        assert here.client.get(PATH, headers=asked).status_code == 502


@pytest.mark.parametrize("kind", ["multipart/byteranges; boundary=x", "image/jpeg"])
def test_parts_in_several_pieces_are_refused(kind: str) -> None:
    with world(picture(body=b"--x\r\n", status=PART, kind=kind)) as here:
        assert here.client.get(PATH, headers={"Range": "bytes=0-4"}).status_code == 502


@pytest.mark.parametrize("status", [PART, "304 Not Modified", "416 Range Not Satisfiable"])
def test_answers_that_nobody_asked_for_are_refused(status: str) -> None:
    lines = ["Content-Range: bytes 0-999/1000"] if status == PART else []
    with world(
        picture(*lines, status=status) if lines else head(status, "Content-Length: 0")
    ) as here:
        response = here.client.get(PATH)
        assert response.status_code == 502
        assert_safe(response)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, 502),
        (451, 502),
        (500, 502),
        (503, 503),
        (429, 503),
        (201, 502),
        (204, 502),
        (400, 502),
    ],
)
def test_errors_of_the_source_are_told_apart(status: int, expected: int) -> None:
    with world(picture(status=f"{status} X", body=b"<script>", kind="text/html")) as here:
        response = here.client.get(PATH)
        assert response.status_code == expected
        assert b"script" not in response.data
        assert response.headers["Cache-Control"] == "no-store"
        assert ("Retry-After" in response.headers) == (expected == 503)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("7", "7"), ("99999999", "300"), ("x", "60"), ("-1", "60"), ("\xe9", "60")],
)
def test_the_time_to_wait_is_bounded(told: str, seconds: str) -> None:
    with world(picture(f"Retry-After: {told}", status="503 Busy")) as here:
        assert here.client.get(PATH).headers["Retry-After"] == seconds


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "http://127.0.0.1:1/", "/1/00/01/1.a1b2c3d4.240.jpg", None, ""],
)
def test_redirects_are_not_followed(status: int, target: str | None) -> None:
    lines = [] if target is None else [f"Location: {target}"]
    with world(picture(*lines, status=f"{status} Moved", body=b"")) as here:
        response = here.client.get(PATH)
        assert response.status_code == 502
        assert "Location" not in response.headers
        assert len(here.source.requests) == 1


def test_a_redirect_with_a_line_break_writes_no_header() -> None:
    with world(
        head("302 Found", "Location: /x%0d%0aSet-Cookie: a=b", " folded", "Content-Length: 0")
    ) as here:
        response = here.client.get(PATH)
        assert response.status_code == 502
        assert_safe(response)


def test_headers_of_the_source_that_are_not_ours_do_not_come_through() -> None:
    lines = [
        "Set-Cookie: a=b",
        "X-Accel-Redirect: /secret",
        "X-Sendfile: /etc/passwd",
        "Link: </x>; rel=preload",
        "Refresh: 0; url=https://evil.example",
        "Access-Control-Allow-Origin: *",
        "Content-Security-Policy: default-src *",
        "Strict-Transport-Security: max-age=1",
        'Clear-Site-Data: "*"',
        "Cache-Control: public, max-age=31536000",
        "Content-Disposition: attachment; filename=evil.exe",
        "Vary: *",
        "Server: x",
        "ETag: unquoted",
        "Last-Modified: never",
    ]
    with world(picture(*lines)) as here:
        response = here.client.get(PATH)
        assert response.data == FILE
        assert set(response.headers.keys()) == {
            "Content-Type",
            "Content-Length",
            "Content-Disposition",
            "Cache-Control",
            "X-Content-Type-Options",
            "Content-Security-Policy",
            "Cross-Origin-Resource-Policy",
            "Referrer-Policy",
        }
        assert response.headers["Cache-Control"] == "public, max-age=86400"
        assert_safe(response)


HARMLESS = "application/octet-stream"
BAD_TYPES = [
    [],
    ["Content-Type: "],
    ["Content-Type: ;"],
    ["Content-Type: image/jpeg, text/html"],
    ["Content-Type: image/jpeg; a=b, text/html"],
    ["Content-Type: image/jpeg", "Content-Type: text/html"],
    ["Content-Type: text/html"],
    ["Content-Type: application/xhtml+xml"],
    ["Content-Type: text/xml"],
    ["Content-Type: multipart/x-mixed-replace; boundary=x"],
    ["Content-Type: image/svg+xml"],
    ["Content-Type: IMAGE/SVG+XML; charset=utf-8"],
    ["Content-Type: application/pdf"],
    ["Content-Type: application/zip"],
    ["Content-Type: application/x-shockwave-flash"],
]


@pytest.mark.parametrize("types", BAD_TYPES)
def test_what_could_run_is_never_shown_in_place(types: list[str]) -> None:
    page = b"<script>alert(1)</script>"
    with world(head("200 OK", f"Content-Length: {len(page)}", *types) + page) as here:
        thumbnail, video = here.client.get(PATH), here.client.get("/ipernity/doc/1/mp4")
        assert thumbnail.status_code == video.status_code == 502
        original = here.client.get(ORIGINAL)
        assert original.status_code == 200
        assert original.headers["Content-Type"] == HARMLESS
        assert original.headers["Content-Disposition"].startswith("attachment;")
        assert_safe(original)


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        (PATH, "video/mp4", 502),
        ("/ipernity/doc/1/mp4", "image/jpeg", 502),
        ("/ipernity/doc/1/mp4", "video/mp4", 200),
        (ORIGINAL, "video/mp4", 200),
        (PATH, "IMAGE/PNG", 200),
    ],
)
def test_each_label_has_its_own_types(path: str, kind: str, status: int) -> None:
    with world(picture(kind=kind)) as here:
        response = here.client.get(path)
        assert response.status_code == status
        if status == 200:
            assert response.headers["Content-Type"] == kind.lower()


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("image/jpg", "image/jpeg"),
        ("Image/JPG; q=1", "image/jpeg"),
        ("image/pjpeg", "image/jpeg"),
        ("image/x-png", "image/png"),
    ],
)
def test_other_names_of_a_type_are_known(kind: str, shown: str) -> None:
    with world(picture(kind=kind)) as here:
        for path in (PATH, ORIGINAL):
            response = here.client.get(path)
            assert (response.status_code, response.headers["Content-Type"]) == (200, shown)
            assert response.headers["Content-Disposition"].startswith("inline;")


def of_unknown_type(body: bytes, kind: str) -> Any:
    """Return a step that answers as a host that does not know types."""

    def send(request: Any) -> bytes:
        first, _, last = request.headers.get("range", "").removeprefix("bytes=").partition("-")
        if not first:
            whole = picture(body=body, kind=kind)
            return whole.removesuffix(body) if request.verb == "HEAD" else whole
        start, end = int(first), min(int(last or len(body)), len(body) - 1)
        place = f"Content-Range: bytes {start}-{end}/{len(body)}"
        return picture(place, body=body[start : end + 1], kind=kind, status=PART)

    return send


PICTURES = {
    "image/jpeg": b"\xff\xd8\xff\xe0" + FILE,
    "image/png": b"\x89PNG\r\n\x1a\n" + FILE,
    "image/gif": b"GIF89a" + FILE,
    "image/webp": b"RIFF\x00\x0a\x00\x00WEBPVP8 " + FILE,
}


@pytest.mark.parametrize("kind", ["application/octet-stream", "binary/octet-stream; charset=x"])
@pytest.mark.parametrize("shown", PICTURES)
def test_where_the_host_does_not_know_the_type_the_first_bytes_decide(
    kind: str, shown: str
) -> None:
    body = PICTURES[shown]
    with world(of_unknown_type(body, kind)) as here:
        for path in (PATH, ORIGINAL):
            whole = here.client.get(path)
            assert (whole.status_code, whole.data) == (200, body)
            head_only = here.client.head(path)
            part = here.client.get(path, headers={"Range": "bytes=100-109"})
            start = here.client.get(path, headers={"Range": "bytes=0-4"})
            assert (part.status_code, part.data) == (206, body[100:110])
            assert (start.status_code, start.data) == (206, body[:5])
            for response in (whole, head_only, part, start):
                assert response.headers["Content-Type"] == shown
                assert response.headers["Content-Disposition"].startswith("inline;")
                assert_safe(response)
        assert here.app.extensions["ipernity"].parts[media_state].slots("240").free == 32


@pytest.mark.parametrize(
    "body",
    [
        b"<script>alert(1)</script>",
        b"\xff\xd8",
        b"",
        b"%PDF-1.7",
        b" GIF89a",
        b"RIFF\x00\x00\x00\x00WAVE" + FILE,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_first_bytes_of_no_picture_make_none(body: bytes) -> None:
    with world(of_unknown_type(body, "application/octet-stream")) as here:
        assert here.client.get(PATH).status_code == 502
        assert here.client.head(PATH).status_code == 502
        original = here.client.get(ORIGINAL)
        assert (original.status_code, original.data) == (200, body)
        assert original.headers["Content-Type"] == HARMLESS
        assert original.headers["Content-Disposition"].startswith("attachment;")
        # nor is a picture a video
        assert here.client.get("/ipernity/doc/1/mp4").status_code == 502


def test_first_bytes_that_drip_are_waited_for() -> None:
    def slowly(connection: socket.socket) -> None:
        body = PICTURES["image/webp"]
        connection.sendall(picture(body=body, kind=HARMLESS).removesuffix(body))
        for position in range(16):
            connection.sendall(body[position : position + 1])
            time.sleep(0.01)
        connection.sendall(body[16:])

    with world(raw(slowly)) as here:
        response = here.client.get(PATH)
        assert response.headers["Content-Type"] == "image/webp"
        assert response.data == PICTURES["image/webp"]


def test_a_policy_of_the_application_does_not_replace_that_of_the_files() -> None:
    with world(picture()) as here:

        @here.app.after_request
        def replace(response: Any) -> Any:
            # as Flask-Talisman does
            response.headers["Content-Security-Policy"] = "default-src 'self'"
            return response

        for path in (PATH, "/ipernity/doc/0/240"):
            policies = here.client.get(path).headers.getlist("Content-Security-Policy")
            assert policies[0] == "default-src 'self'"
            assert len(policies) == 2
            assert policies[1].endswith("sandbox")


def test_parameters_of_the_type_are_dropped() -> None:
    with world(picture(kind='image/jpeg; x="<script>"')) as here:
        assert here.client.get(PATH).headers["Content-Type"] == "image/jpeg"


def test_a_page_that_calls_itself_a_picture_stays_a_picture() -> None:
    with world(picture(body=b"<script>alert(1)</script>")) as here:
        response = here.client.get(PATH)
        assert response.headers["Content-Type"] == "image/jpeg"
        assert_safe(response)


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, gzip, gzip, gzip, gzip", "deflate", "x"])
def test_encoded_bodies_are_refused_and_not_decoded(coding: str) -> None:
    bomb = gzip.compress(b"\0" * 20_000_000)
    with world(picture(f"Content-Encoding: {coding}", body=bomb)) as here:
        assert here.client.get(PATH).status_code == 502
        assert here.client.get(ORIGINAL).status_code == 502


@pytest.mark.parametrize(
    "response",
    [
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: -5"),
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: +5") + b"12345",
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: 1e3") + FILE,
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: 5", "Content-Length: 6") + FILE,
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: 5", "Content-Length: 5") + FILE,
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: 5, 6") + FILE,
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: " + "9" * 5000) + FILE,
        head(
            "200 OK", "Content-Type: image/jpeg", "Content-Length: 5", "Transfer-Encoding: chunked"
        )
        + b"5\r\n12345\r\n0\r\n\r\n",
        head("200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: gzip, chunked"),
        head("200 OK", *(f"X-{number}: x" for number in range(10_000))),
        head("200 OK", "X: " + "x" * 1_000_000),
        b"<html>HTTP/0.9</html>",
        b"HTTP/1.1 abc\r\n\r\n",
        b"",
    ],
)
def test_broken_answers_are_502_before_anything_is_sent(response: bytes) -> None:
    with world(raw(lambda connection: connection.sendall(response))) as here:
        reply = here.client.get(PATH)
        assert reply.status_code == 502
        assert_safe(reply)


CHUNKED = head("200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: chunked")


@pytest.mark.parametrize(
    "response",
    [
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: 2000") + FILE,
        CHUNKED + b"5\r\n12345\r\n",
        CHUNKED + b"ffffffffffffffff\r\n12345",
        CHUNKED + b"5\r\n12345\r\n5;" + b"x" * 1_048_576 + b"\r\n12345\r\n0\r\n\r\n",
        CHUNKED + b"5\r\n12345\r\n-5\r\n12345\r\n",
        CHUNKED + b"5\r\n12345\r\nzz\r\n12345\r\n",
    ],
)
def test_a_body_that_breaks_off_never_ends_cleanly(response: bytes) -> None:
    with world(raw(lambda connection: connection.sendall(response))) as here:
        with pytest.raises(ServiceError):
            here.client.get(PATH)
        assert here.app.extensions["ipernity"].parts[media_state].slots("240").free == 32


@pytest.mark.parametrize("body", [b"zz\r\n12345\r\n", b"\r\n", b"5;" + b"x" * 1_048_576])
def test_a_body_that_never_begins_is_an_error_of_ours(body: bytes) -> None:
    with world(CHUNKED + body + b"\r\n0\r\n\r\n") as here:
        response = here.client.get(PATH)
        assert response.status_code == 502
        assert_safe(response)


def test_a_part_that_is_shorter_than_it_says_never_ends_cleanly() -> None:
    lines = ["Content-Type: image/jpeg", "Content-Range: bytes 0-9/1000"]
    response = head(PART, *lines, "Transfer-Encoding: chunked") + b"5\r\n12345\r\n0\r\n\r\n"
    with world(response) as here, pytest.raises(ServiceError):
        here.client.get(PATH, headers={"Range": "bytes=0-9"})


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_part_that_is_longer_than_it_says_never_ends_cleanly(pieces: int) -> None:
    lines = ["Content-Type: image/jpeg", "Content-Range: bytes 0-9/1000"]
    body = b"b\r\n12345678901\r\n" if pieces == 1 else b"6\r\n123456\r\n" * 2
    with world(head(PART, *lines, "Transfer-Encoding: chunked") + body + b"0\r\n\r\n") as here:
        if pieces == 1:
            assert here.client.get(PATH, headers={"Range": "bytes=0-9"}).status_code == 502
        else:
            with pytest.raises(ServiceError):
                here.client.get(PATH, headers={"Range": "bytes=0-9"})


def cut_before_the_first_byte(name: str) -> Any:
    """Return a step that ends between the headers and the first byte of the body."""
    start = picture(body=b"") if name == "empty" else picture().removesuffix(FILE)

    def send(connection: socket.socket) -> None:
        connection.sendall(CHUNKED if name == "chunked" else start)
        if name == "silent":
            time.sleep(1)
        if name == "reset":
            reset(connection)

    return raw(send)


@pytest.mark.parametrize("path", [PATH, ORIGINAL])
@pytest.mark.parametrize(
    ("name", "status"), [("end", 502), ("chunked", 502), ("reset", 502), ("silent", 504)]
)
def test_a_source_that_ends_before_the_first_byte_is_an_error_of_ours(
    path: str, name: str, status: int
) -> None:
    with world(cut_before_the_first_byte(name), IPERNITY_TIMEOUT=(5, 0.2)) as here:
        for _ in range(2):
            response = here.client.get(path)
            assert response.status_code == status
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert_safe(response)
        slots = here.app.extensions["ipernity"].parts[media_state].slots
        assert (slots("240").free, slots("original").free) == (32, 4)


WHOLE_HEAD = head("200 OK", "Content-Type: image/jpeg", f"Content-Length: {len(FILE)}", "X: y")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "cut",
    [1, 8, 17, 18, 30, 45, len(WHOLE_HEAD) - 12, *range(len(WHOLE_HEAD) - 6, len(WHOLE_HEAD))],
)
def test_headers_that_are_cut_off_are_no_response(cut: int, method: str) -> None:
    with world(raw(lambda connection: connection.sendall(WHOLE_HEAD[:cut]))) as here:
        response = here.client.open(PATH, method=method)
        assert response.status_code == 502
        assert response.headers["Cache-Control"] == "no-store"
        assert_safe(response)


def test_a_file_that_is_empty_is_one() -> None:
    for response in (picture(body=b""), CHUNKED + b"0\r\n\r\n"):
        with world(response) as here:
            answer = here.client.get(ORIGINAL)
            assert (answer.status_code, answer.data) == (200, b"")


FOR_EVER = b"x" * 10_000


@pytest.mark.parametrize(
    ("start", "every"),
    [
        pytest.param(b"", b"1;" + FOR_EVER + b"\r\nx\r\n", id="chunk extensions"),
        pytest.param(b"5\r\n12345\r\n0\r\n", b"X: " + FOR_EVER + b"\r\n", id="trailers"),
        pytest.param(b"5\r\n12345\r\n0\r\n", b"X:\r\n" * 1000, id="short trailers"),
        pytest.param(b"2\r\n12\r\n", b"1;" + b"y" * 100 + b"\r\nx\r\n", id="short extensions"),
    ],
)
def test_a_source_that_sends_framing_without_end_is_given_up(start: bytes, every: bytes) -> None:
    sent = 0

    def send(connection: socket.socket) -> None:
        nonlocal sent
        try:
            connection.sendall(CHUNKED + start)
            while sent < 30_000_000:
                connection.sendall(every)
                sent += len(every)
        except OSError:
            pass

    with world(raw(send)) as here:
        with pytest.raises(ServiceError):
            here.client.get(ORIGINAL)
        assert until(
            lambda: here.app.extensions["ipernity"].parts[media_state].slots("mp4").free == 4
        )
    assert sent < 20_000_000


def test_a_body_in_chunks_of_a_byte_comes_whole() -> None:
    with world(CHUNKED + b"1\r\nx\r\n" * 90_000 + b"0\r\nX-Sum: 1\r\n\r\n") as here:
        assert here.client.get(ORIGINAL).data == b"x" * 90_000


def test_responses_that_nobody_reads_or_closes_give_their_slots_back() -> None:
    with world(picture(body=b"x" * 3_000_000)) as here:
        client = here.client
        assert [client.get(ORIGINAL, buffered=False).status_code for _ in range(12)] == [200] * 12
        assert [client.get(ORIGINAL).status_code for _ in range(12)] == [200] * 12
        # nor does one that somebody holds lose its slot
        held = client.get(ORIGINAL, buffered=False)
        assert here.app.extensions["ipernity"].parts[media_state].slots("mp4").free == 3
        held.close()


def test_a_chunked_body_comes_whole_and_is_not_kept_by_caches() -> None:
    chunked = head("200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: chunked")
    with world(chunked + b"5\r\n12345\r\n3\r\n678\r\n0\r\n\r\n") as here:
        response = here.client.get(PATH)
        assert response.data == b"12345678"
        assert response.headers["Cache-Control"] == "no-store"


def test_a_longer_body_than_declared_is_cut_and_spoils_no_other() -> None:
    longer = (
        picture() + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: image/jpeg\r\n\r\nevil"
    )
    with world(longer, picture()) as here:
        assert here.client.get(PATH).data == FILE
        assert here.client.get(PATH).data == FILE


def test_the_largest_file_is_a_matter_of_settings_and_declared_ones_are_refused_at_once() -> None:
    with world(picture(), IPERNITY_PROXY_MAX_BYTES=999) as here:
        assert here.client.get(ORIGINAL).status_code == 502
    with world(honest, IPERNITY_PROXY_MAX_BYTES=999) as here:
        assert here.client.get(ORIGINAL, headers={"Range": "bytes=0-1"}).status_code == 502
    with world(picture(), IPERNITY_PROXY_MAX_BYTES=1000) as here:
        assert here.client.get(ORIGINAL).data == FILE


def test_an_undeclared_file_that_is_too_long_is_cut_off() -> None:
    chunk = b"3e8\r\n" + FILE + b"\r\n"
    with (
        world(CHUNKED + chunk + chunk, IPERNITY_PROXY_MAX_BYTES=1999) as here,
        pytest.raises(ServiceError),
    ):
        here.client.get(ORIGINAL)
    with world(CHUNKED + chunk, IPERNITY_PROXY_MAX_BYTES=999) as here:
        assert here.client.get(ORIGINAL).status_code == 502


def test_a_thumbnail_has_a_limit_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "MAX_THUMBNAIL_LENGTH", 999)
    with world(picture()) as here:
        assert here.client.get(PATH).status_code == 502
        assert here.client.get(ORIGINAL).status_code == 200


def test_a_source_that_says_nothing_is_504_and_one_that_refuses_is_502() -> None:
    with world(raw(lambda connection: time.sleep(3)), IPERNITY_TIMEOUT=(5, 0.3)) as here:
        response = here.client.get(PATH)
        assert response.status_code == 504
        assert_safe(response)
    with world(raw(reset)) as here:
        assert here.client.get(PATH).status_code == 502
    with refusing_port() as port, world(api=[answered(files(port))]) as here:
        assert here.client.get(PATH).status_code == 502


@pytest.mark.slow
def test_headers_that_drip_are_given_up_in_time() -> None:
    with world(raw(drip(picture(), 0.1)), IPERNITY_TIMEOUT=(5, 1)) as here:
        began = time.monotonic()
        assert here.client.get(PATH).status_code == 504
        assert time.monotonic() - began < 5


def dripping(start: bytes, every: bytes, pause: float) -> Any:
    def send(connection: socket.socket) -> None:
        try:
            connection.sendall(start)
            for _ in range(400):
                connection.sendall(every)
                time.sleep(pause)
        except OSError:
            pass

    return raw(send)


@pytest.mark.slow
@pytest.mark.parametrize(
    "start",
    [
        head("200 OK", "Content-Type: image/jpeg", "Content-Length: 1000000"),
        # the size of a chunk that never ends: no more of the body comes out of it
        CHUNKED + b"5\r\n12345\r\n5;x=",
    ],
)
def test_a_body_that_drips_is_given_up_by_its_rate(
    start: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "RATE_WINDOW", 1.0)
    with world(dripping(start, b"x", 0.05)) as here:
        began = time.monotonic()
        with pytest.raises(ServiceError):
            here.client.get(PATH)
        assert 0.9 < time.monotonic() - began < 8


@pytest.mark.slow
def test_a_slow_visitor_is_not_mistaken_for_a_slow_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "RATE_WINDOW", 0.2)
    big = b"x" * 3_000_000
    with world(picture(body=big)) as here:
        response = here.client.get(ORIGINAL, buffered=False)
        size = 0
        for piece in response.iter_encoded():
            size += len(piece)
            time.sleep(0.1)
        response.close()
        assert size == len(big)


def test_the_first_byte_comes_at_once_though_the_rest_drips() -> None:
    start = head("200 OK", "Content-Type: image/jpeg", "Content-Length: 1000")
    with world(dripping(start, b"x", 0.5)) as here:
        began = time.monotonic()
        response = here.client.get(PATH, buffered=False)
        assert next(response.iter_encoded()) == b"x"
        assert time.monotonic() - began < at_most(2)
        response.close()


def test_a_kept_connection_that_was_just_closed_is_replaced_unnoticed() -> None:
    with world(picture(), raw(lambda connection: None), picture()) as here:
        assert here.client.get(PATH).data == FILE
        assert here.client.get(PATH).data == FILE
        assert here.source.connections == 2
        assert len(here.source.requests) == 3


def test_a_new_connection_that_breaks_is_not_tried_again() -> None:
    with world(raw(lambda connection: None), picture()) as here:
        assert here.client.get(PATH).status_code == 502
        assert len(here.source.requests) == 1


def test_connections_are_used_again_after_whole_answers_and_not_after_cut_ones() -> None:
    with world(picture(body=b"x" * 2_000_000)) as here:
        for _ in range(5):
            here.client.get(PATH)
        assert here.source.connections == 1
        response = here.client.get(PATH, buffered=False)
        response.close()
        here.client.get(PATH)
        assert here.source.connections == 2


@pytest.mark.parametrize(("size", "connections"), [(1, 3), (2, 2)])
def test_no_more_connections_are_kept_than_the_setting_says(size: int, connections: int) -> None:
    with world(picture(body=b"x" * 2_000_000), IPERNITY_POOL_SIZE=size) as here:
        for _ in range(2):
            both = [here.client.get(ORIGINAL, buffered=False) for _ in range(2)]
            for response in both:
                assert len(response.data) == 2_000_000
                response.close()
        assert here.source.connections == connections


def test_a_child_process_starts_with_connections_of_its_own() -> None:
    with world(picture()) as here:
        assert here.client.get(PATH).data == FILE
        assert holds_in_a_child(lambda: here.client.get(PATH).data == FILE)
        assert here.client.get(PATH).data == FILE
        assert here.source.connections == 2


def test_an_answer_that_a_hook_throws_away_frees_its_slot() -> None:
    with world(picture(), IPERNITY_PROXY_STREAMS=1) as here:
        here.app.logger.disabled = True  # the log of a test keeps the error, and so the response

        @here.app.after_request
        def fail(response: Any) -> Any:
            if response.status_code == 200:
                raise ValueError("a fault of the application")
            return response

        for _ in range(3):
            assert here.client.get(ORIGINAL).status_code == 500


def test_full_budgets_are_told_at_once_and_apart(caplog: pytest.LogCaptureFixture) -> None:
    with world(picture(body=b"x" * 5_000_000), IPERNITY_PROXY_STREAMS=2) as here:
        held = [here.client.get(ORIGINAL, buffered=False) for _ in range(2)]
        began = time.monotonic()
        full = here.client.get("/ipernity/doc/1/original")
        assert (full.status_code, full.headers["Retry-After"]) == (503, "5")
        assert_safe(full)
        assert time.monotonic() - began < at_most(2)
        assert here.client.get(PATH).status_code == 200
        for response in held:
            response.close()
        assert here.client.get(ORIGINAL).status_code == 200


def test_neither_addresses_nor_tags_of_files_reach_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with world(picture(), picture(status="500 No"), raw(reset)) as here:
        for _ in range(3):
            here.client.get(PATH)
    assert "a1b2c3d4" not in caplog.text
