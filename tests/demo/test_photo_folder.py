"""The gallery of a folder: nothing in it stops the rest."""

from __future__ import annotations

import io
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from flask_ipernity.demo import create_app
from flask_ipernity.sandbox import Sandbox
from tests.support.gallery import links
from tests.support.hard_pictures import HOPELESS
from tests.support.photo_folders import LEFT_OUT, folder_of_trouble, save
from tests.support.waiting import until


@contextmanager
def gallery(folder: Path) -> Iterator[tuple[FlaskClient, Sandbox]]:
    """Yield a browser of the gallery of a folder."""
    with Sandbox(photos=folder) as sandbox:
        app = create_app({**sandbox.config(), "DEMO_USER": sandbox.people[0].user_id})
        yield app.test_client(), sandbox


def visit(client: FlaskClient) -> set[str]:
    """Open all that the first pages lead to; return the titles of the photos."""
    owner = "10175"
    seen: set[str] = set()
    titles: set[str] = set()
    left = ["/", f"/people/{owner}/albums", "/search?q=one"]
    while left:
        path = left.pop()
        seen.add(path)
        with client.get(path) as answer:
            assert answer.status_code == 200, path
            if answer.mimetype != "text/html":
                continue
            page = answer.get_data(as_text=True)
        if path.startswith("/photos/"):
            titles.update(re.findall(r"<h1>([^<]*)</h1>", page))
        for start in ("/photos/", "/albums/", "/ipernity/doc/"):
            left += [one for one in links(page, start) if one not in seen and one not in left]
    return titles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one photo."""
    save(tmp_path / "fine.jpg")
    return tmp_path


def test_nothing_in_a_folder_stops_the_rest_and_one_line_tells_what_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folders = folder_of_trouble(tmp_path)
    with caplog.at_level(logging.WARNING), gallery(tmp_path) as (client, sandbox):
        titles = visit(client)
        files = [doc.source.file for doc in sandbox.state.docs.values()]
    assert "fine" in titles
    for trouble, folder in folders.items():
        number = sum(isinstance(file, Path) and folder in file.parents for file in files)
        shown = 0 if trouble in LEFT_OUT else 2 if trouble == "jpe and jfif" else 1
        assert number == 1 + shown, trouble
    (line,) = caplog.messages
    assert re.match(r"Left out: 1\d files \(\.jpg \d+, .*\), \d folders?$", line), line
    assert ".mp3 1" in line


def test_the_names_of_what_is_left_out_are_told_on_request(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "notes.txt").write_text("no picture")
    (folder / os.fsdecode(b"\xc9t\xe9\n.txt")).write_text("no picture")
    with caplog.at_level(logging.INFO, "flask_ipernity.sandbox"), gallery(folder):
        pass
    told = [message for message in caplog.messages if message.startswith("Left out: /")]
    assert [message.count("\n") for message in told] == [0, 0]
    assert any("notes.txt: it is no picture" in message for message in told)
    assert caplog.messages[-1] == "Left out: 2 files (.txt 2)"


@pytest.mark.parametrize("what", ["a file", "a folder"])
def test_what_may_not_be_read_is_left_out(
    folder: Path, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    # Imports what is imported late: another user may not be allowed to read it.
    with gallery(folder):
        pass
    # Not tmp_path, which others than its owner may not enter.
    root = Path(tempfile.mkdtemp(dir="/tmp"))
    save(root / "fine.jpg")
    closed = save(root / "closed" / "one.jpg") if what == "a folder" else save(root / "one.jpg")
    root.chmod(0o755)
    closed = closed.parent if what == "a folder" else closed
    closed.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        with gallery(root) as (_, sandbox):
            assert [doc.title for doc in sandbox.state.docs.values()] == ["fine"]
    finally:
        os.seteuid(user)
        closed.chmod(0o700)
        shutil.rmtree(root)
    assert caplog.messages == [f"Left out: 1 {what[2:]}{' (.jpg 1)' * (what == 'a file')}"]


def fetch(client: FlaskClient, path: str) -> TestResponse:
    """Return the answer to a request, all of it read."""
    answer = client.get(path)
    answer.get_data()
    answer.close()
    return answer


def only_photo(client: FlaskClient) -> str:
    """Return the address of the files of the only photo, without a label."""
    (page,) = links(client.get("/").text, "/photos/")
    return f"/ipernity/doc/{page.rpartition('/')[2]}"


def pixels(data: bytes) -> tuple[tuple[int, int], tuple[int, ...]]:
    """Return the size and the colour of a picture of one colour."""
    with Image.open(io.BytesIO(data)) as image:
        colour = image.convert("RGB").getpixel((5, 5))
        assert isinstance(colour, tuple)
        return image.size, tuple(round(value / 60) for value in colour)


def test_a_file_that_was_replaced_is_shown_as_it_is_now(folder: Path) -> None:
    save(folder / "fine.jpg", (600, 400))
    with gallery(folder) as (client, _):
        path = only_photo(client)
        before = {label: fetch(client, f"{path}/{label}") for label in ("75x", "original")}
        save(folder / "fine.jpg", (300, 500), "red")
        whole = fetch(client, f"{path}/original")
        page = client.get("/").text
        after = {label: fetch(client, f"{path}/{label}") for label in ("240", "75x", "original")}
    assert whole.data == after["original"].data == (folder / "fine.jpg").read_bytes()
    assert pixels(after["240"].data) == ((144, 240), (4, 0, 0))
    assert pixels(after["75x"].data) == ((75, 75), (4, 0, 0))
    for label in before:
        assert after[label].headers["ETag"] != before[label].headers["ETag"]
        assert after[label].headers["Content-Length"] == str(len(after[label].data))
    assert 'width="240"' not in page
    assert 'height="500"' in page


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _grown(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0" * 5000)


@pytest.mark.parametrize("change", [_cut, _grown])
def test_a_file_that_grows_or_is_cut_goes_on_to_be_shown(
    folder: Path, change: Callable[[Path], None]
) -> None:
    noise = Image.effect_noise((90, 90), 90).convert("RGB")
    noise.save(folder / "fine.jpg")
    with gallery(folder) as (client, _):
        path = only_photo(client)
        assert fetch(client, f"{path}/original").status_code == 200
        change(folder / "fine.jpg")
        whole = fetch(client, f"{path}/original")
        assert whole.data == (folder / "fine.jpg").read_bytes()
        drawn = fetch(client, f"{path}/75x")
        assert (drawn.status_code, pixels(drawn.data)[0]) == (200, (75, 75))


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _text(path: Path) -> None:
    path.write_text("no picture any more")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _looped(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize("change", [Path.unlink, _pipe, _text, _folder, _looped])
def test_what_is_no_picture_any_more_is_not_found_and_the_rest_stays(
    folder: Path, change: Callable[[Path], None]
) -> None:
    save(folder / "Album" / "other.jpg")
    with gallery(folder) as (client, sandbox):
        gone = next(doc for doc in sandbox.state.docs.values() if doc.title == "fine")
        change(folder / "fine.jpg")
        for label in ("75x", "original"):
            assert client.get(f"/ipernity/doc/{gone.doc_id}/{label}").status_code == 404
        assert visit(client) == {"other"}


def test_new_and_deleted_files_are_seen_while_it_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_ipernity.sandbox.fixtures.photo_folder._PAUSE", 0.02)
    with gallery(folder) as (client, sandbox):

        def shown() -> set[str]:
            with sandbox.state.lock:
                return {doc.title for doc in sandbox.state.docs.values()}

        save(folder / "2024" / "Spring" / "new.jpg")
        save(folder / "2024" / "one.jpg")
        until(lambda: shown() == {"fine", "new", "one"})
        titles = {album.title for album in sandbox.state.albums.values()}
        assert titles == {"2024", "2024 / Spring"}
        (folder / "2024" / "Spring" / "new.jpg").unlink()
        until(lambda: shown() == {"fine", "one"})
        assert visit(client) == {"fine", "one"}
        assert {album.title for album in sandbox.state.albums.values()} == {"2024"}


def films(folder: Path) -> None:
    """Make a film and a sound that the service's players do not know, and a photo that is lost."""
    (folder / "film.mov").write_bytes(b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(2000))
    (folder / "birds.wav").write_bytes(b"RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0" + bytes(2100))
    (folder / "lost.png").write_bytes(HOPELESS["PNG"].make())


