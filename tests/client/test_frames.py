"""No token, frob, secret or signature is in a local variable, as error trackers read them."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.client import IpernityAPI
from flask_ipernity.client.signing import api_sig
from flask_ipernity.http import connection
from flask_ipernity.http.redaction import Secret, SecretBytes
from tests.support.frames import seen
from tests.support.stub import Step, Stub, answer, error, ok, reset, sent

TOKEN, FROB, SECRET = "12345-a0b1c2d3e4f5", "99-f00f00f00f00", "5ec2e75ec2e7aaaa"

FAULTS: dict[str, Step] = {
    "nothing of use": ok(),
    "error": error(107, f"token {TOKEN} of {SECRET} and {FROB} is dead"),
    "500": answer(b"", "500 Oops"),
    "html": answer(b"<html>"),
    "reset": reset,
    "hang": lambda connection: time.sleep(0.4),
    "by GET only": answer(b"", "405 Method Not Allowed"),
}


def boom(*_: object) -> None:
    raise KeyboardInterrupt


def unlucky(done: int, size: int) -> None:
    raise RuntimeError("the progress bar broke")


CALLS: dict[str, Callable[[IpernityAPI], object]] = {
    "a read": lambda api: api.page("doc.getList"),
    "a walk": lambda api: list(api.walk_docs()),
    "a walk with a token": lambda api: list(
        IpernityAPI("key", SECRET, transport=api._transport).walk("doc.getList", auth_token=TOKEN)
    ),
    "a write": lambda api: [api.doc.set(doc_id=1, title="x"), 1 / 0],
    "getToken": lambda api: api.auth.getToken(FROB),
    "getToken by name": lambda api: [api.call("auth.getToken", frob=FROB), 1 / 0],
    "checkToken": lambda api: [api.auth.checkToken(TOKEN), 1 / 0],
    "checkToken by name": lambda api: [api.call("auth.checkToken", auth_token=TOKEN), 1 / 0],
    "permissions": lambda api: api.has_permissions({"doc": "read"}),
    "an upload": lambda api: api.upload(io.BytesIO(b"x" * 100)),
    "a file": lambda api: [api.call("upload.file", file=io.BytesIO(b"x" * 100)), 1 / 0],
    "a wrong parameter": lambda api: api.call("doc.get", doc_id=object()),
    "a wrong parameter beside a token": lambda api: api.call("doc.get", auth_token=TOKEN, a=b""),
    "a token of another type": lambda api: api.call("doc.get", auth_token=TOKEN.encode()),
    "a frob of another type": lambda api: api.call("auth.getToken", frob=FROB.encode()),
    "half a character": lambda api: api.call("doc.get", doc_id="\ud83d"),
    "no method": lambda api: api.call("doc.gt", auth_token=TOKEN, frob=FROB),
    "a progress that fails": lambda api: api.upload(
        io.BytesIO(bytes(200_000)), on_progress=unlucky
    ),
    "an upload that is broken off": lambda api: api.upload(
        io.BytesIO(bytes(200_000)), on_progress=boom
    ),
    "a wrong way to sign in": lambda api: IpernityAPI("key", SECRET, TOKEN, auth="x"),
    "a wrong setting": lambda api: IpernityAPI("key", SECRET, TOKEN, url="ftp://x"),
    "a wrong permission": lambda api: api.auth.auth_url({"dok": "read"}, FROB),
}


def failure(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except BaseException as caught:
        return caught
    pytest.fail("nothing was raised")


def secrets_of(stub: Stub) -> list[str]:
    """Return all that must not show."""
    signatures = []
    for request in stub.requests:
        if "multipart" not in request.headers.get("content-type", ""):
            params = sent(request)
            method = request.target.split("/")[2]
            assert params["api_sig"] == api_sig(params, SECRET, method)
            signatures.append(params["api_sig"])
    return [TOKEN, FROB, SECRET, *signatures]


def assert_hidden(error: BaseException, stub: Stub) -> None:
    text = seen(error)
    for secret in secrets_of(stub):
        assert secret not in text


#: Calls of each kind: a hanging service takes its time.
SLOW = ("a read", "a write", "getToken", "a file")


@pytest.mark.parametrize(
    ("name", "fault"),
    [(name, fault) for name in CALLS for fault in FAULTS if fault != "hang" or name in SLOW],
)
def test_no_secret_is_in_a_frame(name: str, fault: str) -> None:
    with Stub(FAULTS[fault]) as stub:
        api = IpernityAPI("key", SECRET, TOKEN, url=stub.url, timeout=0.2, retries=0)
        assert_hidden(failure(lambda: CALLS[name](api)), stub)


@pytest.mark.parametrize("token", [TOKEN, None])
def test_no_secret_is_in_a_frame_of_the_standard_library(
    token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stub(ok()) as stub:
        api = IpernityAPI("key", SECRET, token, url=stub.url)
        monkeypatch.setattr(connection.Reader, "_receive", boom)
        caught = failure(lambda: api.doc.getList())
        assert isinstance(caught, KeyboardInterrupt)
        time.sleep(0.05)
        assert_hidden(caught, stub)


def application(stub: Stub, **config: Any) -> Flask:
    app = Flask("tests")
    app.config.update(
        SECRET_KEY="a secret key",
        IPERNITY_APP_KEY="key",
        IPERNITY_APP_SECRET=SECRET,
        IPERNITY_API_URL=stub.url,
        IPERNITY_OWNER_TOKEN=TOKEN,
        IPERNITY_RETRIES=0,
        **config,
    )
    Ipernity(app)
    return app


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "hang"])
@pytest.mark.parametrize(
    "config", [{}, {"IPERNITY_CACHE_REQUESTS": True, "IPERNITY_CACHE": "memory"}]
)
def test_no_secret_is_in_a_frame_of_an_application(fault: str, config: Any) -> None:
    with Stub(FAULTS[fault]) as stub:
        app = application(stub, **config)
        with app.app_context():
            caught = failure(lambda: ipernity.owner_api.page("doc.getList"))
            assert_hidden(caught, stub)
            caught = failure(lambda: [ipernity.owner_api.doc.set(doc_id=1), 1 / 0])
            assert_hidden(caught, stub)
        api = ipernity
        with app.test_request_context():
            caught = failure(lambda: [api.media_url(1, "240", as_owner=True), 1 / 0])
            assert_hidden(caught, stub)


@pytest.mark.parametrize("fault", ["error", "500", "html", "reset"])
def test_no_secret_is_in_a_frame_of_the_media_proxy(fault: str) -> None:
    with Stub(FAULTS[fault]) as stub:
        app = application(stub, PROPAGATE_EXCEPTIONS=True)
        found: list[BaseException] = []

        @app.errorhandler(Exception)
        def keep(error: Exception) -> tuple[str, int]:
            found.append(error)
            return "", 500

        with app.test_request_context():
            url = ipernity.media_url(1, "240", as_owner=True)
        app.test_client().get(url)
        for caught in found:
            assert_hidden(caught, stub)
        assert stub.requests


def test_a_secret_is_a_text_like_any_other() -> None:
    assert (str(Secret("abc")), f"{Secret('abc')}", repr(Secret("abc"))) == ("abc", "abc", "'***'")
    assert SecretBytes(b"abc") == b"abc"
    assert repr(SecretBytes(b"abc")) == "b'***'"


def test_what_an_api_object_gives_out_is_plain() -> None:
    api = IpernityAPI("key", SECRET, TOKEN)
    assert (type(api.token), type(api.api_secret)) == (str, str)
    assert (api.token, api.api_secret) == (TOKEN, SECRET)
