"""Applications behind real web servers, with the configuration that ``server-config`` prints."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result
from flask import Flask, request
from flask.cli import ScriptInfo
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_ipernity import Ipernity, ipernity
from flask_ipernity.cli import cli
from tests.support import apache, caddy, nginx
from tests.support.certificates import certificate
from tests.support.media import World, world
from tests.support.nginx import Response
from tests.support.served import served
from tests.support.servers import free_port

#: What runs each server, and the values of a test's parameter, each with its marker.
RUN = {"nginx": nginx.printed, "caddy": caddy.printed, "apache": apache.printed}
SERVERS = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in RUN]


def command(app: Flask, *arguments: str, server: str = "nginx") -> Result:
    """Run the command for *app*."""
    name = ["nginx"] if server == "nginx" else ["server-config", "--for", server]
    return CliRunner().invoke(
        cli, [*name, *arguments], obj=ScriptInfo(create_app=lambda: app), prog_name="flask"
    )


def application(**config: object) -> Flask:
    """Return an application that nobody serves."""
    app = Flask("tests")
    app.config.update(IPERNITY_APP_KEY="key", IPERNITY_APP_SECRET="secret", **config)
    Ipernity(app)
    return app


class Site(NamedTuple):
    """A site behind a web server."""

    port: int
    prefix: str
    trusted: ssl.SSLContext | None
    text: str

    @property
    def url(self) -> str:
        """Its URL, without a slash at the end."""
        return f"{'https' if self.trusted else 'http'}://127.0.0.1:{self.port}{self.prefix}"

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Response:
        """Send a request to the web server, on a connection of its own."""
        if self.trusted is None:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        else:
            connection = HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.trusted)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, headers=named)
            reply = connection.getresponse()
            return Response(reply.status, reply.getheaders(), reply.read())
        finally:
            connection.close()


@contextmanager
def in_front(
    folder: Path, app: Flask, upstream: int, *, server: str, prefix: str = "", tls: bool = False
) -> Iterator[Site]:
    """Run a web server as the command prints it for *app*, which listens on *upstream*.

    :param prefix: the path below which the server shows the application.
    """
    port = free_port()
    scheme = "https" if tls else "http"
    options = ["--url", f"{scheme}://127.0.0.1:{port}{prefix}", "--listen", f"127.0.0.1:{port}"]
    trusted = None
    if tls:
        path = certificate(folder, "127.0.0.1")
        options += ["--certificate", str(path)]
        trusted = ssl.create_default_context(cafile=path)
    if server != "caddy" and not app.config.get("IPERNITY_PROXY_OFFLOAD"):
        cache = apache.cache_folder() if server == "apache" else folder / "cache"
        options += ["--cache", str(cache)]
    done = command(app, "--upstream", f"127.0.0.1:{upstream}", *options, server=server)
    assert done.exit_code == 0, done.output
    with RUN[server](folder, done.output, port):
        yield Site(port, prefix, trusted, done.output)


def behind(app: Flask, prefix: str) -> Flask:
    """Let *app* believe what a web server says, as the printed lines advise."""
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app, x_for=1, x_proto=1, x_prefix=1 if prefix else 0
    )
    return app


@contextmanager
def site(
    folder: Path,
    *,
    server: str = "nginx",
    prefix: str = "",
    tls: bool = False,
    filename: str = "photo.jpg",
    **config: Any,
) -> Iterator[tuple[Site, World]]:
    """Serve an application with one document behind a web server."""
    with world(filename=filename, **config) as here:

        @here.app.route("/", methods=["GET", "POST"])
        def where() -> list[str]:
            return [request.url, str(request.remote_addr), ipernity.media_url(1, "240")]

        with (
            served(behind(here.app, prefix)) as own,
            in_front(folder, here.app, own, server=server, prefix=prefix, tls=tls) as front,
        ):
            yield front, here
