"""Methods, conditions and ranges: what a visitor may send, and what the source gets to see."""

from __future__ import annotations

import time
from typing import Any

import pytest
from werkzeug.http import http_date
from werkzeug.test import TestResponse

from tests.support.media import (
    FILE,
    MODIFIED,
    PATH,
    Respond,
    assert_safe,
    head,
    honest,
    naive,
    world,
)

BOTH = pytest.mark.parametrize("source", [honest, naive])


def get(
    source: Respond, *lines: tuple[str, str], method: str = "GET", path: str = PATH
) -> tuple[TestResponse, list[dict[str, str]]]:
    """Return the response, and the headers of the requests that the source got."""
    with world(source) as here:
        response = here.client.open(path, method=method, headers=list(lines))
        return response, [request.headers for request in here.source.requests]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_refused_safely(method: str) -> None:
    response, asked = get(honest, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert_safe(response)
    assert asked == []


def test_options_tells_the_methods_and_asks_nobody() -> None:
    with world() as here:
        response = here.client.options(PATH)
        assert (response.status_code, response.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
        assert_safe(response)
        assert here.api.requests == here.source.requests == []


@pytest.mark.parametrize("path", ["1%2f2/240", "1/240/", "1//240", "1/..%2f240", "1"])
def test_addresses_that_no_link_leads_to_are_not_found_safely(path: str) -> None:
    with world() as here:
        response = here.client.get(f"/ipernity/doc/{path}", headers={"Host": "evil.example"})
        assert response.status_code == 404
        assert_safe(response)
        assert "evil.example" not in str(response.headers)
        assert here.api.requests == []


def test_the_source_sees_only_what_it_needs() -> None:
    _, asked = get(
        honest,
        ("Connection", "X-Secret"),
        ("X-Secret", "1"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
        ("Expect", "100-continue"),
        ("Proxy-Authorization", "Basic eA=="),
        ("X-Forwarded-For", "10.0.0.1"),
        ("Cookie", "session=x"),
        ("Authorization", "Bearer x"),
        ("Referer", "http://localhost/secret"),
        ("Origin", "http://localhost"),
        ("Accept-Encoding", "gzip, br, zstd"),
    )
    assert set(asked[0]) == {"host", "user-agent", "accept-encoding"}
    assert asked[0]["accept-encoding"] == "identity"


def test_a_body_that_comes_with_a_get_is_not_passed_on() -> None:
    with world(honest) as here:
        response = here.client.get(PATH, data=b"0123456789")
        assert response.data == FILE
        assert "content-length" not in here.source.requests[0].headers
        assert here.source.requests[0].body == b""


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-499", 0, 499),
        ("bytes=-500", 500, 999),
        ("bytes=500-", 500, 999),
        ("bytes=0-99999", 0, 999),
        ("bytes=-5000", 0, 999),
    ],
)
def test_a_range_is_answered_with_that_part(asked: str, start: int, end: int) -> None:
    response, _ = get(honest, ("Range", asked))
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {start}-{end}/1000"
    assert response.content_length == end - start + 1
    assert response.data == FILE[start : end + 1]
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["ETag"] == '"e1"'
    assert response.headers["Cache-Control"] == "public, max-age=86400"


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=-0"])
def test_a_range_outside_of_the_file_is_416_with_its_length(asked: str) -> None:
    response, _ = get(honest, ("Range", asked))
    assert response.status_code == 416
    assert response.headers["Content-Range"] == "bytes */1000"
    assert response.headers["Cache-Control"] == "no-store"
    assert_safe(response)


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=5-2",
        "bytes=",
        "bytes=a-b",
        "items=0-1",
        "bytes 0-1",
        "bytes=--1",
        "bytes=0-1,3-4",
        "bytes=" + ",".join(["0-999"] * 1300),
        "bytes=" + "9" * 5000 + "-",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_what_is_no_single_range_is_ignored_and_not_passed_on(asked: str) -> None:
    response, requests = get(honest, ("Range", asked))
    assert (response.status_code, response.data) == (200, FILE)
    assert "range" not in requests[0]


def test_two_lines_of_range_are_ignored() -> None:
    response, requests = get(honest, ("Range", "bytes=0-1"), ("Range", "bytes=3-4"))
    assert (response.status_code, response.data) == (200, FILE)
    assert "range" not in requests[0]


def test_a_range_with_head_is_ignored() -> None:
    response, requests = get(honest, ("Range", "bytes=0-1"), method="HEAD")
    assert (response.status_code, response.content_length) == (200, 1000)
    assert "range" not in requests[0]


@BOTH
@pytest.mark.parametrize(
    "condition", ['W/"e1"', '"old"', "garbage", http_date(MODIFIED + 1), http_date(MODIFIED - 1)]
)
def test_if_range_that_does_not_hold_gives_the_whole_file(source: Respond, condition: str) -> None:
    response, _ = get(source, ("Range", "bytes=0-1"), ("If-Range", condition))
    assert (response.status_code, response.data) == (200, FILE)


@pytest.mark.parametrize("condition", ['"e1"', http_date(MODIFIED)])
def test_if_range_that_holds_gives_the_part(condition: str) -> None:
    response, requests = get(honest, ("Range", "bytes=0-1"), ("If-Range", condition))
    assert (response.status_code, response.data) == (206, FILE[:2])
    assert requests[0]["if-range"] == condition


@pytest.mark.parametrize("condition", ['"old"', http_date(MODIFIED - 1)])
def test_a_source_that_ignores_if_range_does_not_get_versions_mixed(condition: str) -> None:
    def forgetful(request: Any) -> bytes:
        request.headers.pop("if-range", None)
        return honest(request)

    response, requests = get(forgetful, ("Range", "bytes=0-1"), ("If-Range", condition))
    assert (response.status_code, response.data) == (200, FILE)
    assert len(requests) == 2


@BOTH
@pytest.mark.parametrize("tags", ['"e1"', 'W/"e1"', '"x", "e1"', "*", '"x",W/"e1"'])
def test_a_file_that_the_visitor_has_is_not_sent_again(source: Respond, tags: str) -> None:
    response, _ = get(source, ("If-None-Match", tags))
    assert response.status_code == 304
    assert response.data == b""
    assert response.headers["ETag"] == '"e1"'
    assert response.headers["Cache-Control"] == "public, max-age=86400"
    assert "Content-Length" not in response.headers
    assert_safe(response)


@BOTH
@pytest.mark.parametrize("tags", ['"x"', "e1", '"e1', "", '"x", e1'])
def test_other_and_malformed_tags_do_not_match(source: Respond, tags: str) -> None:
    response, _ = get(source, ("If-None-Match", tags))
    assert (response.status_code, response.data) == (200, FILE)


@BOTH
def test_a_tag_wins_over_a_date(source: Respond) -> None:
    response, requests = get(
        source, ("If-None-Match", '"x"'), ("If-Modified-Since", http_date(time.time()))
    )
    assert response.status_code == 200
    assert "if-modified-since" not in requests[0]


@BOTH
@pytest.mark.parametrize(
    ("date", "status"),
    [
        (http_date(MODIFIED), 304),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 304),
        (http_date(MODIFIED - 1), 200),
        ("Thu, 01 Jan 1601 00:00:00 GMT", 200),
        ("garbage", 200),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", 200),
        ("Thu, 01 Jan " + "9" * 5000 + " 00:00:00 GMT", 200),
    ],
)
def test_dates_are_compared(source: Respond, date: str, status: int) -> None:
    response, _ = get(source, ("If-Modified-Since", date))
    assert response.status_code == status


