"""A folder of photos as an account."""

from __future__ import annotations

import io
import logging
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.fixtures.photo_folder import PhotoFolder
from flask_ipernity.sandbox.media_files import find_file
from flask_ipernity.sandbox.metadata import PhotoMetadata, read_photo
from tests.support.raw_http import RawClient


def save(path: Path, size: tuple[int, int] = (300, 200), exif: Image.Exif | None = None) -> Path:
    """Write a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    form = "PNG" if path.suffix.lower() == ".png" else "JPEG"
    Image.new("RGB", size, "teal").save(path, form, exif=exif or Image.Exif())
    return path


def full_exif() -> Image.Exif:
    """Return what a camera writes for an upright photo."""
    exif = Image.Exif()
    exif[0x010E] = "Tea in Aït Benhaddou".encode()
    exif[0x010F], exif[0x0110] = "Kestrel", "K7 "
    exif[0x0112] = 6
    shot = exif.get_ifd(0x8769)
    shot[0x829A], shot[0x829D] = IFDRational(10, 2500), IFDRational(56, 10)
    shot[0x8827], shot[0x920A] = 200, IFDRational(35)
    shot[0x9003], shot[0x9209] = "2024:05:17 08:30:00", 16
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (31.0, 2.0, 49.2)
    place[3], place[4] = "W", (7.0, 7.0, 48.0)
    return exif


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with photos, subfolders, and files that must be left out."""
    root = tmp_path / "pictures"
    save(root / "Harbour_at_dawn.JPG", (900, 600))
    save(root / "no-exif.png", (120, 90))
    save(root / "Morocco" / "tea.jpeg", (400, 300), full_exif())
    save(root / "Morocco" / "Night" / "stars.jpg")
    save(root / ".hidden.jpg")
    save(root / ".cache" / "thumb.jpg")
    (root / "notes.txt").write_text("no picture")
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not really")
    (root / "empty.png").touch()
    outside = save(tmp_path / "outside.jpg")
    (root / "link.jpg").symlink_to(outside)
    (root / "dangling.jpg").symlink_to(root / "nothing.jpg")
    (root / "circle").symlink_to(root, target_is_directory=True)
    os.utime(root / "no-exif.png", (1_700_000_000, 1_700_000_000))
    return root


@pytest.fixture
def raw(folder: Path) -> Iterator[RawClient]:
    """Yield a raw HTTP client of a sandbox that serves the folder."""
    with Sandbox(photos=folder) as sandbox:
        raw = RawClient(sandbox)
        yield raw
        raw.pool.clear()


def docs(raw: RawClient, **params: str) -> dict[str, dict[str, object]]:
    """Return the first person's documents by title."""
    user_id = raw.sandbox.people[0].user_id
    answer = raw.ok("doc.getList", {"user_id": user_id, **params})
    return {entry["title"]: entry for entry in answer["docs"]["doc"]}


def test_photos_are_the_first_persons_public_documents(raw: RawClient) -> None:
    found = docs(raw)
    assert set(found) == {"Harbour at dawn", "no-exif", "Tea in Aït Benhaddou", "stars"}
    owners = {doc.owner_id for doc in raw.sandbox.state.docs.values()}
    assert owners == {raw.sandbox.people[0].user_id}
    assert len(raw.sandbox.people) == 3


def test_sub_folders_are_albums(raw: RawClient) -> None:
    user = {"user_id": raw.sandbox.people[0].user_id}
    albums = raw.ok("album.getList", user)["albums"]["album"]
    assert {entry["title"]: entry["count"]["docs"] for entry in albums} == {
        "Morocco": "1",
        "Morocco / Night": "1",
    }
    assert all("cover" in entry for entry in albums)


def test_one_line_in_the_log_tells_what_is_left_out(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "flask_ipernity.sandbox"):
        PhotoFolder(folder)
    assert caplog.messages == ["Left out: 5 files (.jpg 3, .png 1, .txt 1), 1 folder"]


def test_exif_is_read_with_exiftools_names(raw: RawClient) -> None:
    doc_id = str(docs(raw)["Tea in Aït Benhaddou"]["doc_id"])
    assert raw.ok("doc.getExif", {"doc_id": doc_id})["exif"] == {
        "Make": "Kestrel",
        "CameraModelName": "K7",
        "ExposureTime": "1/250",
        "FNumber": "5.6",
        "ISO": "200",
        "FocalLength": "35.0 mm",
        "DateTimeOriginal": "2024:05:17 08:30:00",
        "ImageSize": "400x300",
        "Orientation": "Rotate 90 CW",
        "Flash": "Off, Did not fire",
        "GPSLatitude": "31 deg 2' 49.20\" N",
        "GPSLongitude": "7 deg 7' 48.00\" W",
    }
    shown = raw.ok("doc.get", {"doc_id": doc_id, "extra": "geo"})["doc"]
    assert (shown["geo"]["lat"], shown["geo"]["lng"]) == ("31.047000", "-7.130000")
    assert (shown["original"]["w"], shown["original"]["h"]) == ("300", "400")
    assert shown["dates"]["created"] == "2024-05-17 08:30:00"


def test_without_exif_a_photo_is_as_old_as_its_file(raw: RawClient) -> None:
    entry = docs(raw, extra="dates")["no-exif"]
    assert isinstance(entry["dates"], dict)
    assert entry["dates"]["created"] == "2023-11-14 22:13:20"
    assert entry["dates"]["posted_at"] == "1700000000"


