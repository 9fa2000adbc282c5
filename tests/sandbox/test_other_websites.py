"""What a page of another website can do to a sandbox and a gallery, in a real Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from flask_ipernity.demo import create_app
from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PUBLIC
from tests.support.chromium import launched
from tests.support.lookup import doc
from tests.support.raw_http import port_of, sign
from tests.support.served import served

#: The name resolves to this machine, as its owner lets it (DNS rebinding).
EVIL = "evil.example"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser that lets pages reach this machine, as older ones do."""
    switches = (
        f"--host-resolver-rules=MAP {EVIL} 127.0.0.1",
        "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
    )
    with launched(*switches) as browser:
        yield browser


class World(NamedTuple):
    sandbox: Sandbox
    page: Page
    #: The address of the hostile page.
    url: str
    gallery: int


@pytest.fixture
def world(chromium: Browser, sandbox: Sandbox) -> Iterator[World]:
    site = Flask("evil")
    site.add_url_rule("/", view_func=lambda: "<!doctype html><title>evil</title>")
    gallery = create_app({**sandbox.config(), "DEMO_USER": sandbox.people[0].user_id})
    with served(site) as port, served(gallery) as other:
        page = chromium.new_page()
        url = f"http://{EVIL}:{port}/"
        page.goto(url)
        yield World(sandbox, page, url, other)
        page.close()


def test_no_page_can_read_by_a_name_of_its_own(world: World) -> None:
    sandbox = world.sandbox
    query = urlencode({"api_key": sandbox.app_key, "user_id": sandbox.people[0].user_id})
    picture = doc(sandbox, share=PUBLIC).path("240")
    api, media = port_of(sandbox.url), port_of(sandbox.media_url)
    for address in (
        f"http://{EVIL}:{api}/",
        f"http://{EVIL}:{api}/api/doc.getList?{query}",
        f"http://{EVIL}:{api}/apps/authorize",
        f"http://{EVIL}:{media}{picture}",
        f"http://{EVIL}:{world.gallery}/",
    ):
        answer = world.page.goto(address)
        assert answer is not None
        assert answer.status == 421, address
        assert "Ada" not in world.page.content()
    assert sandbox.calls == []


def test_no_page_can_call_the_api(world: World) -> None:
    sandbox = world.sandbox
    script = """async ([url, key]) => {
        const form = new FormData()
        form.set("api_key", key)
        form.set("file", new Blob(["x".repeat(100000)]), "a.jpg")
        for (const method of ["GET", "POST"]) {
            const body = method == "POST" ? form : undefined
            await fetch(url, {method, body, mode: "no-cors", credentials: "include"})
        }
        return navigator.sendBeacon(url, form)
    }"""
    world.page.evaluate(script, [f"{sandbox.api_url}upload.file", sandbox.app_key])
    assert sandbox.calls == []
    assert sandbox.state.tickets == {}


def test_no_page_can_press_the_button_but_a_person_can(world: World) -> None:
    sandbox = world.sandbox
    sandbox.callback_url = f"{world.url}cb"
    params = sign({"api_key": sandbox.app_key, "perm_doc": "delete"}, sandbox.app_secret)
    link = f"{sandbox.authorize_url}?{urlencode(params)}"
    with world.page.expect_navigation() as sent:
        world.page.evaluate(
            """link => {
                const form = Object.assign(document.createElement("form"), {method: "post"})
                form.action = link
                form.innerHTML = '<input name="answer" value="allow">'
                document.body.append(form)
                form.submit()
            }""",
            link,
        )
    assert sent.value.status == 403
    assert sandbox.state.frobs == {}
    world.page.goto(world.url)
    world.page.evaluate("link => { location.href = link }", link)
    world.page.get_by_role("button", name="Allow").click()
    world.page.wait_for_url(f"{world.url}cb?frob=*")
    assert len(sandbox.state.frobs) == 1
