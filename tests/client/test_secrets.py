"""Tokens, frobs, secrets and signatures show nowhere, whatever fails."""

from __future__ import annotations

import logging
import time
import traceback

import pytest

from flask_ipernity.client import IpernityAPI
from flask_ipernity.errors import IpernityError
from flask_ipernity.http.redaction import redact
from tests.support.stub import Step, Stub, answer, error, ok, reset

TOKEN, FROB, SECRET = "12345-a0b1c2d3e4f5", "99-f00f00f00f00", "5ec2e75ec2e7aaaa"

FAULTS: dict[str, Step] = {
    "good": ok(f'"auth":{{"token":"{TOKEN}","user":{{}},"permissions":{{}}}},'),
    "error": error(107, f"token {TOKEN} of {SECRET} and {FROB} is dead"),
    "500": answer(b"", "500 Oops"),
    "503": answer(b"", "503 Down"),
    "html": answer(b"<html>"),
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\n{",
    "reset": reset,
    "hang": lambda connection: time.sleep(0.6),
    "faulty headers": b"HTTP/1.1 200 OK\r\nbad header\r\nContent-Length: 2\r\n\r\n{}",
    "no http": b"hello\r\n\r\n",
    "redirect": answer(b"", "302 Found", f"Location: /?auth_token={TOKEN}"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_no_secret_shows_in_logs_errors_or_reprs(
    fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    with Stub(FAULTS[fault]) as stub:
        api = IpernityAPI("key", SECRET, TOKEN, url=stub.url, timeout=0.3)
        calls = (
            lambda: api.doc.getList(user_id=1),
            lambda: api.doc.set(doc_id=1),
            lambda: api.auth.getToken(FROB),
            lambda: api.auth.checkToken(TOKEN),
        )
        for call in calls:
            try:
                call()
            except IpernityError as caught:
                shown += [repr(caught), str(vars(caught)), *traceback.format_exception(caught)]
        shown += [repr(api), repr(api.doc), repr(api.auth), repr(api._transport)]
        signatures = [r.target.partition("api_sig=")[2][:32] for r in stub.requests]
    text = "\n".join([*shown, caplog.text])
    assert "flask_ipernity.client" in caplog.text
    for secret in (TOKEN, FROB, SECRET, *filter(None, signatures)):
        assert secret not in text


def test_the_address_of_a_private_picture_is_redacted() -> None:
    text = redact("GET /8/56/78/12345678.0a1b2c3d.1024.jpg HTTP/1.1")
    assert text == "GET /8/56/78/12345678.***.1024.jpg HTTP/1.1"
