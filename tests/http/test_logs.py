"""What is logged: the records of other packages as they are, and no secret of ours."""

from __future__ import annotations

import logging
import ssl
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3

from flask_ipernity.client import IpernityAPI
from flask_ipernity.errors import IpernityError
from flask_ipernity.media import hosts
from flask_ipernity.media.hosts import MediaURL
from flask_ipernity.media.relay import Relay
from tests.support.certificates import certificate
from tests.support.media import head, picture
from tests.support.stub import Step, Stub, answer, error, ok, reset

TOKEN, FROB, SECRET = "12345-a0b1c2d3e4f5", "99-f00f00f00f00", "5ec2e75ec2e7aaaa"
PRIVATE = "a1b2c3d4e5"

#: Without a colon, so that the headers cannot be parsed.
FAULTY = "bad header"

FAULTS: dict[str, list[Step]] = {
    "good": [ok()],
    "faulty headers": [answer(ok().partition(b"\r\n\r\n")[2], "200 OK", FAULTY)],
    "faulty headers of an error": [answer(b"", "503 Down", FAULTY)],
    "two ways to end": [answer(b"", "200 OK", "Transfer-Encoding: chunked")],
    "two lengths": [head("200 OK", "Content-Length: 1", "Content-Length: 2") + b"{}"],
    "redirect": [answer(b"", "302 Found", f"Location: /1.{PRIVATE}.jpg?auth_token={TOKEN}")],
    "error": [error(107, f"token {TOKEN} is dead")],
    "down, then good": [answer(b"", "503 Down", "Retry-After: 0"), ok()],
    "broken off, then good": [reset, ok()],
    "closed, then good": [lambda connection: None, ok()],
    "cut": [head("200 OK", "Content-Length: 500", "Connection: close") + b"{"],
    "no HTTP": [b"hello\r\n\r\n"],
}


def everything(caplog: pytest.LogCaptureFixture) -> str:
    """Return the text of all records, and of all that hangs on them."""
    return "\n".join([caplog.text, *(str(vars(record)) for record in caplog.records)])


def fetch(relay: Relay, port: int) -> None:
    """Ask for a private picture, whole."""
    origin = hosts.MediaOrigin("http", "127.0.0.1", port, exempt=True)
    source = relay.open(MediaURL(origin, f"/1/00/01/1.{PRIVATE}.240.jpg?secret={PRIVATE}"))
    try:
        while source.read():
            pass
    finally:
        source.close()


def shown(*calls: Callable[[], object]) -> list[str]:
    """Make the calls, and return what their errors show."""
    texts = []
    for call in calls:
        try:
            call()
        except IpernityError as caught:
            texts += [repr(caught), str(vars(caught)), *traceback.format_exception(caught)]
    return texts


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_no_url_of_a_request_is_logged(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    relay = Relay((1, 1), 1, "tests")
    with Stub(*FAULTS[fault]) as stub:
        api = IpernityAPI("key", SECRET, TOKEN, url=stub.url, timeout=1)
        texts = shown(
            lambda: api.doc.getList(user_id=1),
            lambda: api.doc.getList(user_id=1),
            lambda: api.auth.getToken(FROB),
            lambda: fetch(relay, stub.port),
            lambda: fetch(relay, stub.port),
        )
        signatures = [r.target.partition("api_sig=")[2][:32] for r in stub.requests]
    text = "\n".join([everything(caplog), *texts])
    assert "flask_ipernity.client" in text
    for secret in (TOKEN, FROB, SECRET, PRIVATE, *filter(None, signatures)):
        assert secret not in text


def test_no_url_is_logged_when_the_pool_is_full(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    relay = Relay((1, 1), 1, "tests")
    with Stub(picture()) as stub:
        origin = hosts.MediaOrigin("http", "127.0.0.1", stub.port, exempt=True)
        sources = [relay.open(MediaURL(origin, f"/1.{PRIVATE}.jpg")) for _ in range(3)]
        for source in sources:
            while source.read():
                pass
            source.close()
        assert stub.connections == 3
        fetch(relay, stub.port)
        assert stub.connections == 3
    assert PRIVATE not in everything(caplog)


def test_no_url_is_logged_when_the_certificate_is_of_another_host(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    path = certificate(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with Stub(ok(), tls=context) as stub:
        url = stub.url.replace("http://", "https://")
        api = IpernityAPI("key", SECRET, TOKEN, url=url, retries=1)
        texts = shown(lambda: api.doc.getList(user_id=1))
    assert texts
    text = "\n".join([everything(caplog), *texts])
    assert TOKEN not in text
    assert "api_sig" not in text


def test_the_records_of_other_packages_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    faulty = answer(b"", "200 OK", FAULTY)
    with Stub(ok()) as service, Stub(picture()) as source, Stub(faulty) as other:
        api = IpernityAPI("key", SECRET, TOKEN, url=service.url)
        relay = Relay((1, 1), 16, "tests")
        with urllib3.PoolManager(retries=False) as pool:
            for _ in range(2):
                api.test.hello()
                fetch(relay, source.port)
                pool.request("GET", f"http://127.0.0.1:{other.port}/a?auth_token={TOKEN}")
    records = [record for record in caplog.records if record.name.startswith("urllib3.connection")]
    assert {record.msg for record in records} == {
        "Starting new HTTP connection (%d): %s:%s",
        '%s://%s:%s "%s %s %s" %s %s',
        "Failed to parse headers (url=%s): %s",
    }
    for record in records:
        assert isinstance(record.args, tuple)
        assert len(record.args) == str(record.msg).count("%")
    # This is what the other package chose to log, and not ours to change.
    assert sum(TOKEN in record.getMessage() for record in records) == 4
    # None of them is of a request of ours.
    assert not any(PRIVATE in record.getMessage() for record in records)
    assert not any(str(service.port) in record.getMessage() for record in records)
