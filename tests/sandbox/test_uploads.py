"""Uploads: from a file to a ticket to a document."""

from __future__ import annotations

import hashlib
import io
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from PIL import Image

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PUBLIC
from tests.support.lookup import ADA, JONAS, MEI, album, doc
from tests.support.raw_http import RawClient


def jpeg(width: int = 90, height: int = 60, orientation: int | None = None) -> bytes:
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    image = Image.new("RGB", (width, height), "teal")
    image.paste("red", (0, 0, width, height // 4))
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


@pytest.fixture
def sandbox_options() -> dict[str, Any]:
    """Documents are there at once."""
    return {"processing": 0}


@pytest.fixture
def token(sandbox: Sandbox) -> str:
    return sandbox.sign_in(ADA, {"doc": "delete"})


def sent(raw: RawClient, token: str, file: tuple[str, bytes], **params: str) -> dict[str, Any]:
    """Upload a file; return the state of its ticket."""
    answer = raw.upload(file, params, token=token)
    assert answer["api"]["status"] == "ok", answer
    tickets = raw.ok("upload.checkTickets", {"tickets": answer["ticket"]}, token=token)["tickets"]
    state = tickets["ticket"][0]
    assert isinstance(state, dict)
    return state


def refused(
    raw: RawClient,
    token: str,
    file: tuple[str, bytes] | None,
    method: str = "upload.file",
    **params: str,
) -> str:
    answer = raw.upload(file, params, token=token, method=method)
    assert set(answer) == {"api"}, answer
    return str(answer["api"]["code"])


def test_a_file_becomes_a_document(raw: RawClient, token: str) -> None:
    content = jpeg()
    doc_id = sent(raw, token, ("Old pier.jpg", content))["doc_id"]
    shown = raw.ok("doc.get", {"doc_id": doc_id, "extra": "md5"}, token=token)["doc"]
    assert (shown["title"], shown["media"], shown["visibility"]["share"]) == (
        "Old pier",
        "photo",
        "4",
    )
    assert shown["md5"] == hashlib.md5(content).hexdigest()
    assert (shown["original"]["filename"], shown["original"]["bytes"]) == (
        "Old pier.jpg",
        str(len(content)),
    )
    assert raw.send("GET", shown["original"]["url"]).body == content
    assert raw.send("GET", shown["thumbs"]["thumb"][0]["url"]).status == 200
    newest = raw.ok("doc.getList", token=token)["docs"]["doc"][0]
    assert newest["doc_id"] == doc_id


def test_parameters_say_what_a_document_is_like(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    target = album(sandbox, {PUBLIC})
    state = sent(
        raw,
        token,
        ("a.jpg", jpeg()),
        title="Pier & sea",
        description="d",
        created_at="2001-02-03 04:05:06",
        license="9",
        is_public="0",
        is_family="1",
        is_friend="0",
        safety="2",
        keywords='sea,"old pier"',
        album_id=target.album_id,
        member_ids=sandbox.people[JONAS].user_id,
        perm_comment="3",
        lng="7.5",
        lat="43.6",
    )
    params = {"doc_id": state["doc_id"], "extra": "tags,geo"}
    shown = raw.ok("doc.get", params, token=token)["doc"]
    assert (shown["title"], shown["license"], shown["safety"]) == ("Pier & sea", "9", "2")
    assert shown["dates"]["created"] == "2001-02-03 04:05:06"
    assert (shown["visibility"]["share"], shown["permissions"]["comment"]) == ("1", "3")
    assert {tag["tag"] for tag in shown["tags"]["tag"]} == {"sea", "old pier", "Jonas Weidmann"}
    assert shown["geo"] == {"lat": "43.600000", "lng": "7.500000"}
    assert target.doc_ids[-1] == state["doc_id"]


@pytest.mark.parametrize(
    ("direction", "size", "red"),
    [("1", (90, 60), "top"), ("3", (90, 60), "bottom"), ("6", (60, 90), "right")],
)
def test_the_direction_overrides_that_of_the_file(
    raw: RawClient, token: str, direction: str, size: tuple[int, int], red: str
) -> None:
    doc_id = sent(raw, token, ("a.jpg", jpeg(orientation=8)), dir=direction)["doc_id"]
    shown = raw.ok("doc.get", {"doc_id": doc_id}, token=token)["doc"]
    thumb = shown["thumbs"]["thumb"][0]
    assert (shown["original"]["w"], shown["original"]["h"]) == tuple(map(str, size))
    with Image.open(io.BytesIO(raw.send("GET", thumb["url"]).body)) as image:
        width, height = image.size
        place = {
            "top": (width // 2, 2),
            "bottom": (width // 2, height - 3),
            "right": (width - 3, height // 2),
        }[red]
        pixel = image.convert("RGB").getpixel(place)
    assert isinstance(pixel, tuple)
    assert pixel[0] > 180
    assert pixel[2] < 80


def test_a_ticket_takes_its_time(sandbox: Sandbox, raw: RawClient, token: str) -> None:
    sandbox.state.processing = 90
    before = len(sandbox.state.docs)
    number = raw.upload(("a.jpg", jpeg()), token=token)["ticket"]
    tickets = raw.ok("upload.checkTickets", {"tickets": number}, token=token)["tickets"]
    assert (tickets["done"], tickets["left"], tickets["count"]) == ("0", "1", "1")
    assert tickets["eta"] == tickets["ticket"][0]["eta"] == "90"
    assert "doc_id" not in tickets["ticket"][0]
    assert len(sandbox.state.docs) == before
    sandbox.state.tickets[number].ready_at = time.monotonic()
    tickets = raw.ok("upload.checkTickets", {"tickets": number}, token=token)["tickets"]
    assert (tickets["done"], tickets["left"], tickets["eta"]) == ("1", "0", "0")
    assert tickets["ticket"][0]["doc_id"] in sandbox.state.docs
    assert tickets["ticket"][0]["doc_id"] != number


def test_who_waits_gets_the_ticket_when_it_is_done(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    sandbox.state.processing = 0.2
    began = time.monotonic()
    number = raw.upload(("a.jpg", jpeg()), {"async": "0"}, token=token)["ticket"]
    assert time.monotonic() - began >= 0.2
    tickets = raw.ok("upload.checkTickets", {"tickets": number}, token=token)["tickets"]
    assert tickets["done"] == "1"


def test_waiting_holds_up_nobody_and_ends_when_the_sandbox_stops(
    raw: RawClient, token: str
) -> None:
    sandbox = raw.sandbox
    sandbox.state.processing = 60

    def upload() -> None:
        # whether an answer still gets through when the sandbox stops is not promised
        with suppress(urllib3.exceptions.HTTPError):
            raw.upload(("a.jpg", jpeg()), {"async": "0"}, token=token)

    thread = threading.Thread(target=upload)
    thread.start()
    wait_for(lambda: bool(sandbox.state.tickets))
    began = time.monotonic()
    raw.ok("test.hello")
    sandbox.stop()
    thread.join(20)
    assert not thread.is_alive()
    assert time.monotonic() - began < 20


def test_a_photo_that_cannot_be_read_makes_the_ticket_invalid(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    before = len(sandbox.state.docs)
    state = sent(raw, token, ("a.jpg", b"no picture at all"))
    assert (state["invalid"], state["done"], state["eta"]) == ("1", "0", "0")
    assert "doc_id" not in state
    assert len(sandbox.state.docs) == before


@pytest.mark.parametrize(
    ("name", "media", "labels"),
    [
        ("a.mp4", "video", ["mp4"]),
        ("a.MOV", "video", []),
        ("a.mp3", "audio", ["mp3"]),
        ("a.pdf", "other", []),
        ("../../etc/passwd", "other", []),
        ("a.html", "other", []),
        ('"><script>', "other", []),
        ("", "other", []),
    ],
)
def test_the_name_says_which_media_it_is_where_contents_do_not(
    raw: RawClient, token: str, name: str, media: str, labels: list[str]
) -> None:
    state = sent(raw, token, (name or " ", b"some bytes"))
    shown = raw.ok("doc.get", {"doc_id": state["doc_id"]}, token=token)["doc"]
    assert shown["media"] == media
    assert [file["label"] for file in shown.get("medias", {}).get("media", [])] == labels
    answer = raw.send("GET", shown["original"]["url"])
    assert answer.body == b"some bytes"
    kinds = {
        "a.mp4": "video/mp4",
        "a.MOV": "video/quicktime",
        "a.mp3": "audio/mpeg",
        "a.pdf": "application/pdf",
    }
    assert answer.headers["Content-Type"] == kinds.get(name, "application/octet-stream")
    assert "/" not in shown["original"]["filename"]


def test_the_same_file_twice_is_two_documents(sandbox: Sandbox, raw: RawClient, token: str) -> None:
    first, second = (sent(raw, token, ("a.jpg", jpeg()))["doc_id"] for _ in range(2))
    assert first != second
    md5 = hashlib.md5(jpeg()).hexdigest()
    found = raw.ok("doc.checkMD5", {"md5": md5}, token=token)["docs"]["doc"]
    assert found == [{"md5": md5, "doc_id": second, "found": "1"}]


def test_files_that_are_missing_or_empty_are_error_1(raw: RawClient, token: str) -> None:
    assert refused(raw, token, None) == "1"
    assert refused(raw, token, ("a.jpg", b"")) == "1"


def test_a_free_account_has_limits(sandbox: Sandbox, raw: RawClient) -> None:
    free = sandbox.sign_in(MEI, {"doc": "write"})
    large = jpeg() + bytes(5 * 1024 * 1024 // 2)
    assert refused(raw, free, ("a.jpg", large)) == "2"
    assert refused(raw, free, ("a.mp4", b"film")) == "3"
    sent(raw, free, ("a.jpg", large[: 5 * 1024 * 1024 // 2]))


def test_a_month_has_an_end(sandbox: Sandbox, raw: RawClient) -> None:
    free = sandbox.sign_in(MEI, {"doc": "write"})

    def quota() -> dict[str, Any]:
        upload = raw.ok("account.getQuota", token=free)["quota"]["upload"]
        assert isinstance(upload, dict)
        return upload

    assert quota()["used"]["bytes"] == "0"
    content = jpeg()
    state = sent(raw, free, ("a.jpg", content))
    assert quota()["used"]["bytes"] == str(len(content))
    ticket = sandbox.state.tickets[state["id"]]
    ticket.size = 200 * 1024 * 1024 - len(content)
    sent(raw, free, ("a.jpg", content))
    assert (quota()["left"]["bytes"], quota()["used"]["percent"]) == ("0", "100")
    assert refused(raw, free, ("a.jpg", content)) == "3"
    ticket.made_at -= 32 * 86_400
    sent(raw, free, ("a.jpg", content))


@pytest.mark.parametrize(
    "bad",
    [
        {"license": "2"},
        {"created_at": "yesterday"},
        {"created_at": "2001-02-30 00:00:00"},
        {"is_public": "1"},
        {"lat": "99", "lng": "0"},
        {"dir": "5"},
        {"safety": "0"},
    ],
)
def test_parameters_out_of_bounds_are_error_3_and_leave_no_file(
    sandbox: Sandbox, raw: RawClient, token: str, bad: dict[str, str]
) -> None:
    folder = folder_of(sandbox, raw, token)
    before = set(folder.iterdir())
    assert refused(raw, token, ("a.jpg", jpeg()), **bad) == "3"
    assert set(folder.iterdir()) == before


def folder_of(sandbox: Sandbox, raw: RawClient, token: str) -> Path:
    """Return the folder in which uploads are kept."""
    doc_id = sent(raw, token, ("a.jpg", jpeg()))["doc_id"]
    file = sandbox.state.docs[doc_id].source.file
    assert isinstance(file, Path)
    return file.parent


def test_files_are_gone_when_the_sandbox_stops_or_nobody_keeps_them(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    folder = folder_of(sandbox, raw, token)
    assert refused(raw, "1-a", ("a.jpg", jpeg())) == "107"
    assert raw.upload(("a.jpg", jpeg()), {"echo": "x"}, token=token, method="test.echo")["echo"]
    assert len(list(folder.iterdir())) == 1
    sandbox.stop()
    assert not folder.exists()


def test_an_upload_that_breaks_off_leaves_no_file(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    folder = folder_of(sandbox, raw, token)
    address = urlsplit(sandbox.api_url)
    head = (
        "POST /api/upload.file HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n"
        "Content-Type: multipart/form-data; boundary=edge\r\n\r\n"
        '--edge\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n'
        f"{sandbox.app_key}\r\n"
        '--edge\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    )
    with socket.create_connection((address.hostname or "", address.port or 0), 10) as connection:
        connection.sendall(head.encode() + bytes(1_000_000))
        wait_for(lambda: len(list(folder.iterdir())) == 2)
    wait_for(lambda: len(list(folder.iterdir())) == 1)


def wait_for(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_replacing_makes_a_new_document(sandbox: Sandbox, raw: RawClient, token: str) -> None:
    old = doc(sandbox, share=PUBLIC)
    answer = raw.upload(
        ("b.jpg", jpeg()), {"doc_id": old.doc_id}, token=token, method="upload.replace"
    )
    number = answer["ticket"]
    assert not number.isdigit()
    found = raw.ok("upload.checkTickets", {"tickets": number}, token=token)["tickets"]["ticket"][0]
    assert found["doc_id"] != old.doc_id
    assert old.doc_id in sandbox.state.docs


def test_what_replacing_refuses(sandbox: Sandbox, raw: RawClient, token: str) -> None:
    own, foreign = doc(sandbox).doc_id, doc(sandbox, JONAS, share=PUBLIC).doc_id
    free = sandbox.sign_in(JONAS, {"doc": "write"})

    def code(token: str, file: tuple[str, bytes] | None, doc_id: str) -> str:
        return refused(raw, token, file, "upload.replace", doc_id=doc_id)

    assert code(free, ("a.jpg", jpeg()), foreign) == "6"
    assert code(token, ("a.jpg", jpeg()), foreign) == "4"
    assert code(token, ("a.jpg", jpeg()), "") == "4"
    assert code(token, ("a.mp3", b"x"), own) == "5"
    assert code(token, None, own) == "1"


def test_tickets_are_known_to_their_owner_and_at_most_50_at_once(
    sandbox: Sandbox, raw: RawClient, token: str
) -> None:
    numbers = [raw.upload(("a.jpg", jpeg()), token=token)["ticket"] for _ in range(2)]
    both = {"tickets": ",".join(numbers)}
    found = raw.ok("upload.checkTickets", both, token=token)["tickets"]
    assert [entry["id"] for entry in found["ticket"]] == numbers
    jonas = sandbox.sign_in(JONAS, {"doc": "write"})
    assert raw.code("upload.checkTickets", both, token=jonas) == "1"
    for wrong in ("", "1", f"{numbers[0]},1", ",".join([numbers[0]] * 51)):
        assert raw.code("upload.checkTickets", {"tickets": wrong}, token=token) == "1"
    fifty = {"tickets": ",".join([numbers[0]] * 50)}
    assert raw.ok("upload.checkTickets", fifty, token=token)["tickets"]["done"] == "50"


def test_an_upload_needs_the_right_to_write_and_a_signature_without_the_file(
    sandbox: Sandbox, raw: RawClient
) -> None:
    reader = sandbox.sign_in(ADA, {"doc": "read"})
    assert refused(raw, reader, ("a.jpg", jpeg())) == "110"


@pytest.mark.parametrize("method", ["upload.file", "upload.replace"])
def test_who_waits_is_told_the_document(
    sandbox: Sandbox, raw: RawClient, token: str, method: str
) -> None:
    own = doc(sandbox, share=PUBLIC).doc_id
    more = {"doc_id": own} if method == "upload.replace" else {}
    for seconds, wait in ((0, "0"), (0.05, "0"), (0, "1"), (0, None)):
        sandbox.state.processing = seconds
        sent = {**more, **({"async": wait} if wait else {})}
        answer = raw.upload(("a.jpg", jpeg()), sent, token=token, method=method)
        assert ("doc_id" in answer) == (wait == "0")
        if wait == "0":
            assert answer["doc_id"] in sandbox.state.docs
    answer = raw.upload(("a.jpg", b"none"), {**more, "async": "0"}, token=token, method=method)
    assert "ticket" in answer
    assert "doc_id" not in answer
