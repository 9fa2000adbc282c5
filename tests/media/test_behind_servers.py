"""Who sees which picture behind nginx, Caddy and Apache, while its owner changes that."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from flask_ipernity.media import lookup
from flask_ipernity.sandbox import Sandbox
from tests.support.apps import MakeApp
from tests.support.media import world
from tests.support.nginx import Response
from tests.support.printed import SERVERS, Site, behind, in_front
from tests.support.served import served
from tests.support.servers import refusing_port
from tests.support.views import with_sign_in
from tests.support.visitor import consent
from tests.support.waiting import until

#: A public document of the first person, and one that nobody else sees.
PUBLIC, PRIVATE = "41730631", "41730578"


class Browser:
    """Keeps the one cookie of the site."""

    def __init__(self, front: Site) -> None:
        self._front = front
        self._cookie = ""

    def get(self, url: str, **headers: str) -> Response:
        """Ask for a URL or a path of the site."""
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        reply = self._front.ask(path, "GET", b"", Cookie=self._cookie, **headers)
        for value in reply.all("Set-Cookie"):
            self._cookie = value.partition(";")[0]
        return reply

    def sign_in(self) -> None:
        """Sign in as the first person."""
        page = f"{self._front.prefix}/in"
        back = self.get(consent(self.get(page).one("Location")))
        assert back.status == 303, back
        assert urlsplit(back.one("Location")).path == page
        assert self.get(page).body == b"in"


@pytest.mark.parametrize("prefix", ["", "/photos"], ids=["root", "prefix"])
@pytest.mark.parametrize("server", SERVERS)
def test_a_picture_ends_for_strangers_when_its_owner_makes_it_private(
    tmp_path: Path,
    make_app: MakeApp,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    server: str,
    prefix: str,
) -> None:
    monkeypatch.setattr(lookup, "FRESH_SECONDS", 0.5)
    app = behind(with_sign_in(make_app(IPERNITY_PROXY_MAX_AGE=1)), prefix)
    with (
        served(app) as own,
        in_front(tmp_path, app, own, server=server, prefix=prefix, tls=bool(prefix)) as front,
    ):
        sandbox.callback_url = f"{front.url}/ipernity/cb"
        owner, stranger = Browser(front), Browser(front)
        owner.sign_in()
        public, private = (f"{prefix}/ipernity/doc/{doc_id}/240" for doc_id in (PUBLIC, PRIVATE))
        whole = stranger.get(public)
        assert (whole.status, whole.body[:2]) == (200, b"\xff\xd8")
        part = stranger.get(public, Range="bytes=10-99")
        assert (part.status, part.body) == (206, whole.body[10:100])
        # what is private is for its owner, whoever has asked before or asks later
        for browser, status in ((stranger, 404), (owner, 200), (stranger, 404), (owner, 200)):
            seen = browser.get(private)
            assert seen.status == status
            assert "public" not in str(seen.one("Cache-Control"))
        original = f"{prefix}/ipernity/doc/{PRIVATE}/original"
        part = owner.get(original, Range="bytes=2-9")
        assert (part.status, part.body) == (206, owner.get(original).body[2:10])
        assert stranger.get(original, Range="bytes=2-9").status == 404

        with sandbox.state.lock:
            sandbox.state.docs[PUBLIC].share = 0
        # the owner goes on to look at it, and the cache to ask
        assert until(lambda: (owner.get(public), stranger.get(public))[1].status == 404, 8)
        for control in ("", "max-stale", "only-if-cached, max-stale=9999", "stale-if-error=9999"):
            assert owner.get(public).body == whole.body
            assert stranger.get(public, Cache_Control=control).status == 404
            assert stranger.get(public, Range="bytes=0-9").status == 404


@pytest.mark.slow
@pytest.mark.apache
def test_apache_shows_nothing_that_is_too_old_when_the_application_is_gone(tmp_path: Path) -> None:
    path = "/ipernity/doc/1/240"
    with world(IPERNITY_PROXY_MAX_AGE=2) as here, ExitStack() as stack:
        with served(here.app) as own:
            front = stack.enter_context(in_front(tmp_path, here.app, own, server="apache"))
            assert front.ask(path).status == 200
            assert str(front.ask(path).one("X-Cache")).startswith("HIT")
        stack.enter_context(refusing_port(own))
        assert until(lambda: front.ask(path).status == 503, 10)
        assert {front.ask(path, Cache_Control="max-stale").status for _ in range(3)} == {503}
