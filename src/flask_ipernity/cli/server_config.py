"""``server-config``: print the configuration of a web server for the application.

What it holds is read from the application's own settings, so that both sides agree on paths, hosts
and limits.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

import click

from .site import Site

if TYPE_CHECKING:
    from flask import Flask

    from ..settings import Settings

_HOST = re.compile(r"[.]?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]", re.ASCII)
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*", re.ASCII)
_UPSTREAM = re.compile(r"unix:/[A-Za-z0-9._/-]+|([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")
_LISTEN = re.compile(r"(([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]|\*):)?[0-9]{1,5}", re.ASCII)
_PATH = re.compile(r"/[A-Za-z0-9._@/-]+", re.ASCII)
_RESOLVER = re.compile(r"[A-Za-z0-9.:\[\]-]+", re.ASCII)

_Callback = Callable[[click.Context, click.Parameter, str | None], str | None]

#: Bytes of a request's body where the application names no limit.
_MAX_BODY = 100 * 1024 * 1024


def _matching(pattern: re.Pattern[str], wanted: str) -> _Callback:
    """Return what refuses values other than *wanted*, which could add lines of their own."""

    def check(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        if value is not None and not pattern.fullmatch(value):
            raise click.BadParameter(f"{value!r} is not {wanted}.")
        return value

    return check


#: What each server can do beyond passing requests on.
_CAN_CACHE = {"nginx", "apache"}
_CAN_FETCH = {"nginx"}
#: Servers that get certificates by themselves.
_GETS_CERTIFICATES = {"caddy"}


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what each of the commands takes."""
    for option in reversed(
        [
            click.option(
                "--url", metavar="URL", help="The site's URL; by default from SERVER_NAME."
            ),
            click.option(
                "--upstream",
                callback=_matching(_UPSTREAM, "host:port or unix:/path"),
                metavar="ADDRESS",
                default="127.0.0.1:8000",
                show_default=True,
                help="Where the application listens: host:port or unix:/path.",
            ),
            click.option(
                "--listen",
                callback=_matching(_LISTEN, "a port or address:port"),
                metavar="ADDRESS",
                help="Where the server listens: a port or address:port; by default the URL's port.",
            ),
            click.option(
                "--certificate",
                callback=_matching(_PATH, "an absolute path"),
                metavar="FILE",
                help="The certificate; by default that of Let's Encrypt. Caddy gets its own.",
            ),
            click.option(
                "--certificate-key",
                callback=_matching(_PATH, "an absolute path"),
                metavar="FILE",
                help="The key of the certificate.",
            ),
            click.option(
                "--cache",
                callback=_matching(_PATH, "an absolute path"),
                metavar="FOLDER",
                help="Where nginx or Apache keeps public thumbnails.  [default: below /var/cache]",
            ),
            click.option("--no-cache", is_flag=True, help="Keep no thumbnails."),
            click.option(
                "--resolver",
                callback=_matching(_RESOLVER, "an address"),
                metavar="ADDRESS",
                help="The DNS server of nginx for IPERNITY_PROXY_OFFLOAD; by default that of this"
                " machine.",
            ),
        ]
    ):
        command = option(command)
    return command


@click.command(name="server-config")
@click.option(
    "--for",
    "server",
    type=click.Choice(["nginx", "caddy", "apache"]),
    required=True,
    help="The web server.",
)
@_options
@click.pass_context
def server_config(ctx: click.Context, /, server: str, **options: Any) -> None:
    """Print a configuration of a web server for the application.

    Its first lines say what it needs, and what the server cannot do. For nginx, save it below
    /etc/nginx/conf.d; for Caddy, as /etc/caddy/Caddyfile; for Apache, below
    /etc/apache2/sites-enabled.
    """
    _print(ctx, server, **options)


@click.command()
@_options
@click.pass_context
def nginx(ctx: click.Context, /, **options: Any) -> None:
    """Print a configuration of nginx: short for server-config --for nginx.

    Save it below /etc/nginx/conf.d, where it is included in http { }.
    """
    _print(ctx, "nginx", **options)


