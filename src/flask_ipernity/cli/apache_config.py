"""The configuration of Apache for a site."""

from __future__ import annotations

import re
from textwrap import indent

from ..media.labels import SIZES
from .site import Site, head

#: Bytes of the largest thumbnail that is kept; Apache's own limit is 1 MB.
_MAX_THUMBNAIL = 20_000_000


def configuration(site: Site) -> str:
    """Return the configuration, for a file that is included at the top level."""
    modules = ["headers", "proxy", "proxy_http"]
    modules += ["ssl"] if site.is_secure else []
    modules += ["cache", "cache_disk", "setenvif"] if site.cache else []
    lines = [f"It needs some modules: a2enmod {' '.join(modules)}", ""]
    if site.cache:
        lines += [
            f"Public thumbnails are kept in {site.cache}, private ones never.",
            "The folder must belong to Apache's user, and htcacheclean keeps it small; on Debian:",
            "",
            "    systemctl enable --now apache-htcacheclean",
            "",
            "When they are too old they are not shown, also while the application fails: Apache",
            "knows no end for that.",
        ]
    else:
        lines.append("Apache keeps no thumbnails.")
    lines += [
        "Apache fetches no files for the application: IPERNITY_PROXY_OFFLOAD is for nginx, and",
        "mod_xsendfile knows only files of this machine.",
    ]
    return "\n".join([head(site, "Apache", lines), *_listen(site), *_redirect(site), _host(site)])


def _port(site: Site) -> str:
    return (site.listen or str(site.port)).rpartition(":")[2]


def _listen(site: Site) -> list[str]:
    """Return the lines for a port that Apache does not listen on by itself."""
    own = site.listen or str(site.port)
    return [] if own in ("80", "443") else [f"Listen {own.removeprefix('*:')}\n"]


def _address(site: Site) -> str:
    address = (site.listen or "").rpartition(":")[0]
    return f"{address or '*'}:{_port(site)}"


def _names(site: Site) -> str:
    scheme = "https" if site.is_secure else "http"
    others = []
    for host in site.hosts[1:]:
        # Flask's ".example.org" is the domain and what is below it.
        others += [host[1:], f"*{host}"] if host.startswith(".") else [host]
    alias = f"ServerAlias {' '.join(others)}\n" if others else ""
    # Apache takes no IPv6 address for a name.
    is_name = not site.hosts[0].startswith("[")
    name = f"ServerName {scheme}://{site.hosts[0]}:{site.port}\n" if is_name else ""
    return name + alias


def _redirect(site: Site) -> list[str]:
    """Return the host that leads from http to https."""
    if not site.is_secure or site.port != 443 or site.listen:
        return []
    names = _names(site).replace("https://", "http://").replace(":443\n", ":80\n")
    text = f"{names}Redirect permanent / https://{site.hosts[0]}/\n"
    return [f"<VirtualHost *:80>\n{indent(text, '    ')}</VirtualHost>\n"]


def _host(site: Site) -> str:
    parts = [_names(site)]
    if site.is_secure:
        parts.append(
            "SSLEngine on\n"
            f"SSLCertificateFile {site.certificate}\n"
            f"SSLCertificateKeyFile {site.certificate_key}\n"
            "SSLProtocol -all +TLSv1.2 +TLSv1.3\n"
        )
    parts += [_headers(site), _proxy(site)]
    if site.cache:
        parts.append(_cache(site))
    text = indent("\n".join(parts), "    ")
    return f"<VirtualHost {_address(site)}>\n{text}</VirtualHost>\n"


def _headers(site: Site) -> str:
    prefix = (
        f'set X-Forwarded-Prefix "{site.prefix}"' if site.prefix else "unset X-Forwarded-Prefix"
    )
    return f"""\
# What visitors send under these names is not passed on.
ProxyAddHeaders Off
RequestHeader set X-Forwarded-For "expr=%{{REMOTE_ADDR}}"
RequestHeader set X-Forwarded-Proto {"https" if site.is_secure else "http"}
RequestHeader {prefix}
RequestHeader unset X-Forwarded-Host
RequestHeader unset Forwarded
"""


def _proxy(site: Site) -> str:
    upstream = f"http://{site.upstream}/"
    if site.upstream.startswith("unix:"):
        upstream = f"{site.upstream}|http://localhost/"
    to_slash = f'RedirectMatch permanent "^{re.escape(site.prefix)}$" "{site.prefix}/"\n'
    return (
        f"LimitRequestBody {site.max_body}\n"
        "ProxyPreserveHost On\n"
        + (to_slash if site.prefix else "")
        # Shorter than the application's server keeps a connection.
        + f'ProxyPass "{site.prefix}/" "{upstream}" ttl=1\n'
    )


def _cache(site: Site) -> str:
    path = re.escape(f"{site.prefix}{site.settings.proxy_url_prefix}/doc/").replace('"', '\\"')
    scheme = "https" if site.is_secure else "http"
    return f"""\
# The application says with Cache-Control what may be kept, and for how long.
CacheRoot "{site.cache}"
CacheKeyBaseURL {scheme}://{site.hosts[0]}:{site.port}/
CacheQuickHandler Off
CacheMaxFileSize {_MAX_THUMBNAIL}
CacheIgnoreHeaders Set-Cookie
CacheHeader On
# A picture that its owner has made private would be shown for as long as the application fails,
# or to whoever asks for it with "Cache-Control: max-stale".
CacheStaleOnError Off
RequestHeader unset Cache-Control early
RequestHeader unset Pragma early
# Other parameters mean nothing, and would only multiply what is kept; signed URLs show private
# media.
SetEnvIfExpr "%{{QUERY_STRING}} !~ /^(fallback=nearest)?$/" no-cache
<LocationMatch "^{path}[0-9]+/({"|".join(SIZES)})$">
    CacheEnable disk
</LocationMatch>
"""
