"""What a visitor does in the browser on Ipernity's pages."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import urllib3
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def consent(address: str | None, person: int = 0, answer: str = "allow") -> str:
    """Answer the consent page at *address* and return where it sends the browser to."""
    assert address is not None
    pool = urllib3.PoolManager()
    try:
        page = pool.request("GET", address).data.decode()
        people = re.findall(r'name="user_id" value="([^"]*)"', page)
        fields = {name: unescape(value) for name, value in _HIDDEN.findall(page)}
        fields |= {"user_id": people[person], "answer": answer}
        back = pool.request("POST", address, fields=fields, encode_multipart=False, redirect=False)
        return back.headers["Location"]
    finally:
        pool.clear()


def sign_in(client: FlaskClient, path: str, person: int = 0) -> TestResponse:
    """Go to the protected page at *path*, consent, and return that page."""
    callback = client.get(consent(client.get(path).location, person))
    assert callback.status_code == 303, callback.text
    return client.get(callback.location)


class ServiceBrowser:
    """What one browser does on Ipernity's pages: it keeps their cookie."""

    def __init__(self) -> None:
        self._cookie = ""

    def follow(self, address: str | None, **answer: str) -> str | None:
        """Open the consent page at *address*, and press its button if there is an *answer*.

        :param answer: fields of the form, such as ``answer="allow"``; without any, only the page
            is opened.
        :returns: where the browser is sent to; None if it stays on a page.
        """
        assert address is not None
        headers = {"Cookie": self._cookie} if self._cookie else {}
        verb, body = ("POST", urlencode(answer)) if answer else ("GET", None)
        if answer:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        pool = urllib3.PoolManager()
        try:
            back = pool.request(verb, address, body=body, headers=headers, redirect=False)
        finally:
            pool.clear()
        if kept := back.headers.get("Set-Cookie"):
            self._cookie = kept.partition(";")[0]
        return back.headers.get("Location")
