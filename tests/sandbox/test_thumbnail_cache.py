"""What drawing costs: once for each size, two at a time, and kept within bounds."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flask_ipernity.sandbox import drawing, thumbnail_cache
from flask_ipernity.sandbox.drawing import CannotDraw
from flask_ipernity.sandbox.image_files import open_image
from flask_ipernity.sandbox.metadata import read_photo
from flask_ipernity.sandbox.png_strips import can_be_read_in_strips, strips
from flask_ipernity.sandbox.thumbnail_cache import (
    DrawingSlots,
    DrawnFolder,
    ThumbnailCache,
    user_cache_folder,
)
from flask_ipernity.sandbox.thumbnails import OriginalFile
from tests.support import hard_pictures
from tests.support.waiting import until

JPEG = b"\xff\xd8 drawn \xff\xd9"


def original(name: str = "a") -> OriginalFile:
    return OriginalFile(name.encode(), "jpg", f"{name}.jpg", 300, 200, 1, 0.0)


class Drawing:
    """Stands for the drawing of pictures: each waits until it is told to go on."""

    def __init__(self, memory: int = 1) -> None:
        self.memory = memory
        self.go_on = threading.Event()
        self.most = self.now = self.count = 0
        self._lock = threading.Lock()

    @contextmanager
    def prepared(
        self, picture: OriginalFile, label: str
    ) -> Iterator[tuple[int, Callable[[], bytes]]]:
        yield self.memory, self._draw

    def _draw(self) -> bytes:
        with self._lock:
            self.now += 1
            self.count += 1
            self.most = max(self.most, self.now)
        self.go_on.wait(10)
        with self._lock:
            self.now -= 1
        return JPEG


@contextmanager
def threads(number: int, work: Callable[[int], object]) -> Iterator[None]:
    """Run work in threads, and wait for them at the end."""
    started = [threading.Thread(target=work, args=(one,)) for one in range(number)]
    for one in started:
        one.start()
    yield
    for one in started:
        one.join(10)
        assert not one.is_alive()


@pytest.mark.parametrize(
    ("memory", "at_once"), [(1, 2), (thumbnail_cache.DRAWING_BYTES // 2, 2), (1 << 40, 1)]
)
def test_two_are_drawn_at_once_or_one_that_takes_much_memory(
    monkeypatch: pytest.MonkeyPatch, memory: int, at_once: int
) -> None:
    drawing, cache = Drawing(memory), ThumbnailCache()
    monkeypatch.setattr(thumbnail_cache, "prepared", drawing.prepared)
    with threads(6, lambda number: cache.draw(original(str(number)), "100")):
        assert until(lambda: drawing.now == at_once)
        drawing.go_on.set()
    assert (drawing.most, drawing.count, cache.drawn) == (at_once, 6, 6)


def test_a_large_one_gets_its_turn_between_small_ones() -> None:
    slots, done = DrawingSlots(number=2, memory=10), threading.Event()
    order: list[str] = []

    def small(number: int) -> None:
        while not done.is_set():
            with slots.taken(1):
                time.sleep(0.001)

    def large(number: int) -> None:
        with slots.taken(10):
            order.append("large")
        done.set()

    with threads(3, small), threads(1, large):
        assert done.wait(10)
    assert order == ["large"]


def test_the_pixels_of_a_picture_are_gone_before_the_next_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.tif"
    Image.new("RGB", (2400, 2400)).save(path, compression="tiff_lzw")
    opened: list[Image.Image] = []
    gone: list[bool] = []

    def opening(file: Any) -> Any:
        opened.append(open_image(file))
        return opened[-1]

    def give_back() -> None:
        with pytest.raises(ValueError, match="closed"):
            opened[-1].tobytes()
        gone.append(True)

    monkeypatch.setattr(drawing, "open_image", opening)
    monkeypatch.setattr(thumbnail_cache, "_give_back", give_back)
    ThumbnailCache().draw(read_photo(path).picture, "240")
    assert gone == [True]


def test_a_size_is_drawn_once_for_all_who_ask_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawing, cache = Drawing(), ThumbnailCache()
    monkeypatch.setattr(thumbnail_cache, "prepared", drawing.prepared)
    found: list[bytes] = []
    with threads(6, lambda _: found.append(cache.draw(original(), "100"))):
        assert until(lambda: drawing.now == 1)
        drawing.go_on.set()
    assert found == [JPEG] * 6
    assert drawing.count == 1


def test_who_waits_for_a_file_that_is_gone_is_told_and_the_next_one_may_try(tmp_path: Path) -> None:
    cache = ThumbnailCache()
    file = tmp_path / "gone.jpg"
    picture = OriginalFile(file, "jpg", "gone.jpg", 120, 80, 1, 0.0)
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            cache.draw(picture, "100")
    file.write_bytes(hard_pictures.jpeg())
    assert cache.draw(picture, "100").startswith(b"\xff\xd8")


def test_what_is_kept_in_the_folder_is_whole_and_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "below" / "kept"
    folder = DrawnFolder(path, 1 << 20)
    assert folder.get("abcdef") is None
    folder.put("abcdef", JPEG)
    assert folder.get("abcdef") == JPEG
    (file,) = (one for one in path.rglob("*") if one.is_file())
    assert file.parent.stat().st_mode & 0o077 == 0
    for damaged in (b"", JPEG[:-1], JPEG[1:]):
        file.write_bytes(damaged)
        assert folder.get("abcdef") is None
    folder.put("abcdef", JPEG)
    assert folder.get("abcdef") == JPEG
    assert [one.name for one in path.rglob("*") if one.is_file()] == [file.name]


def test_the_folder_keeps_what_was_used_last_within_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnail_cache, "_SWEEP_BYTES", 1)
    folder = DrawnFolder(tmp_path, 3 * len(JPEG))
    left_over = tmp_path / "tmpabc"
    left_over.write_bytes(b"half")
    os.utime(left_over, (1, 1))
    for number, name in enumerate(("one", "two", "three")):
        folder.put(name * 3, JPEG)
        file = next(one for one in tmp_path.rglob("*.jpg") if one.name.startswith((name * 3)[2:]))
        os.utime(file, (1000 + number,) * 2)
    assert folder.get("one" * 3) == JPEG
    folder.put("four" * 3, JPEG)
    assert [folder.get(name * 3) for name in ("one", "two", "three", "four")] == [
        JPEG,
        None,
        JPEG,
        JPEG,
    ]
    assert not left_over.exists()


@pytest.mark.parametrize("trouble", ["a file in its place", "a folder in a file's place"])
def test_a_folder_that_cannot_be_used_costs_only_the_drawing(tmp_path: Path, trouble: str) -> None:
    place = tmp_path / "kept"
    if trouble == "a file in its place":
        place.write_text("no folder")
    cache = ThumbnailCache(folder=place)
    picture = OriginalFile(hard_pictures.jpeg(), "jpg", "a.jpg", 120, 80, 1, 0.0)
    if trouble != "a file in its place":
        cache.draw(picture, "100")
        (file,) = place.rglob("*.jpg")
        file.unlink()
        file.mkdir()
    assert ThumbnailCache(folder=place).draw(picture, "100").startswith(b"\xff\xd8")


def test_a_placeholder_is_not_kept_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def broken(picture: OriginalFile, label: str) -> Iterator[tuple[int, Callable[[], bytes]]]:
        raise CannotDraw("of a format that is not known yet")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(thumbnail_cache, "prepared", broken)
        cache = ThumbnailCache(folder=tmp_path / "kept")
        first = cache.draw(original(), "100")
        assert cache.draw(original(), "100") is first
    assert not (tmp_path / "kept").exists()


def test_the_folder_is_among_the_users_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    for value, folder in (("/var/cache/ada", "/var/cache/ada"), ("below", "/home/ada/.cache")):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert user_cache_folder() == Path(folder, "flask-ipernity", "thumbnails")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert str(user_cache_folder()).startswith("/home/ada/.cache/")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "I;16"])
def test_a_png_in_strips_is_the_same_as_a_whole_one(tmp_path: Path, mode: str) -> None:
    picture = hard_pictures.noise().resize((61, 83))
    if mode == "I;16":
        picture = picture.convert("I").point(lambda value: value * 250).convert("I;16")
    elif mode == "P":
        picture = picture.quantize(50)
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / "a.png")
    whole = Image.open(tmp_path / "a.png")
    whole.load()
    for rows in (1, 7, 83, 500):
        with (tmp_path / "a.png").open("rb") as file:
            image = open_image(file)
            assert can_be_read_in_strips(image)
            joined = Image.new(image.mode, image.size)
            top = 0
            for strip in strips(image, file, rows):
                assert strip.height <= rows
                joined.paste(strip, (0, top))
                top += strip.height
        assert top == 83
        assert joined.tobytes() == whole.tobytes()
    whole.close()
