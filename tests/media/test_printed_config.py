"""The configurations that the commands print, and real servers that run as they say."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_ipernity import Ipernity
from tests.support.media import FILE, both, world
from tests.support.nginx import Response, printed
from tests.support.printed import SERVERS, Site, application, command, site
from tests.support.served import served
from tests.support.servers import free_port, refusing_port
from tests.support.stub import error
from tests.support.waiting import until

#: What each server tells of four requests for one thumbnail, the last two with a parameter.
KEPT = {
    "nginx": ["MISS", "HIT", "HIT", "HIT"],
    "apache": ["MISS", "HIT", "MISS", "MISS"],
    "caddy": [None] * 4,
    "offload": [None] * 4,
}


def kept(response: Response) -> str | None:
    """Return what a server tells of its cache."""
    told = response.one("X-Cache-Status") or response.one("X-Cache")
    return told.split()[0] if told else None


@pytest.mark.parametrize("server", [*SERVERS, pytest.param("offload", marks=pytest.mark.nginx)])
@pytest.mark.parametrize(
    ("prefix", "tls", "own_prefix"),
    [("", False, "/ipernity"), ("/photos/of.2026", True, "/media~1")],
    ids=["root", "prefix, TLS"],
)
def test_a_server_as_printed_serves_the_site(
    tmp_path: Path, prefix: str, tls: bool, own_prefix: str, server: str
) -> None:
    config: dict[str, Any] = {"IPERNITY_PROXY_URL_PREFIX": own_prefix}
    told, offload = KEPT[server], server == "offload"
    if offload:
        config["IPERNITY_PROXY_OFFLOAD"] = "x-accel:/own/way/"
        server = "nginx"
    name = "photo＂；filename＊=UTF-8''evil.hta；x=＂"
    with site(tmp_path, server=server, prefix=prefix, tls=tls, filename=name, **config) as (
        front,
        here,
    ):
        base = f"{front.url}/"
        # What a visitor says about the way is not believed.
        page = front.ask(
            f"{prefix}/",
            X_Forwarded_Prefix="//evil.example",
            X_Forwarded_For="6.6.6.6",
            X_Forwarded_Host="evil.example",
            X_Forwarded_Proto="ftp",
        )
        path = f"{prefix}{own_prefix}/doc/1/240"
        assert page.body.decode().replace("\n", "") == f'["{base}","127.0.0.1","{path}"]'
        if prefix:
            assert str(front.ask(prefix).one("Location")).endswith(f"{prefix}/")
        # An upload is larger than what some servers take by themselves.
        assert front.ask(f"{prefix}/", "POST", bytes(2_000_000)).status == 200
        answers = [front.ask(path), front.ask(path, Range="bytes=0-9")]
        answers += [front.ask(f"{path}?x=1") for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 206, 200, 200]
        assert [answer.body for answer in answers] == [FILE, FILE[:10], FILE, FILE]
        assert [kept(answer) for answer in answers] == told
        original = front.ask(path.replace("240", "original"))
        assert original.body == FILE
        disposition = str(original.one("Content-Disposition"))
        assert both(disposition)[0].endswith(".jpg")
        assert disposition.count("filename=") == 1
        for answer in (*answers, original):
            assert answer.one("X-Content-Type-Options") == "nosniff"
            assert answer.one(
                "Cache-Control",
            ).startswith("public, max-age=86400")  # type: ignore[union-attr]
        here.api.steps = (error(1),)
        missing = front.ask(path.replace("doc/1", "doc/2"))
        assert (missing.status, missing.body) == (404, b"Not found.\n")
        if offload:
            assert front.ask("/own/way/image").status == 404


@pytest.mark.slow
@pytest.mark.nginx
def test_kept_pictures_outlive_the_application_for_a_while(tmp_path: Path) -> None:
    port = free_port()
    with (
        world(IPERNITY_PROXY_MAX_AGE=1, IPERNITY_CACHE_STALE_AGE=2) as here,
        ExitStack() as stack,
    ):
        with served(here.app) as own:
            options = ["--url", f"http://127.0.0.1:{port}", "--listen", f"127.0.0.1:{port}"]
            text = command(
                here.app, "--upstream", f"127.0.0.1:{own}", "--cache", f"{tmp_path}/cache", *options
            ).output
            stack.enter_context(printed(tmp_path, text, port))
            front = Site(port, "", None, text)
            assert front.ask("/ipernity/doc/1/240").status == 200
        stack.enter_context(refusing_port(own))
        seen: list[Response] = []

        def fails() -> bool:
            seen.append(front.ask("/ipernity/doc/1/240"))
            return seen[-1].status == 502

        assert until(fails, 10)
        assert {response.status for response in seen} == {200, 502}
        assert "STALE" in {response.one("X-Cache-Status") for response in seen}
        assert seen[-1].body == b"Ipernity is not working. Please try again later.\n"
        assert seen[-1].one("Cache-Control") == "no-store"
        assert seen[-1].one("X-Content-Type-Options") == "nosniff"


@pytest.mark.nginx
def test_several_sites_share_one_nginx(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    with world() as one, world() as two:
        texts = []
        for here, port, offload in zip(
            (one, two), ports, (None, "x-accel:/_ipernity/"), strict=True
        ):
            config = {**here.app.config, "IPERNITY_PROXY_OFFLOAD": offload}
            app = Flask("tests")
            app.config.update(config)
            Ipernity(app)
            folder = [] if offload else ["--cache", f"{tmp_path}/cache"]
            done = command(
                app,
                *("--url", f"http://site{port}.example", "--listen", f"127.0.0.1:{port}"),
                *folder,
            )
            texts.append(done.output)
        with printed(tmp_path, "\n".join(texts), ports[0]):
            pass


def test_the_url_may_come_from_the_application() -> None:
    app = application(
        SERVER_NAME="photos.example.org",
        PREFERRED_URL_SCHEME="https",
        APPLICATION_ROOT="/fotos",
        TRUSTED_HOSTS=["photos.example.org:443", ".example.net"],
        MAX_CONTENT_LENGTH=12345,
    )
    text = command(app).output
    assert "server_name photos.example.org .example.net;" in text
    assert "listen 443 ssl;" in text
    assert "return 301 https://photos.example.org$request_uri;" in text
    assert "ssl_certificate /etc/letsencrypt/live/photos.example.org/fullchain.pem;" in text
    assert "location /fotos/ {" in text
    assert "client_max_body_size 12345;" in text
    assert "x_prefix=1" in text
    assert "proxy_cache_path /var/cache/nginx/ipernity_photos_example_org_fotos " in text
    other = command(app, "--url", "http://localhost:8080").output
    assert "listen 8080;" in other
    assert "proxy_set_header Host $host:8080;" in other
    assert "ssl" not in other


def test_media_hosts_and_time_limits_are_those_of_the_settings() -> None:
    hosts = (".ipernity.com", "u1.example.org", "127.0.0.1", "::1", "localhost")
    app = application(
        IPERNITY_MEDIA_HOSTS=hosts,
        IPERNITY_PROXY_OFFLOAD="x-accel:/_ipernity/",
        IPERNITY_TIMEOUT=(1.5, 20),
    )
    text = command(app, "--url", "https://a.example", "--resolver", "9.9.9.9").output
    for pattern in (
        r'"~^https://([a-z0-9_-]+[.])+ipernity\.com/"',
        r'"~^https://u1\.example\.org/"',
        r'"~^https?://127\.0\.0\.1(:[0-9]+)?/"',
        r'"~^https?://\[::1\](:[0-9]+)?/"',
        r'"~^https?://localhost(:[0-9]+)?/"',
    ):
        assert f"    {pattern} $upstream_http_x_ipernity_source;\n" in text
    assert "proxy_connect_timeout 1500ms;" in text
    assert "proxy_read_timeout 20000ms;" in text
    assert "resolver 9.9.9.9;" in text
    assert "proxy_cache" not in text


@pytest.mark.parametrize(
    ("config", "arguments", "told"),
    [
        ({}, [], "--url"),
        ({"IPERNITY_PROXY_OFFLOAD": "x-accel:/a/"}, ["--cache", "/x"], "exclude each other"),
        ({}, ["--cache", "/x", "--no-cache"], "exclude each other"),
        ({"IPERNITY_PROXY_DOCS": False}, ["--cache", "/x"], "IPERNITY_PROXY_DOCS is off"),
        ({"TRUSTED_HOSTS": ["a b"]}, [], "TRUSTED_HOSTS"),
        *(
            ({"IPERNITY_PROXY_URL_PREFIX": prefix}, [], "IPERNITY_PROXY_URL_PREFIX")
            for prefix in ("/a;b", "/{a}", '/a"', "/$a", "/ä")
        ),
        ({}, ["--certificate", "/x"], "https://"),
        ({}, ["--upstream", "127.0.0.1:80; }"], "host:port"),
        ({}, ["--upstream", "unix:/a b"], "host:port"),
        ({}, ["--listen", "80 ssl"], "address:port"),
        ({}, ["--cache", "/x y"], "absolute path"),
        ({}, ["--cache", "x"], "absolute path"),
        ({}, ["--resolver", "1.1.1.1;"], "address"),
        *(
            ({}, ["--url", url], "is not the URL of a site")
            for url in (
                "photos.example.org",
                "ftp://photos.example.org",
                "http://",
                "http://a b",
                "http://a:0",
                "http://a:99999",
                "http://a@b",
                "http://a/;x",
                "http://a/$x",
                "http://a/{b}",
                "http://a/?b",
                "http://a/#b",
                "http://[::1",
                "http://ä.example",
            )
        ),
    ],
)
def test_what_excludes_each_other_or_would_break_out_is_refused(
    config: dict[str, object], arguments: list[str], told: str
) -> None:
    if told not in ("--url", "is not the URL of a site"):
        arguments = ["--url", "http://photos.example.org", *arguments]
    done = command(application(**config), *arguments)
    assert done.exit_code == 2
    assert told in " ".join(done.output.split())
    assert "server {" not in done.output


@pytest.mark.parametrize("server", ["caddy", "apache"])
def test_what_a_server_cannot_do_is_refused_and_said(server: str) -> None:
    url = ("--url", "https://photos.example.org")
    fetches = application(IPERNITY_PROXY_OFFLOAD="x-accel:/_ipernity/")
    refused = command(fetches, *url, server=server)
    assert (refused.exit_code, "IPERNITY_PROXY_OFFLOAD" in refused.output) == (2, True)
    text = command(application(), *url, server=server).output
    assert "IPERNITY_PROXY_OFFLOAD is for nginx" in text
    if server == "caddy":
        assert "# Caddy keeps no thumbnails" in text
        refused = command(application(), *url, "--cache", "/x", server=server)
        assert (refused.exit_code, "no cache" in refused.output) == (2, True)
        refused = command(application(), *url, "--certificate-key", "/x", server=server)
        assert (refused.exit_code, "needs --certificate" in refused.output) == (2, True)


@pytest.mark.parametrize(
    ("server", "lines"),
    [
        (
            "caddy",
            [
                "https://photos.example.org, https://example.net, https://*.example.net {",
                "max_size 12345B",
                "redir /fotos /fotos/ permanent",
                "handle_path /fotos/* {",
                "header_up X-Forwarded-Prefix /fotos",
                "reverse_proxy unix//run/photos.sock {",
                "# One for *. it gets only with a plugin",
            ],
        ),
        (
            "apache",
            [
                "<VirtualHost *:80>",
                "Redirect permanent / https://photos.example.org/",
                "<VirtualHost *:443>",
                "ServerName https://photos.example.org:443",
                "ServerAlias example.net *.example.net",
                "SSLCertificateFile /etc/letsencrypt/live/photos.example.org/fullchain.pem",
                "SSLCertificateKeyFile /etc/letsencrypt/live/photos.example.org/privkey.pem",
                "LimitRequestBody 12345",
                'RequestHeader set X-Forwarded-Prefix "/fotos"',
                'ProxyPass "/fotos/" "unix:/run/photos.sock|http://localhost/" ttl=1',
                'CacheRoot "/var/cache/apache2/mod_cache_disk"',
                "a2enmod headers proxy proxy_http ssl cache cache_disk setenvif",
            ],
        ),
    ],
)
def test_hosts_limits_and_sockets_are_those_of_the_application(
    server: str, lines: list[str]
) -> None:
    app = application(
        SERVER_NAME="photos.example.org",
        PREFERRED_URL_SCHEME="https",
        APPLICATION_ROOT="/fotos",
        TRUSTED_HOSTS=["photos.example.org:443", ".example.net"],
        MAX_CONTENT_LENGTH=12345,
    )
    text = command(app, "--upstream", "unix:/run/photos.sock", server=server).output
    for line in lines:
        assert line in text
    plain = command(application(), "--url", "http://a.example:8080", "--no-cache", server=server)
    assert "8080" in plain.output
    for secret in ("tls", "SSL", "CacheRoot", "fotos"):
        assert secret not in plain.output


def test_apache_gets_no_address_of_ipv6_for_a_name() -> None:
    arguments = ("--url", "http://[::1]:8080", "--listen", "[::1]:8080")
    text = command(application(), *arguments, server="apache").output
    assert "ServerName" not in text
    assert "Listen [::1]:8080\n" in text
    assert "<VirtualHost [::1]:8080>" in text


def test_an_application_without_ipernity_is_told_so() -> None:
    done = command(Flask("tests"), "--url", "http://a.example")
    assert (done.exit_code, "not set up" in done.output) == (1, True)


def test_without_the_proxy_or_the_cache_nginx_only_passes_on() -> None:
    for app, arguments in (
        (application(IPERNITY_PROXY_DOCS=False), []),
        (application(), ["--no-cache"]),
    ):
        text = command(app, "--url", "http://a.example", *arguments).output
        assert "proxy_cache" not in text
        assert text.count("location ") == 1
