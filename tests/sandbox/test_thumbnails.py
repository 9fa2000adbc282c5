"""Sizes, secrets and files of documents on the media host."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PUBLIC
from flask_ipernity.sandbox.drawing import draw
from flask_ipernity.sandbox.thumbnail_cache import ThumbnailCache
from flask_ipernity.sandbox.thumbnails import OriginalFile, labels_for, size_of
from tests.support.lookup import ADA, doc
from tests.support.raw_http import RawClient

URL = re.compile(r"/\d+/(\d\d)/(\d\d)/(\d{8})\.([0-9a-f]{8})\.(\d+x?)\.jpg")


def picture(image: Image.Image, form: str = "JPEG", orientation: int = 1) -> OriginalFile:
    """Return an image in memory."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    image.save(out, form, exif=exif)
    data = out.getvalue()
    width, height = image.size if orientation < 5 else image.size[::-1]
    return OriginalFile(data, "jpg", "memory.jpg", width, height, len(data), 0.0, orientation)


@pytest.mark.slow
def test_every_size_is_as_large_as_the_answer_says(sandbox: Sandbox, raw: RawClient) -> None:
    token = sandbox.sign_in(ADA)
    # One of each form: pictures of the same width, height and largest size are cut in the same way.
    forms = {
        (shown.picture.width, shown.picture.height, shown.largest): shown
        for shown in sandbox.state.docs.values()
        if shown.owner_id == sandbox.people[ADA].user_id and shown.picture is not None
    }
    for shown in forms.values():
        medias = raw.ok("doc.getMedias", {"doc_id": shown.doc_id}, token=token)
        for thumb in medias["thumbs"]["thumb"]:
            answer = raw.send("GET", thumb["url"])
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "image/jpeg"
            image = Image.open(io.BytesIO(answer.body))
            assert (str(image.width), str(image.height)) == (thumb["w"], thumb["h"])
            number = int(thumb["label"].rstrip("x"))
            assert max(image.size) == number
            if thumb["label"].endswith("x"):
                assert min(image.size) == number


def test_the_other_side_is_rounded_up() -> None:
    # A size of the live service: 2048x1366 has 640x427 and 240x161.
    assert size_of("1024", 2048, 1366) == (1024, 683)
    assert size_of("640", 2048, 1366) == (640, 427)
    assert size_of("240", 2048, 1366) == (240, 161)
    assert size_of("240", 1366, 2048) == (161, 240)
    assert size_of("500", 1000, 500) == (500, 250)
    assert size_of("75x", 2048, 1366) == (75, 75)


def test_no_size_is_larger_than_the_picture_or_than_its_owner_offers() -> None:
    assert labels_for(1600, 1067)[-1] == "1600"
    assert labels_for(1599, 1067)[-1] == "1024"
    assert labels_for(4000, 3000)[-1] == "2048"
    assert labels_for(4000, 3000, largest=800)[-1] == "800"
    assert "250x" not in labels_for(600, 200)
    assert labels_for(20, 10) == ("75x",)
    assert size_of("75x", 20, 10) == (10, 10)


def test_sizes_up_to_800_share_a_secret_and_larger_ones_have_their_own(
    sandbox: Sandbox, raw: RawClient
) -> None:
    shown = doc(sandbox, share=PUBLIC, largest=2048, allow_original=True)
    medias = raw.ok("doc.getMedias", {"doc_id": shown.doc_id})
    secrets: dict[str, str] = {}
    for thumb in medias["thumbs"]["thumb"]:
        found = URL.search(thumb["url"])
        assert found is not None
        assert found[1] + found[2] == shown.doc_id[-4:]
        assert (found[3], found[4], found[5]) == (shown.doc_id, thumb["secret"], thumb["label"])
        secrets[thumb["label"]] = thumb["secret"]
    small = {secrets.pop(label) for label in ("75x", "100", "240", "250x", "500", "560", "640")}
    assert small == {secrets.pop("800")}
    original = medias["original"]["url"].rsplit(".", 2)[1]
    assert set(secrets) == {"1024", "1600"}
    assert len({*small, *secrets.values(), original}) == 4


