"""A real nginx in front of an application, with the configuration that the package comes with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from tests.support import needs
from tests.support.media import PATH, Source
from tests.support.servers import free_port, web_server
from tests.support.stub import Stub

MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=ipernity:10m max_size=100m;
    upstream application {{ server 127.0.0.1:{port}; keepalive 16; }}
    {http}
    server {{
        listen 127.0.0.1:{own_port} backlog=512;
        {server}
        location / {{
            proxy_pass http://application;
            proxy_set_header Host $host;
            {plain}
        }}
    }}
}}
"""


def shipped(name: str) -> str:
    """Return a file of the package's configuration for nginx."""
    return (resources.files("flask_ipernity.media") / "nginx" / name).read_text(encoding="utf-8")


@contextmanager
def nginx(
    folder: Path, port: int, *, http: str = "", server: str = "", plain: str = ""
) -> Iterator[int]:
    """Run nginx before the application on *port*; yield the port of nginx.

    :param http: lines for ``http { }``.
    :param server: lines for ``server { }``.
    :param plain: lines for the location that leads to the application.
    """
    own_port = free_port()
    text = MAIN.format(
        folder=folder, port=port, own_port=own_port, http=http, server=server, plain=plain
    )
    with _started(folder, text, own_port):
        yield own_port


@contextmanager
def printed(folder: Path, text: str, own_port: int) -> Iterator[None]:
    """Run nginx with *text* as a file that its main configuration includes.

    :param own_port: where nginx listens, as *text* says.
    """
    (folder / "site.conf").write_text(text, encoding="utf-8")
    main, _, _ = MAIN.partition("    proxy_cache_path")
    with _started(folder, main.format(folder=folder) + "    include site.conf;\n}\n", own_port):
        yield


@contextmanager
def _started(folder: Path, text: str, own_port: int) -> Iterator[None]:
    program = needs.program("nginx")
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    command = [program, "-p", os.fspath(folder), "-c", "nginx.conf", "-e", f"{folder}/start.log"]
    with web_server(command, folder, own_port):
        yield


class Response(NamedTuple):
    """A response, with each header as it came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Return the values of all headers of this name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def one(self, name: str) -> str | None:
        """Return the value of the one header of this name, or ``None``."""
        values = self.all(name)
        assert len(values) < 2, (name, values)
        return values[0] if values else None


class Front(NamedTuple):
    """nginx before gunicorn, and what stands behind them."""

    port: int
    source: Source
    api: Stub

    def ask(self, path: str = PATH, method: str = "GET", **headers: str) -> Response:
        """Send a request to nginx, on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=named)
            reply = connection.getresponse()
            return Response(reply.status, reply.getheaders(), reply.read())
        finally:
            connection.close()


def say(front: Front, step: Any) -> None:
    """Let the source answer so from now on."""
    front.source.say(step)
