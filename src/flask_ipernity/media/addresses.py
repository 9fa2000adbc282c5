"""The visitors' addresses, as far as they tell one visitor from another."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


@lru_cache(maxsize=1024)
def visitor_address(remote_address: str | None) -> str | None:
    """Return a visitor's address, or ``None`` where it cannot be told from others'.

    One subscriber has a whole network of IPv6 addresses. An address of this very machine is that
    of a web server in front, of which the application has not been told (``ProxyFix``), so that it
    stands for all visitors.

    :param remote_address: the address as the server gives it.
    """
    try:
        ip = ip_address((remote_address or "").partition("%")[0])
    except ValueError:
        # a socket of Unix has none
        return None
    if isinstance(ip, IPv6Address):
        mapped = ip.ipv4_mapped
        if mapped is None:
            return None if ip.is_loopback else f"{IPv6Address(int(ip) >> 64 << 64)}/64"
        ip = mapped
    return None if str(ip) == "127.0.0.1" else str(ip)
