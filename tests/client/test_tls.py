"""Over HTTPS the service must prove who it is."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from flask_ipernity.client import IpernityAPI
from flask_ipernity.errors import ServiceUnavailableError
from tests.support.certificates import certificate
from tests.support.stub import Stub, ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "trusted", "answers"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("127.0.0.2", True, False)],
    ids=["trusted", "unknown signer", "other name"],
)
def test_a_call_is_made_only_to_a_service_with_a_certificate_of_its_name(
    address: str,
    trusted: bool,
    answers: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = certificate(tmp_path, address)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with Stub(ok(), tls=context) as stub:
        url = stub.url.replace("http://", "https://")
        api = IpernityAPI("key", "secret", "1-token", url=url, retries=0)
        if answers:
            assert api.test.hello()["hello"] == "hello world!"
        else:
            with pytest.raises(ServiceUnavailableError):
                api.test.hello()
            assert stub.requests == []
