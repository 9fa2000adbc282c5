"""Waits on this machine for the browser of the person who signs in with a key of the kind *Web*."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

_LOOPBACK = ("127.0.0.1", "localhost")
_PAGE = "<!doctype html><meta charset=utf-8><title>flask-ipernity</title><p>{}"


class Callback(HTTPServer):
    """Listens on a port of this machine, for one frob.

    :param port: that of the key's callback.
    :raises OSError: the port cannot be used.
    """

    def __init__(self, port: int) -> None:
        super().__init__((_LOOPBACK[0], port), _Handler)
        self.frob: str | None = None
        self._is_done = False

    def wait(self) -> str | None:
        """Return the frob that the browser brings; ``None`` if it brings none."""
        while not self._is_done:
            self.handle_request()
        return self.frob

    def take(self, frob: str | None) -> None:
        """End the waiting."""
        self.frob, self._is_done = frob, True


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if not self._is_navigation():
            self._answer(400, "This address is for the sign-in of flask-ipernity.")
            return
        query = parse_qs(urlsplit(self.path).query)
        cast(Callback, self.server).take(query.get("frob", [None])[0])
        self._answer(200, "You can close this page, and go back to the terminal.")

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

    def _answer(self, status: int, text: str) -> None:
        body = _PAGE.format(text).encode()
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
