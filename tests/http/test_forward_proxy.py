"""Servers behind an HTTP proxy: ``IPERNITY_HTTPS_PROXY``."""

from __future__ import annotations

import logging
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_ipernity import ConfigurationError, Ipernity, ipernity
from flask_ipernity.client import IpernityAPI
from flask_ipernity.errors import ServiceError, ServiceTimeout, ServiceUnavailableError
from flask_ipernity.http.forward_proxy import ForwardProxy
from flask_ipernity.sandbox import Sandbox
from tests.support.certificates import certificate
from tests.support.forward_proxy import ForwardingProxy
from tests.support.frames import seen
from tests.support.lookup import document
from tests.support.media import FILE, answered, picture
from tests.support.servers import refusing_port
from tests.support.stub import TOKEN, Stub, answer, ok, sent

HOST = "api.ipernity.com"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for all hosts of Ipernity."""
    return certificate(tmp_path_factory.mktemp("tls"), "*.ipernity.com")


@pytest.fixture
def served(tls: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A context to serve with the certificate, which clients trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tls))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls)
    return context


def api_at(proxy: str, token: str | None = TOKEN, **settings: Any) -> IpernityAPI:
    settings = {"retries": 0, "timeout": 5, **settings}
    return IpernityAPI("key", "secret", token, url=f"https://{HOST}/api/", proxy=proxy, **settings)


def test_calls_are_tunnelled_and_the_proxy_sees_nothing_but_the_name(
    served: ssl.SSLContext,
) -> None:
    with Stub(ok(), tls=served) as stub, ForwardingProxy({HOST: stub.port}) as proxy:
        api = api_at(proxy.url)
        for _ in range(3):
            assert api.call("doc.getList")["hello"] == "hello world!"
        assert sent(stub.requests[0])["auth_token"] == TOKEN
        assert stub.requests[0].headers["host"] == HOST
        assert stub.connections == 1
        [request] = proxy.requests
        assert (request.verb, request.target) == ("CONNECT", f"{HOST}:443")
        assert request.headers == {"host": f"{HOST}:443"}
        assert request.body == b""


def test_the_server_still_proves_who_it_is(
    served: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Stub(ok(), tls=served) as stub, ForwardingProxy({HOST: stub.port, "x.y": stub.port}) as at:
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(ServiceUnavailableError):
            api_at(at.url).test.hello()
    assert stub.requests == []


@pytest.mark.parametrize(
    ("given", "known"),
    [("ada:s3cret", b"ada:s3cret"), ("a%40b:p%3A%2F%0d%0aX", b"a@b:p:/\r\nX"), ("ada", b"ada:")],
)
def test_user_and_password_go_to_the_proxy_and_nowhere_else(
    given: str, known: bytes, served: ssl.SSLContext
) -> None:
    wanted = f"Basic {b64encode(known).decode()}"
    with Stub(ok(), tls=served) as stub, ForwardingProxy({HOST: stub.port}) as proxy:
        api_at(proxy.url.replace("//", f"//{given}@")).test.hello()
        assert proxy.requests[0].headers["proxy-authorization"] == wanted
        assert "proxy-authorization" not in stub.requests[0].headers
    with Stub(ok()) as stub, ForwardingProxy({"127.0.0.1": stub.port}) as proxy:
        url = proxy.url.replace("//", f"//{given}@")
        api = IpernityAPI("key", "secret", TOKEN, url=stub.url, proxy=url)
        for _ in range(2):
            api.test.hello()
        assert proxy.requests[0].headers["proxy-authorization"] == wanted
        assert "proxy-authorization" not in stub.requests[0].headers


REFUSALS = {
    "it wants a user": answer("", "407 Proxy Authentication Required"),
    "forbidden": answer("no", "403 Forbidden"),
    "cannot reach": answer("", "502 Bad Gateway"),
    "redirect": answer("", "302 Found", "Location: https://evil.example/"),
    "no http": b"SSH-2.0-x\r\n",
    "nothing": b"",
    "half": b"HTTP/1.1 200 OK\r\nX",
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_proxy_that_refuses_is_told_with_its_reason_and_no_secret(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with ForwardingProxy({}, REFUSALS[name]) as proxy:
        api = api_at(proxy.url.replace("//", "//ada:s3cret-word@"))
        with pytest.raises(ServiceUnavailableError, match="through the proxy") as caught:
            api.doc.getList()
    if b"407" in REFUSALS[name]:
        assert "HTTP 407: it wants a user and a password" in str(caught.value)
    text = seen(caught.value) + caplog.text + repr(api._transport)
    for secret in ("s3cret-word", b64encode(b"ada:s3cret-word").decode(), TOKEN):
        assert secret not in text


def test_a_proxy_that_is_not_there_or_hangs_ends_in_time() -> None:
    with refusing_port() as port, pytest.raises(ServiceUnavailableError, match="cannot be reached"):
        api_at(f"http://127.0.0.1:{port}").test.hello()
    with Stub(lambda connection: time.sleep(0.6)) as stub:
        began = time.monotonic()
        with pytest.raises(ServiceTimeout):
            api_at(f"http://127.0.0.1:{stub.port}", timeout=(0.2, 5)).test.hello()
        assert time.monotonic() - began < 2


def test_interim_responses_of_a_proxy_are_read_over(served: ssl.SSLContext) -> None:
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
    with Stub(ok(), tls=served) as stub, ForwardingProxy({HOST: stub.port}, before=hints) as proxy:
        assert api_at(proxy.url).test.hello()


def test_what_a_proxy_says_after_its_response_is_not_taken_for_the_server() -> None:
    smuggled = ok('"hello":"smuggled",')
    with (
        Stub(ok()) as stub,
        ForwardingProxy({HOST: stub.port}, after=smuggled) as proxy,
        pytest.raises(ServiceError),
    ):
        api_at(proxy.url).test.hello()


@contextmanager
def site(served: ssl.SSLContext, url: str) -> Iterator[tuple[FlaskClient, ForwardingProxy, Stub]]:
    """An application behind a proxy, whose only picture is at *url*."""
    told = answered({"thumbs": {"thumb": [{"label": "240", "url": url, "ext": "jpg"}]}})
    with Stub(told, tls=served) as api, Stub(picture(), tls=served) as media:
        names = {HOST: api.port, "u1.ipernity.com": media.port}
        with ForwardingProxy(names) as proxy:
            app = Flask("tests")
            app.config.update(
                SECRET_KEY="x",
                IPERNITY_APP_KEY="key",
                IPERNITY_APP_SECRET="secret",
                IPERNITY_HTTPS_PROXY=proxy.url,
            )
            Ipernity(app)
            yield app.test_client(), proxy, media


def test_media_come_through_the_proxy(served: ssl.SSLContext) -> None:
    with site(served, "https://u1.ipernity.com/1/00/01/1.a1b2c3d4.240.jpg") as (client, proxy, at):
        response = client.get("/ipernity/doc/1/240")
        assert (response.status_code, response.data) == (200, FILE)
        asked = {request.target for request in proxy.requests}
        assert asked == {f"{HOST}:443", "u1.ipernity.com:443"}
        assert at.requests[0].headers["host"] == "u1.ipernity.com"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/1.jpg",
        "https://127.0.0.1/1.jpg",
        "https://[::1]/1.jpg",
        "https://10.0.0.1/1.jpg",
        "http://u1.ipernity.com:8080/1.jpg",
        "https://u1.ipernity.com@evil.example/1.jpg",
    ],
)
def test_the_proxy_is_asked_for_allowed_hosts_only(url: str, served: ssl.SSLContext) -> None:
    with site(served, url) as (client, proxy, media):
        assert client.get("/ipernity/doc/1/240").status_code == 502
        assert {request.target for request in proxy.requests} == {f"{HOST}:443"}
        assert media.requests == []


def test_the_sandbox_is_reached_by_absolute_urls(sandbox: Sandbox) -> None:
    with ForwardingProxy({}) as proxy:
        app = Flask("tests")
        app.config.update(sandbox.config(), SECRET_KEY="x", IPERNITY_HTTPS_PROXY=proxy.url)
        Ipernity(app)
        with app.app_context():
            assert ipernity.api_for(None).explore.docs.getPopular()
        path = f"/ipernity/doc/{document(sandbox, media='photo', share=4).doc_id}/240"
        assert app.test_client().get(path).status_code == 200
        assert all(one.target.startswith("http://127.0.0.1:") for one in proxy.requests)


@pytest.mark.parametrize(
    "url",
    [
        "hidden.example:3128",
        "https://hidden.example",
        "socks5://hidden.example",
        "http://",
        "http://hidden.example:99999",
        "http://hidden.example/path",
        "http://hidden.example?x",
        "",
        5,
    ],
)
def test_what_is_no_proxy_stops_the_start_and_is_not_shown(url: Any) -> None:
    app = Flask("tests")
    app.config.update(
        IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret", IPERNITY_HTTPS_PROXY=url
    )
    with pytest.raises(
        ConfigurationError, match="IPERNITY_HTTPS_PROXY must be None, or the URL"
    ) as e:
        Ipernity(app)
    assert "hidden" not in str(e.value)


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("api.example.", "api.example"),
        ("::1", "[::1]"),
        ("münchen.example", "xn--mnchen-3ya.example"),
    ],
)
def test_a_proxy_is_told_names_in_ascii(host: str, named: str) -> None:
    from flask_ipernity.http.sockets import Origin

    with ForwardingProxy({}, answer("", "403 No")) as proxy:
        with pytest.raises(OSError, match="403"):
            ForwardProxy(proxy.url).open_socket(Origin("https", host, 443), 5)
        assert proxy.requests[0].target == f"{named}:443"