def _print(
    ctx: click.Context,
    server: str,
    *,
    url: str | None,
    upstream: str,
    listen: str | None,
    certificate: str | None,
    certificate_key: str | None,
    cache: str | None,
    no_cache: bool,
    resolver: str | None,
) -> None:
    """Print the configuration of *server*."""
    app, settings = _application(ctx)
    parts = _site_url(app, url)
    is_secure = parts.scheme == "https"
    if not is_secure and (certificate or certificate_key):
        raise click.UsageError("A certificate needs a URL that starts with https://.")
    if certificate_key and not certificate and server in _GETS_CERTIFICATES:
        raise click.UsageError("--certificate-key needs --certificate.")
    if cache and no_cache:
        raise click.UsageError("--cache and --no-cache exclude each other.")
    if cache and server not in _CAN_CACHE:
        raise click.UsageError(f"{server} has no cache, so --cache is for others.")
    if settings.proxy_offload and server not in _CAN_FETCH:
        raise click.UsageError(
            f"{server} cannot fetch files for the application. Leave IPERNITY_PROXY_OFFLOAD out,"
            " or use nginx."
        )
    if cache and settings.proxy_offload:
        raise click.UsageError(
            "IPERNITY_PROXY_OFFLOAD and --cache exclude each other: nginx cannot keep a file that"
            " it fetches for the application. Leave one of them out."
        )
    if (cache or settings.proxy_offload) and not settings.proxy_docs:
        raise click.UsageError("IPERNITY_PROXY_DOCS is off, so there are no files to send.")
    if not _PREFIX.fullmatch(settings.proxy_url_prefix):
        raise click.UsageError(
            "IPERNITY_PROXY_URL_PREFIX must have letters, digits, and . _ ~ - only, to be part of"
            f" a configuration; it is {settings.proxy_url_prefix!r}."
        )
    hosts = _hosts(app, parts)
    if is_secure and not certificate and server not in _GETS_CERTIFICATES:
        live = f"/etc/letsencrypt/live/{hosts[0]}"
        certificate, own_key = f"{live}/fullchain.pem", f"{live}/privkey.pem"
        certificate_key = certificate_key or own_key
    site = Site(
        settings=settings,
        hosts=hosts,
        is_secure=is_secure,
        port=parts.port or (443 if is_secure else 80),
        prefix=parts.path.rstrip("/"),
        upstream=upstream,
        listen=listen,
        certificate=certificate,
        certificate_key=certificate_key or certificate,
        max_body=app.config["MAX_CONTENT_LENGTH"] or _MAX_BODY,
        cache=cache,
        resolver=resolver or _system_resolver(),
    )
    keeps = server in _CAN_CACHE and settings.proxy_docs and not settings.proxy_offload
    if cache is None and keeps and not no_cache:
        site = replace(site, cache=_default_cache(server, site))
    click.echo(_configuration(server, site), nl=False)


def _default_cache(server: str, site: Site) -> str:
    # Debian's htcacheclean cleans this one.
    apache = "/var/cache/apache2/mod_cache_disk"
    return apache if server == "apache" else f"/var/cache/nginx/{site.name}"


def _configuration(server: str, site: Site) -> str:
    if server == "nginx":
        from . import nginx_config

        return nginx_config.configuration(site)
    if server == "caddy":
        from . import caddy_config

        return caddy_config.configuration(site)
    from . import apache_config

    return apache_config.configuration(site)


def _application(ctx: click.Context) -> tuple[Flask, Settings]:
    from flask.cli import ScriptInfo

    from ..errors import ConfigurationError
    from ..state import current_state

    try:
        # "flask" has found the application, "flask-ipernity" has not.
        info = ctx.find_object(ScriptInfo) or ScriptInfo(os.environ.get("FLASK_APP"))
        app = info.load_app()
        with app.app_context():
            return app, current_state().settings
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None


def _site_url(app: Flask, url: str | None) -> SplitResult:
    """Return the site's URL in its parts.

    :param url: the URL, if it was given.
    :raises click.UsageError: it is not known, or is none that a server's configuration can hold.
    """
    if url is None:
        name = app.config["SERVER_NAME"]
        if not name:
            raise click.UsageError(
                "The site's URL is not known. Name it with --url https://photos.example.org, or"
                " set SERVER_NAME and PREFERRED_URL_SCHEME."
            )
        url = f"{app.config['PREFERRED_URL_SCHEME']}://{name}{app.config['APPLICATION_ROOT']}"
    try:
        parts = urlsplit(url)
        is_port = parts.port is None or parts.port > 0
    except ValueError:
        parts, is_port = urlsplit(""), False
    if (
        parts.scheme not in ("http", "https")
        or not is_port
        or "@" in parts.netloc
        or not _HOST.fullmatch(_host(parts))
        or not _PREFIX.fullmatch(parts.path.rstrip("/"))
        or parts.query
        or parts.fragment
    ):
        raise click.UsageError(
            f"{url!r} is not the URL of a site, such as https://photos.example.org/photos."
        )
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"[{host}]" if ":" in host else host


def _hosts(app: Flask, parts: SplitResult) -> tuple[str, ...]:
    """Return the names of the site's host: that of its URL, and those in ``TRUSTED_HOSTS``."""
    names = [_host(parts)]
    for name in app.config["TRUSTED_HOSTS"] or ():
        bare = re.sub(r":[0-9]+$", "", str(name))
        if not _HOST.fullmatch(bare):
            raise click.UsageError(f"{name!r} in TRUSTED_HOSTS is not the name of a host.")
        names.append(bare.lower())
    return tuple(dict.fromkeys(names))


def _system_resolver() -> str:
    """Return the DNS server that this machine asks."""
    try:
        text = Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    for found in re.findall(r"(?m)^\s*nameserver\s+(\S+)", text):
        address = f"[{found}]" if ":" in found else found
        if _RESOLVER.fullmatch(address):
            return address
    return "127.0.0.53"
