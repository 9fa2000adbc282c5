"""The demo as a person sees it, in a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect

from tests.support.commands import running

REFUSED = "/ipernity/cb"
"""Where a browser lands, without a frob, after a refusal: with status 400, as it should be."""


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    """The address of a demo that runs."""
    with running("demo", "--port", "0") as demo:
        yield demo.address("Gallery")
        assert demo.stop() == 0
        assert "Traceback" not in demo.rest


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab of a new profile; at its end nothing has failed to load, and nothing was complained."""
    complaints: list[str] = []

    def check(response: Response) -> None:
        if response.status >= 400 and not response.url.endswith(REFUSED):
            complaints.append(f"{response.status} {response.url}")

    def hear(message: ConsoleMessage) -> None:
        if not message.location["url"].endswith(REFUSED):
            complaints.append(message.text)

    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", hear)
    page.on("response", check)
    yield page
    page.close()
    assert complaints == []


def widths(page: Page, selector: str) -> list[int]:
    """Return the natural widths of the pictures that are found, when all have come."""
    found = page.locator(selector)
    for number in range(found.count()):
        found.nth(number).scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    result: list[int] = found.evaluate_all("all => all.map(one => one.naturalWidth)")
    return result


def test_a_visitor_signs_in_and_opens_a_private_photo(page: Page, gallery: str) -> None:
    page.goto(gallery)
    expect(page.get_by_role("heading", name="Ada Fontaine")).to_be_visible()
    shown = widths(page, "main img")
    assert len(shown) > 4
    assert min(shown) > 0

    page.get_by_role("link", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("to use your account?")
    page.get_by_role("button", name="Allow").click()

    expect(page).to_have_url(f"{gallery}/mine")
    expect(page.get_by_role("banner")).to_contain_text("Ada Fontaine")
    assert min(widths(page, "main img")) > 0
    page.locator(".tile", has_text="Only you").first.get_by_role("link").click()

    expect(page.locator(".circle")).to_have_text("Only you")
    assert min(widths(page, ".stage img")) >= 500

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()


def test_a_visitor_who_refuses_is_told_and_may_try_again(page: Page, gallery: str) -> None:
    page.goto(f"{gallery}/mine")
    page.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("heading", name="Sign-in did not finish")).to_be_visible()
    page.get_by_role("link", name="Sign in with Ipernity").click()
    page.get_by_role("button", name="Allow").click()
    expect(page).to_have_url(f"{gallery}/mine")


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_no_page_is_wider_than_the_screen(page: Page, gallery: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(gallery)
    paths = page.locator(".tile a, header nav a").evaluate_all(
        "all => all.map(one => one.href).filter(one => !one.endsWith('/mine'))"
    )
    for path in [gallery, f"{gallery}/search", *paths[:6]]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == width, path


def test_rows_of_the_wall_are_of_one_height_and_end_at_the_edge(page: Page, gallery: str) -> None:
    page.goto(gallery)
    boxes = page.locator(".wall .tile").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().toJSON())"
    )
    tops = sorted({round(box["top"]) for box in boxes})
    assert len(tops) > 1
    edges = []
    for top in tops:
        row = [box for box in boxes if round(box["top"]) == top]
        heights = [box["height"] for box in row]
        assert max(heights) - min(heights) < 1.5
        edges.append(max(box["right"] for box in row))
    assert max(edges[:-1]) - min(edges[:-1]) < 1.5


def test_a_video_plays(page: Page, gallery: str) -> None:
    page.goto(gallery)
    page.locator(".tile", has_text="Video").get_by_role("link").click()
    video = page.locator("video")
    expect(video).to_be_visible()
    # Not wait_for_function: it asks again by eval, which the page forbids.
    video.evaluate(
        """one => new Promise((done, failed) => {
            setTimeout(failed, 20_000, new Error("it does not play"));
            one.addEventListener("timeupdate", () => one.currentTime > 0 && done());
            one.muted = true;
            one.play().catch(failed);
        })"""
    )
    assert video.evaluate("one => one.videoWidth") > 0
    assert video.evaluate("one => one.duration") > 1


def test_the_keyboard_reaches_the_photos(page: Page, gallery: str) -> None:
    page.goto(gallery)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the photos")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.fixture(scope="module")
def long_names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demo that shows a small picture between two of long names."""
    folder = tmp_path_factory.mktemp("long-names")
    for number, name in enumerate(("a" * 40, "tiny", "word " * 40)):
        file = folder / f"{name.strip()}.png"
        Image.new("RGB", (16, 12) if name == "tiny" else (600, 400), "teal").save(file)
        os.utime(file, (1_700_000_000 + number * 60,) * 2)
    with running("demo", "--port", "0", "--photos", str(folder)) as demo:
        yield demo.address("Gallery")
        assert demo.stop() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_a_long_name_leaves_room_and_a_small_picture_stays_small(
    chromium: Browser, long_names: str, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(long_names)
    small = page.locator(".tile img[alt=tiny]")
    # a picture in its own size is not stretched over its place
    assert small.evaluate("one => getComputedStyle(one).objectFit") == "scale-down"
    assert small.evaluate("one => [one.naturalWidth, one.naturalHeight]") == [12, 12]
    page.locator(".tile a", has_text="tiny").click()
    for way in ("previous", "next"):
        box = page.locator(f".around .{way}").bounding_box()
        assert box is not None
        assert box["width"] > (width * 0.3 if width > 1000 else 40)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    page.close()
