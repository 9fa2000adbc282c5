"""Where media may come from: the hosts, and the IP addresses that a socket may connect to."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from time import monotonic
from typing import NamedTuple

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from ..errors import BadAnswer
from ..http import sockets

#: Characters of a URL.
MAX_URL_LENGTH = 4096
_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.ASCII)
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_UNICAST = IPv6Network("2000::/3")
# IETF protocols and 6to4 relays (RFC 6890, RFC 7526), public to older versions of Python.
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))


@dataclass(frozen=True, slots=True)
class MediaOrigin(sockets.Origin):
    """A server that media are fetched from."""

    #: Whether the setting names this very machine, so that plain http, any port
    #: and a private address are allowed.
    exempt: bool


class MediaURL(NamedTuple):
    """The URL of a file: the server, and the path and query that are asked for."""

    origin: MediaOrigin
    target: str

    @property
    def url(self) -> str:
        """The URL as text."""
        usual = {"http": 80, "https": 443}[self.origin.scheme] == self.origin.port
        port = "" if usual else f":{self.origin.port}"
        return f"{self.origin.scheme}://{self.origin.host}{port}{self.target}"


@lru_cache(maxsize=1024)
def allowed(url: str, hosts: tuple[str, ...]) -> MediaURL:
    """Return *url* in its parts, if media may come from there.

    ``http`` is made ``https``: the path of a private file is its only lock, and
    must not travel in the clear.

    :param hosts: ``IPERNITY_MEDIA_HOSTS``.
    :raises BadAnswer: it has another host, scheme or port, a user name, or
        characters that programs understand differently.
    """
    is_unambiguous = (
        len(url) <= MAX_URL_LENGTH
        and url.isascii()
        and url.isprintable()
        and not any(char in url for char in ' \\"<>^`{|}')
    )
    try:
        parts = parse_url(url) if is_unambiguous else Url()
    except LocationParseError:
        parts = Url()
    host = (parts.host or "").lower().rstrip(".")
    literal = host.strip("[]")
    if parts.auth is None:
        if literal in hosts and is_local(literal) and parts.scheme in ("http", "https"):
            port = {"http": 80, "https": 443}[parts.scheme] if parts.port is None else parts.port
            return MediaURL(MediaOrigin(parts.scheme, host, port, exempt=True), parts.request_uri)
        if _NAME.fullmatch(host) and _is_listed(host, hosts) and _is_secure(parts):
            return MediaURL(MediaOrigin("https", host, 443, exempt=False), parts.request_uri)
    raise BadAnswer("the URL of the media is not on an allowed host")


def _is_listed(host: str, hosts: tuple[str, ...]) -> bool:
    return any(
        host.endswith(entry) if entry.startswith(".") else host == entry
        for entry in hosts
        if not is_local(entry)
    )


def _is_secure(parts: Url) -> bool:
    return (parts.scheme == "https" and parts.port in (None, 443)) or (
        parts.scheme == "http" and parts.port in (None, 80)
    )


def is_local(host: str) -> bool:
    """Return whether *host* is ``localhost`` or the literal of an IP address."""
    if host == "localhost":
        return True
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Return whether the IP address *address* belongs to the internet at large.

    An IPv6 address that embeds an IPv4 one counts as that one. Those of 6to4,
    Teredo and ISATAP do not count: media are not reached that way today.
    """
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or (IPv4Address(ip.packed[12:]) if ip in _NAT64 else None)
        if inner is not None:
            ip = inner
        elif (
            ip not in _UNICAST
            or ip in _6TO4
            or ip.packed[8:12]
            in (
                b"\x00\x00\x5e\xfe",
                b"\x02\x00\x5e\xfe",
            )
        ):
            return False
    is_special = isinstance(ip, IPv4Address) and any(ip in network for network in _SPECIAL)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not is_special


def resolve(host: str, port: int, timeout: float) -> list[sockets.Address]:
    """Return the public IP addresses of *host*, as ``socket.connect`` takes them.

    The caller connects to these and does not resolve again, so that a name
    cannot mean one address when it is checked and another when it is used.

    :param timeout: seconds.
    :raises OSError: the name cannot be resolved.
    """
    found = sockets.resolve(host, port, timeout)
    return [(family, address) for family, address in found if is_public(str(address[0]))]


def open_socket(origin: MediaOrigin, timeout: float) -> socket.socket:
    """Return a socket that is connected to *origin*: to a public address, unless it is exempt.

    :param timeout: seconds, for the name and all addresses together.
    :raises OSError: there is no connection.
    """
    if origin.exempt:
        return sockets.open_socket(origin, timeout)
    end = monotonic() + timeout
    return sockets.connect(resolve(origin.host, origin.port, timeout), end)