@pytest.mark.parametrize("change", ["secret", "label", "folder", "ending"])
def test_a_file_is_found_under_its_exact_path_only(
    sandbox: Sandbox, raw: RawClient, change: str
) -> None:
    shown = doc(sandbox, share=PUBLIC)
    path = shown.path("500")
    assert raw.send("GET", sandbox.media_url + path).status == 200
    wrong = {
        "secret": path.replace(shown.secret("500"), shown.secret("1024")),
        "label": path.replace(".500.", ".1024."),
        "folder": path.replace(shown.folder, "/1/00/00/"),
        "ending": path.replace(".jpg", ".png"),
    }[change]
    assert wrong != path
    assert raw.send("GET", sandbox.media_url + wrong).status == 404


def test_originals_and_clips_come_byte_by_byte(sandbox: Sandbox, raw: RawClient) -> None:
    for media, content_type in (
        ("photo", "image/jpeg"),
        ("video", "video/mp4"),
        ("audio", "audio/mpeg"),
    ):
        shown = doc(sandbox, media=media, share=PUBLIC)
        medias = raw.ok("doc.getMedias", {"doc_id": shown.doc_id})
        files = [medias["original"], *medias.get("medias", {}).get("media", [])]
        assert len(files) == (1 if media == "photo" else 2)
        assert isinstance(shown.source.file, Path)
        for file in files:
            answer = raw.send("GET", file["url"])
            assert answer.headers["Content-Type"] == content_type
            assert answer.body == shown.source.file.read_bytes()
        assert medias["original"]["bytes"] == str(len(answer.body))


def test_a_video_tells_its_size_and_length_and_has_a_player(
    sandbox: Sandbox, raw: RawClient
) -> None:
    video = doc(sandbox, media="video")
    medias = raw.ok("doc.getMedias", {"doc_id": video.doc_id})
    (media,) = medias["medias"]["media"]
    assert int(media["width"]) > int(media["height"]) > 0
    assert media["length"] == medias["original"]["length"] == str(video.length)
    assert medias["players"]["player"][0]["type"] == "video"


def test_every_icon_is_there(sandbox: Sandbox, raw: RawClient) -> None:
    for media in ("photo", "video", "audio"):
        shown = doc(sandbox, media=media, share=PUBLIC)
        icon = raw.ok("doc.get", {"doc_id": shown.doc_id})["doc"]["icon"]
        answer = raw.send("GET", icon)
        assert Image.open(io.BytesIO(answer.body)).size == (75, 75)
    assert raw.send("GET", f"{sandbox.media_url}/icons/99.75x.png").status == 404


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_turned_photo_is_drawn_upright(orientation: int) -> None:
    upright = Image.new("RGB", (400, 200), "blue")
    upright.paste("red", (0, 0, 200, 200))
    turns = {1: 0, 3: 180, 6: 90, 8: 270}
    stored = upright.rotate(turns[orientation], expand=True)
    drawn = Image.open(io.BytesIO(draw(picture(stored, orientation=orientation), "240")))
    assert drawn.size == (240, 120)
    left, right = drawn.getpixel((20, 60)), drawn.getpixel((220, 60))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200 > 60 > left[2]
    assert right[2] > 200 > 60 > right[0]
    assert drawn.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_see_through_picture_is_drawn_on_white(mode: str) -> None:
    drawn = Image.open(io.BytesIO(draw(picture(Image.new(mode, (300, 200)), "PNG"), "100")))
    assert drawn.convert("RGB").getpixel((50, 30)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "I;16", "1"])
def test_other_kinds_of_pixels_are_drawn_too(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    drawn = Image.open(io.BytesIO(draw(picture(Image.new(mode, (300, 200)), form), "100")))
    assert (drawn.format, drawn.mode, drawn.size) == ("JPEG", "RGB", (100, 67))


def test_drawn_sizes_are_kept_up_to_a_number_of_bytes() -> None:
    pictures = [picture(Image.new("RGB", (300, 200), name)) for name in ("red", "lime", "blue")]
    single = len(draw(pictures[0], "100"))
    cache = ThumbnailCache(limit=int(single * 2.5))
    first = cache.draw(pictures[0], "100")
    assert cache.draw(pictures[0], "100") is first
    for other in pictures[1:]:
        cache.draw(other, "100")
    again = cache.draw(pictures[0], "100")
    assert again == first
    assert again is not first
