"""A real Chromium, and what a person does in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import needs

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]


@contextmanager
def launched(*switches: str) -> Iterator[Browser]:
    """Start Chromium, with further switches."""
    path = needs.program("chromium", "chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*SWITCHES, *switches])
        yield browser
        browser.close()


def consent(page: Page, person: str = "Ada Fontaine", answer: str = "Allow") -> None:
    """Answer Ipernity's page."""
    page.get_by_role("radio", name=person).check()
    page.get_by_role("button", name=answer).click()
