"""What a file is, by its contents, its name and what its sender says."""

from __future__ import annotations

from typing import Any

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.file_kinds import HEAD_BYTES, KINDS, kind_of
from tests.support.file_heads import CONTENTS, picture, tagged
from tests.support.lookup import ADA, MEI
from tests.support.raw_http import RawClient

#: Names and content types as clients send them with any file.
SENDERS = (
    ("dummy_name", ""),
    ("dummy_name", "application/octet-stream"),
    ("a.jpg", "image/jpeg"),
    ("a.txt", "text/plain"),
    ("film.MP4", "video/mp4"),
    ("", ""),
)


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    """Documents are there at once."""
    return {"processing": 0}


@pytest.mark.parametrize("what", CONTENTS)
def test_contents_decide_whatever_name_and_content_type_say(what: str) -> None:
    content, ext, media = CONTENTS[what]
    for name, content_type in SENDERS:
        kind = kind_of(content[:HEAD_BYTES], name, content_type)
        assert (kind.media, kind.ext) == (media, ext), (name, content_type)


@pytest.mark.parametrize(
    ("content", "name", "content_type", "ext", "media"),
    [
        (b"some bytes", "a.mp4", "", "mp4", "video"),
        (b"some bytes", "A.MOV", "", "mov", "video"),
        (b"some bytes", "a.mp3", "video/mp4", "mp3", "audio"),
        (b"some bytes", "dummy_name", "video/mp4", "mp4", "video"),
        (b"some bytes", "dummy_name", "Image/JPG; q=1", "jpg", "photo"),
        (b"some bytes", "a.notes", "audio/mpeg", "mp3", "audio"),
        (b"some bytes", "a.notes", "text/plain", "notes", "other"),
        (b"some bytes", "a.html", "text/html", "html", "other"),
        (b"BMs are not all bitmaps", "a", "", "bin", "other"),
        (b"\xff\xfb\x90\x00" + b"chance" * 200, "", "", "bin", "other"),
        (b"", "../../etc/passwd", "", "bin", "other"),
        (b"", '"><script>', "", "bin", "other"),
        # a container that holds different things
        (CONTENTS["mp4"][0], "song.m4a", "", "m4a", "audio"),
        (CONTENTS["mp4"][0], "dummy_name", "audio/mp4", "m4a", "audio"),
        (CONTENTS["webm"][0], "dummy_name", "audio/webm", "weba", "audio"),
        (CONTENTS["wmv"][0], "song.wma", "", "wma", "audio"),
        (CONTENTS["tiff"][0], "DSC_1.NEF", "", "nef", "other"),
        (CONTENTS["tiff"][0], "a.dng", "image/tiff", "dng", "other"),
    ],
)
def test_name_then_content_type_decide_where_contents_do_not_tell(
    content: bytes, name: str, content_type: str, ext: str, media: str
) -> None:
    kind = kind_of(content, name, content_type)
    assert (kind.ext, kind.media) == (ext, media)


def test_no_beginning_of_a_file_is_an_error() -> None:
    for content, _, _ in CONTENTS.values():
        for length in range(min(len(content), 120)):
            assert kind_of(content[:length]).media in ("photo", "video", "audio", "other")
    assert kind_of(tagged(b"", 60)[:40]).ext == "mp3"


def test_an_ending_belongs_to_one_kind_and_is_kept_if_it_is_right() -> None:
    suffixes = [suffix for kind in KINDS for suffix in kind.suffixes]
    assert len(suffixes) == len(set(suffixes))
    jpeg = kind_of(picture("JPEG"))
    assert [jpeg.ext_for(name) for name in ("a.JPEG", "a.png", "a", "a.jpg")] == [
        "jpeg",
        "jpg",
        "jpg",
        "jpg",
    ]


@pytest.mark.parametrize(
    "what",
    ["jpeg", "png", "gif", "webp", "tiff", "bmp", "heic", "mp4", "mov", "mp3", "flac", "pdf"],
)
def test_an_upload_without_a_name_becomes_what_it_is(
    sandbox: Sandbox, raw: RawClient, what: str
) -> None:
    content, ext, media = CONTENTS[what]
    token = sandbox.sign_in(ADA, {"doc": "delete"})
    number = raw.upload(("dummy_name", content), token=token)["ticket"]
    ticket = raw.ok("upload.checkTickets", {"tickets": number}, token=token)["tickets"]["ticket"][0]
    shown = raw.ok("doc.get", {"doc_id": ticket["doc_id"]}, token=token)["doc"]
    assert (shown["media"], shown["original"]["ext"]) == (media, ext)
    assert shown["original"]["url"].endswith(f".{ext}")
    assert raw.send("GET", shown["original"]["url"]).body == content
    if media == "photo" and what != "heic":
        assert (shown["original"]["w"], shown["original"]["h"]) == ("40", "30")
        assert raw.send("GET", shown["thumbs"]["thumb"][0]["url"]).status == 200
    found = raw.ok("doc.search", {"media": media, "sort": "posted-desc"}, token=token)["docs"]
    assert found["doc"][0]["doc_id"] == ticket["doc_id"]


def test_a_film_is_refused_to_a_free_account_whatever_it_is_called(
    sandbox: Sandbox, raw: RawClient
) -> None:
    token = sandbox.sign_in(MEI, {"doc": "write"})
    for name in ("dummy_name", "a.jpg", "a.mp4"):
        answer = raw.upload((name, CONTENTS["mp4"][0]), token=token)
        assert answer["api"].get("code") == "3", name