def page_of(client: FlaskClient, sandbox: Sandbox, title: str) -> str:
    doc = next(doc for doc in sandbox.state.docs.values() if doc.title == title)
    return client.get(f"/photos/{doc.doc_id}").text


@pytest.mark.parametrize(
    ("title", "words", "size"),
    [
        ("film", "This film cannot be played here.", "2.0 kB"),
        ("birds", "This sound cannot be played here.", "2.1 kB"),
    ],
)
def test_what_cannot_be_played_says_so_and_offers_the_original(
    folder: Path, title: str, words: str, size: str
) -> None:
    films(folder)
    with gallery(folder) as (client, sandbox):
        page = page_of(client, sandbox, title)
        for word in ("<video", "<audio", "0 × 0"):
            assert word not in page
        assert words in page
        (address,) = links(page, "/ipernity/doc/")[:1]
        assert address.endswith("/original")
        assert fetch(client, address).status_code == 200
        assert f"Get the original ({size})" in page


def test_each_kind_without_a_picture_has_a_placeholder_of_its_own(folder: Path) -> None:
    films(folder)
    with gallery(folder) as (client, sandbox):
        next(doc for doc in sandbox.state.docs.values() if doc.title == "lost").picture = None
        page = client.get("/").text
    places = re.findall(r'<span class="no-picture">.*?</span>', page, re.DOTALL)
    assert len(places) == len(set(places)) == 3


def test_a_small_picture_is_shown_in_its_own_size(tmp_path: Path) -> None:
    save(tmp_path / "tiny.png", (16, 12))
    save(tmp_path / "large.jpg", (900, 600))
    with gallery(tmp_path) as (client, _):
        pictures = re.findall(r"<li class=\"tile\".*?(<img[^>]*>)", client.get("/").text, re.DOTALL)
    tiny = next(one for one in pictures if 'alt="tiny"' in one)
    large = next(one for one in pictures if 'alt="large"' in one)
    assert 'class="small"' in tiny
    assert "srcset" not in tiny
    assert "srcset" in large
    assert "small" not in large


@pytest.mark.parametrize("local", [False, True])
def test_files_of_one_s_own_disk_are_not_on_ipernity(folder: Path, local: bool) -> None:
    with Sandbox(photos=folder) as sandbox:
        config = {"DEMO_USER": sandbox.people[0].user_id, "DEMO_LOCAL": local}
        client = create_app({**sandbox.config(), **config}).test_client()
        page = page_of(client, sandbox, "fine")
    assert ("View on Ipernity" in page) is not local
