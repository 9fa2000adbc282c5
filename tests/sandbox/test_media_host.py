"""The media host: validators, ranges, and what may be kept."""

from __future__ import annotations

import io
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import BinaryIO

import pytest
from PIL import Image

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.thumbnails import OriginalFile
from tests.support.raw_http import RawClient, RawResponse


@pytest.fixture
def thumb(raw: RawClient, sandbox: Sandbox) -> str:
    """Return the URL of a thumbnail."""
    params = {"user_id": sandbox.people[0].user_id, "thumbsize": "240"}
    url = raw.ok("doc.getList", params)["docs"]["doc"][0]["thumb"]["url"]
    assert url.startswith(sandbox.media_url + "/")
    return str(url)


@pytest.fixture
def whole(raw: RawClient, thumb: str) -> RawResponse:
    """Return the response to a plain request for the thumbnail."""
    return raw.send("GET", thumb)


def ask(raw: RawClient, url: str, headers: Mapping[str, str]) -> RawResponse:
    return raw.send("GET", url, headers=headers)


def test_a_thumbnail_is_a_picture_of_its_size(whole: RawResponse) -> None:
    assert whole.status == 200
    assert whole.headers["Content-Type"] == "image/jpeg"
    assert int(whole.headers["Content-Length"]) == len(whole.body)
    with Image.open(io.BytesIO(whole.body)) as picture:
        assert picture.format == "JPEG"
        assert max(picture.size) == 240


def test_a_file_has_a_strong_tag_a_date_and_may_be_kept_by_all(whole: RawResponse) -> None:
    assert whole.headers["ETag"].startswith('"')
    assert parsedate_to_datetime(whole.headers["Last-Modified"]).year >= 2000
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert "public" in whole.headers["Cache-Control"]
    assert "max-age=" in whole.headers["Cache-Control"]


def test_media_live_on_a_host_of_their_own(raw: RawClient, sandbox: Sandbox, thumb: str) -> None:
    assert sandbox.media_url != sandbox.url
    assert raw.send("GET", thumb.replace(sandbox.media_url, sandbox.url)).status == 404


def test_head_answers_with_the_length_and_no_body(
    raw: RawClient, thumb: str, whole: RawResponse
) -> None:
    answer = raw.send("HEAD", thumb)
    assert answer.status == 200
    assert answer.headers["Content-Length"] == whole.headers["Content-Length"]
    assert answer.headers["ETag"] == whole.headers["ETag"]
    assert answer.body == b""
    # the connection is still in step
    assert raw.send("GET", thumb).body == whole.body


def test_an_original_comes_byte_for_byte(raw: RawClient, sandbox: Sandbox) -> None:
    doc = next(doc for doc in sandbox.state.docs.values() if doc.media == "photo")
    answer = raw.send("GET", sandbox.media_url + doc.path("original"))
    with doc.source.open() as file:
        assert answer.body == file.read()


def test_a_query_does_not_matter(raw: RawClient, thumb: str, whole: RawResponse) -> None:
    assert raw.send("GET", thumb + "?r2").body == whole.body


def test_a_wrong_secret_another_path_or_nothing_is_not_found(raw: RawClient, thumb: str) -> None:
    head, secret, rest = thumb.rsplit(".", 3)[0], *thumb.rsplit(".", 3)[1:3]
    other = "0" * 8 if secret != "0" * 8 else "1" * 8
    host = "/".join(thumb.split("/")[:3])
    for url in (f"{head}.{other}.{rest}.jpg", f"{head}.{secret}.999.jpg", host, f"{host}/../a"):
        assert raw.send("GET", url).status == 404


def test_a_matching_tag_answers_304_without_a_body(
    raw: RawClient, thumb: str, whole: RawResponse
) -> None:
    tag = whole.headers["ETag"]
    for value in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = ask(raw, thumb, {"If-None-Match": value})
        assert answer.status == 304
        assert answer.body == b""
        assert answer.headers["ETag"] == tag
    assert ask(raw, thumb, {"If-None-Match": '"other"'}).status == 200


def test_an_unchanged_file_answers_304(raw: RawClient, thumb: str, whole: RawResponse) -> None:
    date = whole.headers["Last-Modified"]
    assert ask(raw, thumb, {"If-Modified-Since": date}).status == 304
    old = "Mon, 01 Jan 1990 00:00:00 GMT"
    assert ask(raw, thumb, {"If-Modified-Since": old}).status == 200


def test_a_tag_wins_over_a_date_and_over_a_range(
    raw: RawClient, thumb: str, whole: RawResponse
) -> None:
    dated = {"If-None-Match": '"other"', "If-Modified-Since": whole.headers["Last-Modified"]}
    assert ask(raw, thumb, dated).status == 200
    ranged = {"If-None-Match": whole.headers["ETag"], "Range": "bytes=0-9"}
    assert ask(raw, thumb, ranged).status == 304


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("0-0", 0, 1), ("10-99", 10, 100), ("100-", 100, None), ("-50", -50, None)],
)
def test_a_range_answers_206_with_these_bytes(
    raw: RawClient, thumb: str, whole: RawResponse, wanted: str, start: int, end: int | None
) -> None:
    answer = ask(raw, thumb, {"Range": f"bytes={wanted}"})
    total = len(whole.body)
    first, last, _ = slice(start, end).indices(total)
    assert answer.status == 206
    assert answer.body == whole.body[start:end]
    assert answer.headers["Content-Range"] == f"bytes {first}-{last - 1}/{total}"
    assert answer.headers["Content-Length"] == str(last - first)
    assert answer.headers["ETag"] == whole.headers["ETag"]


