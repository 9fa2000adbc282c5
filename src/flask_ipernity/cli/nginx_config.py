"""The configuration of nginx for a site.

The files in ``media/nginx`` are complete for the default settings; what is different for a site
is put in their place.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from textwrap import dedent, indent

from ..media.hosts import is_local
from .site import Site, head

#: Where systems keep the certificates of the authorities that they trust.
_AUTHORITIES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

#: What the files in ``media/nginx`` say, where a site may differ.
_DOC_PATH = "/ipernity/doc/"
_OFFLOAD_PATH = "/_ipernity/"
_HOSTS = "^https://([a-z0-9-]+[.])+ipernity[.]com/"
_TO_APPLICATION = "    proxy_pass http://application;\n"
_HEADERS = """\
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
"""


def configuration(site: Site) -> str:
    """Return the configuration, for a file that is included in ``http { }``."""
    settings = site.settings
    at_http = [f"upstream {site.name} {{\n    server {site.upstream};\n    keepalive 16;\n}}\n"]
    at_server = [_application(site)]
    if settings.proxy_docs and settings.proxy_offload:
        at_http.append(_maps(site))
        at_server.append(_offload(site))
    elif site.cache:
        seconds = max(7 * 86400, settings.proxy_max_age + int(settings.cache_stale_age))
        at_http.append(
            f"proxy_cache_path {site.cache} keys_zone={site.name}:10m max_size=5g"
            f" inactive={seconds}s use_temp_path=off;\n"
        )
        at_server.append(_cache(site))
    return "\n".join([_heading(site), *at_http, *_redirect(site), _server(site, at_server)])


def _heading(site: Site) -> str:
    settings = site.settings
    if not settings.proxy_docs:
        lines = ["IPERNITY_PROXY_DOCS is off: nginx sends no photos."]
    elif settings.proxy_offload:
        lines = [
            "nginx fetches and sends the files (IPERNITY_PROXY_OFFLOAD), and keeps none.",
            "IPERNITY_PROXY_STREAMS and IPERNITY_PROXY_MAX_BYTES do not apply.",
        ]
    elif site.cache:
        lines = [f"Public thumbnails are kept in {site.cache}, private ones never."]
    else:
        lines = ["nginx keeps no thumbnails."]
    return head(site, "nginx", lines)


def _server(site: Site, parts: list[str]) -> str:
    own = site.listen or str(site.port)
    ports = [own] if site.listen else [own, f"[::]:{own}"]
    ssl = " ssl" if site.is_secure else ""
    lines = [f"listen {port}{ssl};" for port in ports]
    lines.append(f"server_name {' '.join(site.hosts)};")
    if site.is_secure:
        lines += [
            f"ssl_certificate {site.certificate};",
            f"ssl_certificate_key {site.certificate_key};",
            "ssl_protocols TLSv1.2 TLSv1.3;",
        ]
    if site.settings.proxy_offload:
        lines.append(f"resolver {site.resolver};")
    first = indent("\n".join([*lines, "absolute_redirect off;"]), "    ")
    return f"server {{\n{first}\n\n" + "\n".join(indent(part, "    ") for part in parts) + "}\n"


def _redirect(site: Site) -> list[str]:
    """Return the server that leads from http to https."""
    if not site.is_secure or site.port != 443 or site.listen:
        return []
    return [
        dedent(
            f"""\
            server {{
                listen 80;
                listen [::]:80;
                server_name {" ".join(site.hosts)};
                return 301 https://{site.hosts[0]}$request_uri;
            }}
            """
        )
    ]


def _headers(site: Site) -> str:
    host = "$host" if site.has_usual_port else f"$host:{site.port}"
    return (
        f"    proxy_set_header Host {host};\n"
        "    proxy_set_header X-Forwarded-For $remote_addr;\n"
        "    proxy_set_header X-Forwarded-Proto $scheme;\n"
        # What visitors send under these names is not passed on.
        f'    proxy_set_header X-Forwarded-Prefix "{site.prefix}";\n'
        '    proxy_set_header X-Forwarded-Host "";\n'
        '    proxy_set_header Forwarded "";\n'
    )


def _application(site: Site) -> str:
    to_slash = f"location = {site.prefix} {{\n    return 301 {site.prefix}/;\n}}\n\n"
    return (
        (to_slash if site.prefix else "")
        + f"location {site.prefix}/ {{\n"
        + f"    proxy_pass http://{site.name}{'/' if site.prefix else ''};\n"
        + '    proxy_http_version 1.1;\n    proxy_set_header Connection "";\n'
        + "    proxy_redirect off;\n"
        + _headers(site)
        + f"    client_max_body_size {site.max_body};\n}}\n"
    )


def _cache(site: Site) -> str:
    path = re.escape(f"{site.prefix}{site.settings.proxy_url_prefix}/doc/")
    to_application = f"    proxy_pass http://{site.name};\n"
    if site.prefix:
        prefix = re.escape(site.prefix)
        to_application = f"    rewrite ^{prefix}(/.*)$ $1 break;\n{to_application}"
    return _filled(
        "cache.conf",
        {
            f"^{_DOC_PATH}": f"^{path}",
            _TO_APPLICATION: to_application,
            _HEADERS: _headers(site),
            "proxy_cache ipernity;": f"proxy_cache {site.name};",
        },
        site,
    )


def _maps(site: Site) -> str:
    hosts = [_allowed(host) for host in site.settings.media_hosts]
    line = f'    "~{_HOSTS}" $upstream_http_x_ipernity_source;\n'
    lines = "".join(line.replace(_HOSTS, host) for host in hosts)
    return _filled("maps.conf", {line: lines}, site)


def _allowed(host: str) -> str:
    """Return the regular expression for the URLs of an entry of ``IPERNITY_MEDIA_HOSTS``."""
    host = host.lower()
    if is_local(host):
        literal = f"[{host}]" if ":" in host else host
        return f"^https?://{re.escape(literal)}(:[0-9]+)?/"
    if host.startswith("."):
        return f"^https://([a-z0-9_-]+[.])+{re.escape(host[1:])}/"
    return f"^https://{re.escape(host)}/"


def _offload(site: Site) -> str:
    settings = site.settings
    assert settings.proxy_offload is not None
    connect, answer = settings.timeout
    known = [path for path in _AUTHORITIES if Path(path).exists()]
    return _filled(
        "offload.conf",
        {
            _OFFLOAD_PATH: settings.proxy_offload.removeprefix("x-accel:"),
            _AUTHORITIES[0]: (known or [*_AUTHORITIES])[0],
            "proxy_connect_timeout 5s": f"proxy_connect_timeout {_milliseconds(connect)}",
            "proxy_send_timeout 15s": f"proxy_send_timeout {_milliseconds(answer)}",
            "proxy_read_timeout 15s": f"proxy_read_timeout {_milliseconds(answer)}",
        },
        site,
    )


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"


def _filled(name: str, replacements: dict[str, str], site: Site) -> str:
    """Return a file of ``media/nginx`` with other values in it, and without its head.

    :param replacements: what is put in the place of what the file says.
    """
    text = (resources.files("flask_ipernity.media") / "nginx" / name).read_text(encoding="utf-8")
    text = text.partition("\n\n")[2]
    for old, new in replacements.items():
        assert old in text, f"{name} does not say {old!r}"
        text = text.replace(old, new)
    # nginx has one set of variables for all sites.
    return re.sub(r"(?<=[$<])ipernity_", f"{site.short_name}_", text)
