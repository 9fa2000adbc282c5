"""Where media may come from: hosts, ports, and the addresses that are connected to."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flask_ipernity.errors import BadAnswer
from flask_ipernity.media.hosts import allowed, is_public
from tests.media.world import FILE, answered, picture, world

HOSTS = (".ipernity.com", "cdn.example", "127.0.0.1")


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://u1.ipernity.com/a.jpg", "https://u1.ipernity.com/a.jpg"),
        ("https://U1.IPERNITY.COM./a.jpg", "https://u1.ipernity.com/a.jpg"),
        ("https://u1.ipernity.com:443/a", "https://u1.ipernity.com/a"),
        ("https://u1.ipernity.com:/a", "https://u1.ipernity.com/a"),
        ("http://u1.ipernity.com/a", "https://u1.ipernity.com/a"),
        ("http://u1.ipernity.com:80/a", "https://u1.ipernity.com/a"),
        ("https://u1.ipernity.com/a?b=c#d", "https://u1.ipernity.com/a?b=c"),
        ("https://cdn.example/a", "https://cdn.example/a"),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
    ],
)
def test_allowed_addresses_are_asked_for_securely(url: str, asked: str) -> None:
    assert allowed(url, HOSTS).url == asked


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://u1.ipernity.com/",
        "gopher://u1.ipernity.com/",
        "data:image/png,x",
        "//u1.ipernity.com/a",
        "u1.ipernity.com/a",
        "",
        "https://",
        "https://evil.example/",
        "https://ipernity.com/",
        "https://.ipernity.com/",
        "https://ipernity.com.evil.example/",
        "https://evilipernity.com/",
        "https://u1.ipernity.com.evil/",
        "https://a.cdn.example/",
        "https://u1.ipernity.com@evil.example/",
        "https://evil.example#u1.ipernity.com",
        "https://evil.example?u1.ipernity.com",
        "https://evil.example\\@u1.ipernity.com",
        "https://evil.example\\.ipernity.com/",
        "https://u1.ipernity.com%2eevil.example",
        "https://evil.example%2f.ipernity.com/",
        "https://evil.example%00.ipernity.com/",
        "https://a:b@u1.ipernity.com/",
        "https://a@u1.ipernity.com/",
        "https://u1.ipernity.com:22/",
        "https://u1.ipernity.com:8080/",
        "https://u1.ipernity.com:0/",
        "https://u1.ipernity.com:80/",
        "https://u1.ipernity.com:99999/",
        "http://u1.ipernity.com:443/",
        "https://u1.iperni\u0442y.com/",
        "https://u1\u200b.ipernity.com/",
        "https://u1\u3002ipernity.com/",
        "https://u1.iper\tnity.com/",
        "https://u1.ipernity.com/\n",
        "https://u1.ipernity.com/a b",
        " https://u1.ipernity.com/",
        "https://u1.ipernity.com\r\n.evil.example/",
        "https://u1..ipernity.com/",
        "https://" + "a" * 64 + ".ipernity.com/",
        "https://u1.ipernity.com/" + "a" * 5000,
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
        "https://169.254.169.254/",
        "https://[fd00:ec2::254]/",
        "http://localhost/",
    ],
)
def test_other_addresses_are_refused_and_nobody_is_asked(url: str) -> None:
    with pytest.raises(BadAnswer):
        allowed(url, HOSTS)
    payload = {"thumbs": {"thumb": [{"label": "240", "url": url}]}}
    with world(api=[answered(payload)], IPERNITY_MEDIA_HOSTS=HOSTS) as here:
        assert here.client.get("/ipernity/doc/1/240").status_code == (502 if url else 404)
        assert here.source.connections == 0


def test_only_a_literal_of_the_setting_is_exempt() -> None:
    with pytest.raises(BadAnswer):
        allowed("http://127.0.0.1:80/", (".ipernity.com",))
    assert allowed("http://[::1]:80/a", ("::1",)).origin.exempt
    assert not allowed("https://u1.ipernity.com/", HOSTS).origin.exempt


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "203.0.113.5",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2a00::5efe:7f00:1",
        "2a00::200:5efe:808:808",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
    ],
)
def test_addresses_of_machines_nearby_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2606:4700::1111"],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


class Resolver:
    """Stands in for name resolution; answers question number n with the n-th list."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = answers
        self.asked = 0
        self._real = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "u1.ipernity.com":
            return self._real(host, port, *args, **kwargs)
        addresses = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in addresses
        ]


