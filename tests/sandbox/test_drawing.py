"""Sizes of pictures that are hard to draw: as a browser shows the originals."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import Doc
from tests.support import hard_pictures
from tests.support.hard_pictures import CUT, HOPELESS, LEFT, PICTURES, RIGHT, Looks
from tests.support.raw_files import RAW_FILES, nef, raf
from tests.support.raw_http import RawClient

EVERYTHING = (*PICTURES.values(), *CUT.values(), *HOPELESS.values())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all the hard pictures."""
    folder = tmp_path_factory.mktemp("hard")
    for hard in EVERYTHING:
        data = hard.make()
        assert len(data) <= 20_000, hard.filename
        assert not (folder / hard.filename).exists(), hard.filename
        (folder / hard.filename).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def raw(folder: Path) -> Iterator[RawClient]:
    """A raw HTTP client of a sandbox that serves the folder."""
    with Sandbox(photos=folder) as sandbox:
        raw = RawClient(sandbox)
        yield raw
        raw.pool.clear()


def document(sandbox: Sandbox, filename: str) -> Doc:
    docs = sandbox.state.docs.values()
    return next(doc for doc in docs if doc.source.filename == filename)


def drawn(raw: RawClient, filename: str, label: str | None = None) -> Image.Image:
    """Return the largest size of a picture that is no square."""
    doc = document(raw.sandbox, filename)
    label = label or [size for size in doc.sizes if not size.endswith("x")][-1]
    answer = raw.send("GET", raw.sandbox.media_url + doc.path(label))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(answer.body)) as image:
        image.load()
        return image