@BOTH
@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("If-Match", '"x"', 412),
        ("If-Match", 'W/"e1"', 412),
        ("If-Match", '"x", "e1"', 200),
        ("If-Match", "*", 200),
        ("If-Unmodified-Since", http_date(MODIFIED - 1), 412),
        ("If-Unmodified-Since", http_date(MODIFIED), 200),
    ],
)
def test_preconditions_are_kept(source: Respond, name: str, value: str, status: int) -> None:
    response, _ = get(source, (name, value))
    assert response.status_code == status
    assert_safe(response)


def tags(length: int) -> str:
    """Return a list of tags with so many characters, the last of which is that of the file."""
    end = ', "e1"'
    return f'"{"x" * (length - len(end) - 2)}"{end}'


@BOTH
@pytest.mark.parametrize(("length", "status"), [(8192, 304), (8193, 200), (100_000, 200)])
def test_a_list_of_tags_that_is_too_long_is_ignored_and_not_passed_on(
    source: Respond, length: int, status: int
) -> None:
    value = tags(length)
    assert len(value) == length
    response, requests = get(source, ("If-None-Match", value))
    assert response.status_code == status
    assert requests[0].get("if-none-match") == (value if status == 304 else None)


@BOTH
@pytest.mark.parametrize(("length", "status"), [(8192, 412), (8193, 200)])
def test_a_list_of_tags_that_must_match_has_the_same_limit(
    source: Respond, length: int, status: int
) -> None:
    value = tags(length).replace("e1", "e2")
    assert len(value) == length
    response, _ = get(source, ("If-Match", value))
    assert response.status_code == status


