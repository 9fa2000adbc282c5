"""A video of the sandbox in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from flask_ipernity.sandbox import Sandbox
from tests import needs
from tests.media.server import gunicorn
from tests.media.test_proxy import document
from tests.media.test_streaming import until

pytestmark = pytest.mark.browser


def test_a_video_plays_and_seeks_in_chromium(sandbox: Sandbox) -> None:
    doc = document(sandbox, media="video", share=4)
    chromium = needs.program("chromium")
    config = {**sandbox.config(), "IPERNITY_MEDIA_HOSTS": ["127.0.0.1"]}
    with gunicorn(config) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            page = browser.new_page()
            responses: list[int] = []
            page.on("response", lambda response: responses.append(response.status))
            page.goto(f"{running.url}/video/{doc.doc_id}")
            page.evaluate("document.querySelector('video').play()")
            page.wait_for_function("document.querySelector('video').currentTime > 0.3")
            length = page.evaluate("document.querySelector('video').duration")
            target = length * 0.7
            page.evaluate(
                """target => new Promise(done => {
                    const video = document.querySelector('video');
                    video.pause();
                    video.addEventListener('seeked', done, {once: true});
                    video.currentTime = target;
                })""",
                target,
            )
            now = page.evaluate("document.querySelector('video').currentTime")
            assert abs(now - target) < 0.5
            page.evaluate("document.querySelector('video').play()")
            page.wait_for_function(
                "at => document.querySelector('video').currentTime > at", arg=now
            )
            assert page.evaluate("document.querySelector('video').error") is None
            assert 206 in responses

            # and on a page of its own, which the browser makes around it
            page.goto(f"{running.url}/ipernity/doc/{doc.doc_id}/mp4")
            state = "document.querySelector('video').readyState"
            # scripts are not allowed there, so that the page cannot wait by itself
            assert until(lambda: page.evaluate(state) >= 2)
        finally:
            browser.close()
    ranges = [request.headers.get("Range") for request in sandbox.media_requests]
    assert any(ranges)
