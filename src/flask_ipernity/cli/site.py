"""What a web server in front of the application must know about the site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site as a web server in front of the application must know it."""

    settings: Settings
    #: Names of the host, the first one in its URL.
    hosts: tuple[str, ...]
    #: Whether visitors come over TLS.
    is_secure: bool
    #: The port in the site's URL.
    port: int
    #: The path below which the application is, without a slash at the end; empty at the root.
    prefix: str
    #: Where the application listens.
    upstream: str
    #: Where the web server listens: a port, or an address and a port; by default :attr:`port`.
    listen: str | None
    #: Files with the certificate and its key; None where the web server gets them by itself.
    certificate: str | None
    certificate_key: str | None
    #: Bytes of the largest request.
    max_body: int
    #: The folder in which public thumbnails are kept, if they are.
    cache: str | None
    #: The server that names of media hosts are asked of.
    resolver: str

    @property
    def name(self) -> str:
        """A name for what the configuration of several sites must keep apart."""
        path = re.sub(r"[^a-z0-9]+", "_", f"{self.hosts[0]}{self.prefix}".lower())
        return f"ipernity_{path.strip('_')}"

    @property
    def short_name(self) -> str:
        """The same in few characters: names in regular expressions have 32 at most."""
        return "ipernity_" + blake2b(self.name.encode(), digest_size=4).hexdigest()

    @property
    def has_usual_port(self) -> bool:
        """Whether the port is left out of the site's URL."""
        return self.port == (443 if self.is_secure else 80)


def head(site: Site, server: str, lines: list[str]) -> str:
    """Return the comment at the top of a configuration.

    :param server: the name of the web server.
    :param lines: what it does and what it cannot do.
    """
    trusted = ["x_for=1", "x_proto=1", *(["x_prefix=1"] if site.prefix else [])]
    first = [
        f"The site's part of {server}, as its settings are now. Print it anew when they change.",
        f"The application must believe the headers that {server} sends it:",
        "",
        "    from werkzeug.middleware.proxy_fix import ProxyFix",
        f"    app.wsgi_app = ProxyFix(app.wsgi_app, {', '.join(trusted)})",
        "",
    ]
    return "".join(f"# {line}".rstrip() + "\n" for line in [*first, *lines])