def padded(length: int, moment: int) -> str:
    """Return a date with so many characters, which programs understand all the same."""
    day, date = http_date(moment).split(", ")
    return f"{day},{date:>{length - len(day) - 1}}"


@BOTH
@pytest.mark.parametrize(
    ("name", "moment", "status"),
    [
        ("If-Modified-Since", MODIFIED, 304),
        ("If-Unmodified-Since", MODIFIED - 1, 412),
    ],
)
def test_a_date_that_is_too_long_is_ignored(
    source: Respond, name: str, moment: int, status: int
) -> None:
    for length, expected in ((64, status), (65, 200), (10_000, 200)):
        value = padded(length, moment)
        assert len(value) == length
        response, requests = get(source, (name, value))
        assert response.status_code == expected
        if length > 64:
            assert name.lower() not in requests[0]


@pytest.mark.parametrize(("length", "status"), [(64, 206), (65, 200)])
def test_a_range_with_a_date_that_is_too_long_gives_the_whole_file(
    length: int, status: int
) -> None:
    condition = padded(length, MODIFIED)
    response, _ = get(honest, ("Range", "bytes=0-9"), ("If-Range", condition))
    assert response.status_code == status


@BOTH
def test_a_matching_tag_wins_over_a_range(source: Respond) -> None:
    response, _ = get(source, ("Range", "bytes=0-1"), ("If-None-Match", '"e1"'))
    assert response.status_code == 304


def test_an_empty_file_is_sent_whole_though_a_range_is_asked_for() -> None:
    def empty(request: Any) -> bytes:
        if "range" in request.headers:
            return b"HTTP/1.1 416 No\r\nContent-Range: bytes */0\r\nContent-Length: 0\r\n\r\n"
        return b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 0\r\n\r\n"

    response, _ = get(empty, ("Range", "bytes=0-"))
    assert (response.status_code, response.content_length, response.data) == (200, 0, b"")


@BOTH
@pytest.mark.parametrize("path", [PATH, "/ipernity/doc/1/original", "/ipernity/doc/1/240?x=1"])
def test_head_says_what_get_would(source: Respond, path: str) -> None:
    whole, _ = get(source, path=path)
    only_head, _ = get(source, path=path, method="HEAD")
    assert only_head.data == b""
    assert sorted(only_head.headers) == sorted(whole.headers)


def test_head_does_not_invent_a_length() -> None:
    only_head = head("200 OK", "Content-Type: image/jpeg", "Transfer-Encoding: chunked")
    with world(only_head) as here:
        response = here.client.head(PATH)
        assert response.status_code == 200
        assert "Content-Length" not in response.headers


def test_head_uses_no_connection_on_which_the_file_may_come_after_all() -> None:
    only_head = head("200 OK", "Content-Type: image/jpeg", "Content-Length: 300000000")
    with world(only_head) as here:
        for _ in range(3):
            reply = here.client.head("/ipernity/doc/1/original")
            assert (reply.status_code, reply.content_length) == (200, 300_000_000)
        assert [request.verb for request in here.source.requests] == ["HEAD"] * 3
        assert here.source.connections == 3