def colours(image: Image.Image) -> Looks:
    """Return the colours in the middle of both halves."""
    width, height = image.size
    left, right = (image.getpixel((width * place // 4, height // 2)) for place in (1, 3))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    return tuple(map(int, left)), tuple(map(int, right))  # type: ignore[return-value]


def distance(one: Looks, other: Looks) -> int:
    return max(
        abs(a - b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True)
    )


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_as_in_a_browser(raw: RawClient, name: str) -> None:
    filename, _, looks = PICTURES[name]
    image = drawn(raw, filename)
    assert (image.mode, image.size) == ("RGB", (100, 67))
    assert distance(colours(image), looks) <= 6, (colours(image), looks)


def test_the_fourth_bytes_of_a_bmp_may_mean_nothing(tmp_path: Path) -> None:
    clear = hard_pictures.halves("RGBA", (*LEFT, 0), (*RIGHT, 0)).crop((30, 0, 90, 60))
    (tmp_path / "zeros.bmp").write_bytes(hard_pictures.saved(clear, "BMP"))
    with Sandbox(photos=tmp_path) as sandbox:
        raw = RawClient(sandbox)
        assert distance(colours(drawn(raw, "zeros.bmp", "75x")), (LEFT, RIGHT)) <= 6
        raw.pool.clear()


@pytest.mark.parametrize("name", CUT)
def test_a_damaged_picture_is_drawn_as_far_as_it_goes(raw: RawClient, name: str) -> None:
    image = drawn(raw, CUT[name].filename, "75x")
    above = image.getpixel((image.width // 2, image.height // 4))
    assert isinstance(above, tuple)
    if name.startswith("panorama"):
        assert image.size == (75, 75)
    else:
        assert above[0] > 150 > above[2]


@pytest.mark.parametrize("name", HOPELESS)
def test_what_cannot_be_drawn_is_a_placeholder(raw: RawClient, name: str) -> None:
    image = drawn(raw, HOPELESS[name].filename, "75x")
    for corner in ((0, 0), (image.width - 1, image.height - 1)):
        assert image.getpixel(corner) in {(217, 219, 223), (218, 219, 223)}
    assert len(image.getcolors(1 << 20) or []) > 1


def test_heic_is_drawn_where_the_extra_is_installed(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra heic is not installed")
    image = hard_pictures.halves().resize((240, 160))
    file = pillow_heif.from_pillow(image)
    for name, turn in (("plain.heic", 1), ("turned.heif", 6)):
        exif = hard_pictures.orientation(turn).tobytes()
        file.save(tmp_path / name, quality=95, chroma=444, exif=exif)
        assert (tmp_path / name).stat().st_size <= 20_000
    with Sandbox(photos=tmp_path) as sandbox:
        raw = RawClient(sandbox)
        assert distance(colours(drawn(raw, "plain.heic")), (LEFT, RIGHT)) <= 6
        turned = drawn(raw, "turned.heif")
        assert turned.size == (160, 240)
        upright = turned.transpose(Image.Transpose.ROTATE_90)
        assert distance(colours(upright), (LEFT, RIGHT)) <= 6
        raw.pool.clear()


@pytest.mark.parametrize("value", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_all_orientations_are_upright(tmp_path: Path, form: str, value: int) -> None:
    upright = hard_pictures.halves().resize((120, 81))
    upright.paste("black", (0, 0, 120, 10))
    back: dict[int, list[Image.Transpose]] = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored: Image.Image = upright
    for step in back[value]:
        stored = stored.transpose(step)
    if form == "JPEG":
        data = hard_pictures.jpeg(stored, exif=hard_pictures.orientation(value))
    else:
        data = hard_pictures.saved(stored, form, tiffinfo={0x0112: value})
    (tmp_path / "turned").write_bytes(data)
    with Sandbox(photos=tmp_path) as sandbox:
        raw = RawClient(sandbox)
        image = drawn(raw, "turned")
        raw.pool.clear()
    assert image.size == (100, 68)
    assert distance(colours(image), (LEFT, RIGHT)) <= 6
    above = image.getpixel((50, 2))
    assert isinstance(above, tuple)
    assert max(above) < 40


def test_the_start_reads_no_pixels(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: ImageFile.ImageFile) -> None:
        raise AssertionError(f"{self.format} is decoded")

    for kind in (ImageFile.ImageFile, *ImageFile.ImageFile.__subclasses__()):
        if "load" in kind.__dict__:
            monkeypatch.setattr(kind, "load", load)
    with Sandbox(photos=folder) as sandbox:
        shown = {doc.source.filename for doc in sandbox.state.docs.values()}
    assert shown == {hard.filename for hard in EVERYTHING}


def _ask(raw: RawClient, address: str, bodies: list[bytes]) -> None:
    bodies.append(raw.send("GET", address).body)


@pytest.mark.parametrize("number", [1, 6])
def test_each_size_is_drawn_once_and_kept_for_the_next_start(
    folder: Path, tmp_path: Path, number: int
) -> None:
    for start in (1, 2):
        with Sandbox(photos=folder, thumbnails=tmp_path / "kept") as sandbox:
            doc = document(sandbox, "alpha.webp")
            address = sandbox.media_url + doc.path("100")
            raw = RawClient(sandbox)
            bodies: list[bytes] = []
            ask = partial(_ask, raw, address, bodies)
            threads = [threading.Thread(target=ask) for _ in range(number)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(set(bodies)) == 1
            assert sandbox.state.thumbnails.drawn == (1 if start == 1 else 0)
            raw.pool.clear()


@pytest.fixture(scope="module")
def cameras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    """A raw HTTP client of a sandbox that serves raw files of cameras."""
    folder = tmp_path_factory.mktemp("cameras")
    for name, (make, _) in RAW_FILES.items():
        (folder / name).write_bytes(make())
        assert (folder / name).stat().st_size <= 20_000
    # without a preview, or with one that is lost
    (folder / "none.nef").write_bytes(nef()[:900])
    (folder / "lost.raf").write_bytes(raf()[:300])
    with Sandbox(photos=folder) as sandbox:
        raw = RawClient(sandbox)
        yield raw
        raw.pool.clear()


@pytest.mark.parametrize("name", RAW_FILES)
def test_the_preview_of_a_raw_file_is_drawn(cameras: RawClient, name: str) -> None:
    make, turned = RAW_FILES[name]
    image = drawn(cameras, name)
    assert image.size == (240, 160)
    assert distance(colours(image), (RIGHT, LEFT) if turned else (LEFT, RIGHT)) <= 6
    doc = document(cameras.sandbox, name)
    original = cameras.send("GET", cameras.sandbox.media_url + doc.path("original"))
    assert original.body == make()
    assert original.headers["Content-Type"].startswith("image/x-")
    assert doc.exif.get("Make") == (None if name in ("four.raf", "five.cr3") else "Kestrel")
    assert "ImageSize" not in doc.exif


def test_a_raw_file_without_a_preview_is_left_out(cameras: RawClient) -> None:
    shown = {doc.source.filename for doc in cameras.sandbox.state.docs.values()}
    assert shown == set(RAW_FILES)
