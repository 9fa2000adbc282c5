"""Waits on this machine for the browser of the person who signs in with a key of the kind *Web*."""

from __future__ import annotations

from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer
from math import inf
from time import monotonic
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

_LOOPBACK = ("127.0.0.1", "localhost")
_PAGE = "<!doctype html><meta charset=utf-8><title>flask-ipernity</title>{}<p>{}"
#: Leaves time to exchange the frob: only then has the person granted something before.
_REFRESH = '<meta http-equiv=refresh content="2;url={}">'


class Callback(HTTPServer):
    """Listens on a port of this machine for a person's browser.

    :param port: that of the key's callback.
    :param again: where the browser is sent after it has brought a frob, once.
    :raises OSError: the port cannot be used.
    """

    def __init__(self, port: int, again: str) -> None:
        super().__init__((_LOOPBACK[0], port), _Handler)
        self._again: str | None = again
        self._query: dict[str, str] | None = None

    def wait(self, seconds: float | None = None) -> dict[str, str] | None:
        """Return the query with which the browser comes; ``None`` if it does not come in time."""
        self._query = None
        end = inf if seconds is None else monotonic() + seconds
        while self._query is None:
            if (left := end - monotonic()) <= 0:
                return None
            self.timeout = None if left == inf else left
            self.handle_request()
        return self._query

    def take(self, query: dict[str, str]) -> str | None:
        """End the waiting, and return where the browser is sent."""
        self._query = query
        again = self._again if query.get("frob") else None
        if again is not None:
            self._again = None
        return again


class _Handler(BaseHTTPRequestHandler):
    #: Seconds for a request; one that does not come would keep all others waiting.
    timeout = 5

    def do_GET(self) -> None:
        if not self._is_navigation():
            self._answer(400, "This address is for the sign-in of flask-ipernity.")
            return
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        again = cast(Callback, self.server).take(query)
        if again is None:
            self._answer(200, "You can close this page, and go back to the terminal.")
        else:
            text = "Once more, to see whether you are asked again. If so, close this page."
            self._answer(200, text, _REFRESH.format(escape(again)))

    def _is_navigation(self) -> bool:
        """Return whether a person's browser comes here in a tab of its own.

        Other websites make requests of other kinds, or under names of their own that they let
        point to this machine.
        """
        host = self.headers.get("Host", "").rpartition(":")[0]
        return (
            host in _LOOPBACK
            and self.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
            and self.headers.get("Sec-Fetch-Dest", "document") == "document"
            and "prefetch" not in self.headers.get("Sec-Purpose", "")
            and urlsplit(self.path).path != "/favicon.ico"
        )

    def _answer(self, status: int, text: str, head: str = "") -> None:
        body = _PAGE.format(head, text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'")
        # The URL of this page holds the frob.
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log: the URLs hold frobs."""