class Sockets:
    """Records where connections go, and lets them end at a port of this machine."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, port: int | None) -> None:
        self.addresses: list[str] = []
        real = socket.socket.connect

        def connect(sock: socket.socket, address: Any) -> None:
            if address[1] != 443:
                real(sock, address)
                return
            self.addresses.append(address[0])
            if port is None:
                raise ConnectionRefusedError
            real(sock, ("127.0.0.1", port))

        monkeypatch.setattr(socket.socket, "connect", connect)


DOC = answered(
    {"thumbs": {"thumb": [{"label": "240", "url": "https://u1.ipernity.com/1.a1b2c3d4.240.jpg"}]}}
)


@pytest.mark.parametrize(
    ("resolved", "connected"),
    [
        (["127.0.0.1"], []),
        (["10.0.0.1", "::1", "64:ff9b::7f00:1"], []),
        (["10.0.0.1", "8.8.8.8"], ["8.8.8.8"]),
        ([], []),
    ],
)
def test_connections_go_to_public_addresses_only(
    resolved: list[str], connected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(resolved))
    sockets = Sockets(monkeypatch, None)
    with world(api=[DOC], IPERNITY_MEDIA_HOSTS=(".ipernity.com",)) as here:
        assert here.client.get("/ipernity/doc/1/240").status_code == 502
    assert sockets.addresses == connected


@contextmanager
def secure(folder: Path, response: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Serve *response* over TLS as ``u1.ipernity.com``; yield the port and what was asked."""
    certificate, key = certificate_for("u1.ipernity.com", folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    asked: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    asked.append(connection.recv(65536))
                    connection.sendall(response)
            except OSError:
                plain.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def certificate_for(host: str, folder: Path) -> tuple[Path, Path]:
    """Make a certificate that vouches for itself; return the paths of it and of its key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_public_host_is_asked_over_tls_and_resolved_once(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver(["8.8.8.8"], ["127.0.0.1"])
    url = f"{scheme}://u1.ipernity.com/1.a1b2c3d4.240.jpg"
    doc = answered({"thumbs": {"thumb": [{"label": "240", "url": url}]}})
    with secure(tmp_path, picture("Connection: close")) as (port, asked):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        netrc = tmp_path / "netrc"
        netrc.write_text("machine u1.ipernity.com login a password b\n")
        monkeypatch.setenv("NETRC", str(netrc))
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        sockets = Sockets(monkeypatch, port)
        with world(api=[doc], IPERNITY_MEDIA_HOSTS=(".ipernity.com",)) as here:
            response = here.client.get("/ipernity/doc/1/240")
        assert response.data == FILE
    assert resolver.asked == 1
    assert sockets.addresses == ["8.8.8.8"]
    assert b"Host: u1.ipernity.com\r\n" in asked[0]
    assert b"Authorization" not in asked[0]


def test_a_host_that_cannot_prove_its_name_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secure(tmp_path, picture("Connection: close")) as (port, asked):
        monkeypatch.setattr(socket, "getaddrinfo", Resolver(["8.8.8.8"]))
        Sockets(monkeypatch, port)
        with world(api=[DOC], IPERNITY_MEDIA_HOSTS=(".ipernity.com",)) as here:
            assert here.client.get("/ipernity/doc/1/240").status_code == 502
    assert asked == []


def test_a_name_that_cannot_be_resolved_is_502(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host == "127.0.0.1":
            return real(host, *args, **kwargs)
        raise socket.gaierror("no such name")

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with world(api=[DOC], IPERNITY_MEDIA_HOSTS=(".ipernity.com",)) as here:
        assert here.client.get("/ipernity/doc/1/240").status_code == 502