def test_a_range_beyond_the_end_is_cut_there(
    raw: RawClient, thumb: str, whole: RawResponse
) -> None:
    total = len(whole.body)
    answer = ask(raw, thumb, {"Range": f"bytes=10-{total + 99}"})
    assert answer.status == 206
    assert answer.headers["Content-Range"] == f"bytes 10-{total - 1}/{total}"
    everything = ask(raw, thumb, {"Range": f"bytes=-{total + 99}"})
    assert everything.body == whole.body


def test_a_range_that_begins_after_the_end_answers_416(
    raw: RawClient, thumb: str, whole: RawResponse
) -> None:
    answer = ask(raw, thumb, {"Range": f"bytes={len(whole.body)}-"})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(whole.body)}"


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "lines=1-2", "bytes=9-2", "bytes=x", "x"])
def test_several_ranges_and_nonsense_answer_with_the_whole_file(
    raw: RawClient, thumb: str, whole: RawResponse, wanted: str
) -> None:
    answer = ask(raw, thumb, {"Range": wanted})
    assert answer.status == 200
    assert answer.body == whole.body


def test_a_range_counts_only_if_the_file_is_still_the_same(
    raw: RawClient, thumb: str, whole: RawResponse
) -> None:
    for same in (whole.headers["ETag"], whole.headers["Last-Modified"]):
        assert ask(raw, thumb, {"Range": "bytes=0-9", "If-Range": same}).status == 206
    for other in ('"other"', "Mon, 01 Jan 1990 00:00:00 GMT", f"W/{whole.headers['ETag']}"):
        answer = ask(raw, thumb, {"Range": "bytes=0-9", "If-Range": other})
        assert answer.status == 200
        assert answer.body == whole.body


def test_a_precondition_that_fails_comes_before_a_range(
    raw: RawClient, thumb: str, whole: RawResponse
) -> None:
    for wanted in ("bytes=0-9", "bytes=99999999-"):
        answer = ask(raw, thumb, {"Range": wanted, "If-Match": '"other"'})
        assert answer.status == 412
        assert answer.body == b""
    kept = {"Range": "bytes=0-9", "If-Modified-Since": whole.headers["Last-Modified"]}
    assert ask(raw, thumb, kept).status == 304


def test_a_date_in_if_range_must_be_the_very_one(
    raw: RawClient, thumb: str, whole: RawResponse
) -> None:
    later = "Fri, 01 Jan 2100 00:00:00 GMT"
    for other in (later, "yesterday", ""):
        answer = ask(raw, thumb, {"Range": "bytes=0-9", "If-Range": other})
        assert answer.status == 200
        assert answer.body == whole.body


def test_a_connection_is_in_step_after_a_part_and_after_416(
    raw: RawClient, thumb: str, whole: RawResponse
) -> None:
    sent = raw.sandbox.media_requests
    for wanted in ("bytes=0-9", f"bytes={len(whole.body)}-", "bytes=-7"):
        ask(raw, thumb, {"Range": wanted})
    assert raw.send("GET", thumb).body == whole.body
    assert [request.headers.get("Range") for request in sent][-4:-1] == [
        "bytes=0-9",
        f"bytes={len(whole.body)}-",
        "bytes=-7",
    ]


@pytest.mark.parametrize(
    ("http_method", "headers", "status"),
    [
        ("GET", {}, 200),
        ("HEAD", {}, 200),
        ("GET", {"Range": "bytes=5-9"}, 206),
        ("GET", {"If-None-Match": "*"}, 304),
        ("GET", {"If-Match": '"other"'}, 412),
        ("GET", {"Range": "bytes=99999999999-"}, 416),
    ],
)
def test_a_file_is_closed_whatever_the_response(
    raw: RawClient,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    http_method: str,
    headers: dict[str, str],
    status: int,
) -> None:
    opened: list[BinaryIO] = []
    plain_open = OriginalFile.open

    def recording(file: OriginalFile) -> BinaryIO:
        opened.append(plain_open(file))
        return opened[-1]

    monkeypatch.setattr(OriginalFile, "open", recording)
    doc = next(doc for doc in sandbox.state.docs.values() if doc.media == "photo")
    url = sandbox.media_url + doc.path("original")
    assert raw.send(http_method, url, headers=headers).status == status
    # on the same connection, so the first request has ended when this one is answered
    assert raw.send("GET", f"{sandbox.media_url}/none").status == 404
    assert [file.closed for file in opened] == [True]


def test_a_range_is_for_get_alone(raw: RawClient, thumb: str, whole: RawResponse) -> None:
    answer = raw.send("HEAD", thumb, headers={"Range": "bytes=0-9"})
    assert answer.status == 200
    assert raw.send("POST", thumb).status == 405


def test_requests_are_recorded_with_their_headers(
    raw: RawClient, sandbox: Sandbox, thumb: str
) -> None:
    raw.send("GET", thumb, headers={"Range": "bytes=0-9"})
    request = sandbox.media_requests[-1]
    assert request.http_method == "GET"
    assert sandbox.media_url + request.path == thumb
    assert request.headers["Range"] == "bytes=0-9"
