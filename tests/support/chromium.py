"""A real Chromium, and what a person does in it."""

from __future__ import annotations

from playwright.sync_api import Page

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]


def consent(page: Page, person: str = "Ada Fontaine", answer: str = "Allow") -> None:
    """Answer Ipernity's page."""
    page.get_by_role("radio", name=person).check()
    page.get_by_role("button", name=answer).click()