@pytest.mark.parametrize(("title", "ext"), [("no-exif", "png"), ("Harbour at dawn", "jpg")])
def test_originals_keep_their_format_and_sizes_are_jpeg(
    raw: RawClient, folder: Path, title: str, ext: str
) -> None:
    doc_id = str(docs(raw)[title]["doc_id"])
    medias = raw.ok("doc.getMedias", {"doc_id": doc_id})
    original = raw.send("GET", medias["original"]["url"])
    assert medias["original"]["url"].endswith(f".{ext}")
    assert original.headers["Content-Type"] == f"image/{ext.replace('jpg', 'jpeg')}"
    assert original.body == (folder / medias["original"]["filename"]).read_bytes()
    for thumb in medias["thumbs"]["thumb"]:
        image = Image.open(io.BytesIO(raw.send("GET", thumb["url"]).body))
        assert image.format == "JPEG"
        assert (str(image.width), str(image.height)) == (thumb["w"], thumb["h"])


@pytest.mark.parametrize(
    ("tags", "title"),
    [
        ({0x9C9B: "Souk à l'aube\0".encode("utf-16-le"), 0x010E: "x"}, "Souk à l'aube"),
        ({0x010E: b"Place de la R\xe9publique"}, "Place de la République"),
        ({0x010E: "OLYMPUS DIGITAL CAMERA         "}, "P1 02"),
        ({0x010E: "  "}, "P1 02"),
        ({}, "P1 02"),
    ],
)
def test_a_title_comes_from_the_file_or_its_name(
    tmp_path: Path, tags: dict[int, object], title: str
) -> None:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[tag] = value
    save(tmp_path / "P1_02.jpg", exif=exif)
    assert [doc.title for doc in PhotoFolder(tmp_path).state.docs.values()] == [title]


def test_damaged_exif_does_not_keep_a_photo_out(tmp_path: Path) -> None:
    exif = full_exif()
    shot = exif.get_ifd(0x8769)
    shot[0x829A], shot[0x829D] = IFDRational(1, 0), IFDRational(0, 0)
    shot[0x9003] = "0000:00:00 00:00:00"
    exif.get_ifd(0x8825)[2] = (IFDRational(0, 0), 2.0, 3.0)
    del exif[0x010E]
    save(tmp_path / "odd.jpg", exif=exif)
    (doc,) = PhotoFolder(tmp_path).state.docs.values()
    assert doc.title == "odd"
    assert not {"ExposureTime", "FNumber", "GPSLatitude"} & set(doc.exif)
    assert doc.lat is None
    assert doc.created.startswith("20")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "is not a folder"),
        ("a file", "is not a folder"),
        ("a link to itself", "is not a folder"),
        ("empty", "holds no photos"),
        ("without photos", "holds no photos"),
    ],
)
def test_a_folder_without_photos_is_refused_in_words(tmp_path: Path, kind: str, words: str) -> None:
    path = tmp_path / "place"
    if kind == "a file":
        save(tmp_path / "a.jpg").rename(path)
    elif kind == "a link to itself":
        path.symlink_to(path)
    elif kind != "missing":
        path.mkdir()
    if kind == "without photos":
        (path / "notes.txt").touch()
    with pytest.raises(ValueError, match=words):
        Sandbox(photos=path)


def test_files_are_read_when_they_are_asked_for(folder: Path) -> None:
    state = PhotoFolder(folder).state
    doc = next(doc for doc in state.docs.values() if doc.title == "stars")
    assert isinstance(doc.source.file, Path)
    save(doc.source.file, (30, 20))
    file = find_file(state, doc.path("original"))
    assert file is not None
    with file.open() as content:
        assert content.read() == doc.source.file.read_bytes()
    assert (doc.source.width, doc.source.height) == (30, 20)


def test_a_photo_that_was_deleted_from_the_folder_is_404(folder: Path) -> None:
    with Sandbox(photos=folder) as sandbox:
        raw = RawClient(sandbox)
        doc = next(doc for doc in sandbox.state.docs.values() if doc.title == "stars")
        assert isinstance(doc.source.file, Path)
        doc.source.file.unlink()
        for label in ("original", "100"):
            assert raw.send("GET", sandbox.media_url + doc.path(label)).status == 404
        raw.pool.clear()


@pytest.mark.parametrize("what", ["the file", "its folder"])
def test_what_becomes_a_link_that_leads_out_of_the_folder_is_404(folder: Path, what: str) -> None:
    outside = save(folder.parent / "outside" / "stars.jpg", (50, 40))
    with Sandbox(photos=folder) as sandbox:
        raw = RawClient(sandbox)
        doc = next(doc for doc in sandbox.state.docs.values() if doc.title == "stars")
        assert isinstance(doc.source.file, Path)
        place = doc.source.file if what == "the file" else doc.source.file.parent
        place.rename(folder / ".before")
        place.symlink_to(outside if what == "the file" else outside.parent)
        assert doc.source.file.read_bytes() == outside.read_bytes()
        for label in ("original", "100"):
            assert raw.send("GET", sandbox.media_url + doc.path(label)).status == 404
        raw.pool.clear()


@pytest.mark.parametrize("error", [struct.error, RuntimeError, MemoryError, KeyError, EOFError])
def test_an_error_of_a_reader_leaves_out_one_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def read(path: Path) -> PhotoMetadata:
        if path.name == "stars.jpg":
            raise error("of a kind that was not thought of")
        return read_photo(path)

    monkeypatch.setattr("flask_ipernity.sandbox.fixtures.photo_folder.read_photo", read)
    titles = {doc.title for doc in PhotoFolder(folder).state.docs.values()}
    assert titles == {"Harbour at dawn", "no-exif", "Tea in Aït Benhaddou"}
