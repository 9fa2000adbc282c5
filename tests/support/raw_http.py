"""A raw HTTP client for the sandbox, with its own signing, and responses as received."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import md5
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import urllib3

from flask_ipernity.sandbox import Sandbox


def sign(params: Mapping[str, str], secret: str, method: str = "") -> dict[str, str]:
    """Return the parameters with their ``api_sig``."""
    text = "".join(key + value for key, value in sorted(params.items())) + method + secret
    return {**params, "api_sig": md5(text.encode()).hexdigest()}


class RawResponse(NamedTuple):
    """A response as it was received."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> dict[str, Any]:
        data = json.loads(self.body)
        assert isinstance(data, dict)
        return data


class RawClient:
    """Sends requests to one sandbox; never follows redirects, never retries."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.pool = urllib3.PoolManager(retries=False, timeout=10)

    def send(
        self,
        http_method: str,
        url: str,
        fields: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        multipart: bool = False,
    ) -> RawResponse:
        """Send one request; fields go in the query (GET, HEAD) or in a form (POST)."""
        extra: dict[str, Any] = {"encode_multipart": multipart} if http_method == "POST" else {}
        response = self.pool.request(
            http_method, url, fields=fields, headers=headers, redirect=False, **extra
        )
        return RawResponse(response.status, response.headers, response.data)

    def request(
        self,
        method: str,
        params: Mapping[str, str],
        *,
        post: bool = False,
        path: str = "/json",
        multipart: bool = False,
    ) -> RawResponse:
        """Send a call with exactly these parameters."""
        verb = "POST" if post else "GET"
        url = self.sandbox.api_url + method + path
        return self.send(verb, url, params, multipart=multipart)

    def call(
        self,
        method: str,
        params: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        post: bool = False,
        signed: bool = True,
    ) -> dict[str, Any]:
        """Make a call with key, token and signature; return the whole JSON answer."""
        full = {**(params or {}), "api_key": self.sandbox.app_key}
        if token is not None:
            full["auth_token"] = token
        if signed:
            full = sign(full, self.sandbox.app_secret, method)
        answer = self.request(method, full, post=post)
        assert answer.status == 200
        return answer.json

    def upload(
        self,
        file: tuple[str, bytes] | tuple[str, bytes, str] | None,
        params: Mapping[str, str] | None = None,
        *,
        token: str,
        method: str = "upload.file",
    ) -> dict[str, Any]:
        """Send a file: its name, its bytes and perhaps its type; return the whole JSON answer."""
        full = {**(params or {}), "api_key": self.sandbox.app_key, "auth_token": token}
        fields: dict[str, Any] = {**sign(full, self.sandbox.app_secret, method)}
        if file is not None:
            fields["file"] = file
        url = self.sandbox.api_url + method
        response = self.pool.request("POST", url, fields=fields)
        data = json.loads(response.data)
        assert isinstance(data, dict)
        return data

    def ok(
        self,
        method: str,
        params: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        post: bool = False,
    ) -> dict[str, Any]:
        """Return the answer to a call that must succeed; see :meth:`call`."""
        answer = self.call(method, params, token=token, post=post)
        assert answer["api"]["status"] == "ok", answer
        return answer

    def code(
        self,
        method: str,
        params: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        post: bool = False,
        signed: bool = True,
    ) -> str:
        """Return the error code of a call that must fail; see :meth:`call`."""
        answer = self.call(method, params, token=token, post=post, signed=signed)
        assert set(answer) == {"api"}, answer
        assert answer["api"]["status"] == "error"
        return str(answer["api"]["code"])


def write(raw: RawClient, method: str, token: str, **params: object) -> dict[str, Any]:
    """Return the answer to a POSTed call that must succeed."""
    sent = {name: str(value) for name, value in params.items()}
    return raw.ok(method, sent, token=token, post=True)


def refused(raw: RawClient, method: str, token: str, **params: object) -> str:
    """Return the error code of a POSTed call that must fail."""
    sent = {name: str(value) for name, value in params.items()}
    return raw.code(method, sent, token=token, post=True)


def port_of(url: str) -> int:
    """Return the port in a URL."""
    port = urlsplit(url).port
    assert port is not None
    return port
