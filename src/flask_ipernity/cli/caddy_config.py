"""The configuration of Caddy for a site."""

from __future__ import annotations

from textwrap import indent

from .site import Site, head


def configuration(site: Site) -> str:
    """Return the configuration, for a Caddyfile or a file that one imports."""
    lines = [
        "Caddy keeps no thumbnails: without a plugin it has no cache.",
        "Caddy fetches no files for the application: IPERNITY_PROXY_OFFLOAD is for nginx.",
    ]
    if site.is_secure and not site.certificate:
        lines.append("Caddy gets the certificates by itself, and leads from http to https.")
        if any(host.startswith(".") for host in site.hosts):
            lines.append(
                "One for *. it gets only with a plugin for your DNS, or take --certificate."
            )
    body = indent(_body(site), "\t")
    return f"{head(site, 'Caddy', lines)}\n{_addresses(site)} {{\n{body}}}\n"


def _addresses(site: Site) -> str:
    """Return the URLs at which Caddy answers."""
    scheme = "https" if site.is_secure else "http"
    port = int((site.listen or str(site.port)).rpartition(":")[2])
    shown = "" if port == (443 if site.is_secure else 80) else f":{port}"
    names = []
    for host in site.hosts:
        # Flask's ".example.org" is the domain and what is below it.
        names += [host[1:], f"*{host}"] if host.startswith(".") else [host]
    return ", ".join(f"{scheme}://{name}{shown}" for name in names)


def _body(site: Site) -> str:
    address = (site.listen or "").rpartition(":")[0].strip("[]")
    lines = [f"bind {address}"] if address not in ("", "*") else []
    if site.certificate:
        lines.append(f"tls {site.certificate} {site.certificate_key}")
    lines += ["request_body {", f"\tmax_size {site.max_body}B", "}"]
    if site.prefix:
        return "\n".join(
            [
                *lines,
                f"redir {site.prefix} {site.prefix}/ permanent",
                f"handle_path {site.prefix}/* {{",
                indent(_proxy(site), "\t") + "}",
                "handle {",
                "\terror 404",
                "}\n",
            ]
        )
    return "\n".join([*lines, _proxy(site)])


def _proxy(site: Site) -> str:
    host = "{host}" if site.has_usual_port else f"{{host}}:{site.port}"
    prefix = f"X-Forwarded-Prefix {site.prefix}" if site.prefix else "-X-Forwarded-Prefix"
    return f"""\
reverse_proxy {site.upstream.replace("unix:", "unix/")} {{
	header_up Host {host}
	# Caddy itself sets X-Forwarded-For and X-Forwarded-Proto.
	header_up {prefix}
	header_up -X-Forwarded-Host
	header_up -Forwarded
	transport http {{
		# Shorter than the application's server keeps a connection.
		keepalive 1s
	}}
}}
"""
