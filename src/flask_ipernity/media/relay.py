"""Fetches media from an allowed host and passes it on."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.exceptions import TimeoutError as AnyTimeout
from urllib3.util import Url, parse_url

from ..errors import BadAnswer, ServiceError, ServiceTimeout, ServiceUnavailable

_PIECE = 256 * 1024


def allowed(url: str, hosts: tuple[str, ...]) -> Url:
    """Return *url* in parts, if media may come from there.

    :param hosts: ``IPERNITY_MEDIA_HOSTS``.
    :raises BadAnswer: another host, scheme or port, or a user name in it.
    """
    try:
        parts = parse_url(url)
    except LocationParseError:
        parts = Url()
    host = (parts.host or "").lower().rstrip(".")
    literal = host in hosts and _is_local(host)
    known = literal or any(
        host.endswith(entry) if entry.startswith(".") else host == entry for entry in hosts
    )
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    secure = parts.scheme == "https" and parts.port in (None, 443)
    if not (known and plain and parts.auth is None and (secure or literal)):
        raise BadAnswer("media are not where they may come from")
    return parts._replace(host=host)


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


class Relay:
    """The connections to the hosts of the media; one for an application, shared by threads.

    :param timeout: seconds to connect, and seconds between two pieces.
    """

    def __init__(self, timeout: tuple[float, float], pool_size: int, user_agent: str) -> None:
        self._timeout = Timeout(connect=timeout[0], read=timeout[1])
        self._headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
        self._pools = PoolManager(maxsize=pool_size, num_pools=8)

    def open(self, url: Url, *, head: bool = False) -> BaseHTTPResponse:
        """Ask for *url* and return the source's answer, its body not yet read.

        :raises ServiceError: there is none.
        """
        try:
            return self._pools.urlopen(
                "HEAD" if head else "GET",
                url.url,
                headers=self._headers,
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except AnyTimeout:
            failure: ServiceError = ServiceTimeout("the media host did not answer in time")
        except HTTPError:
            failure = ServiceUnavailable("the media host cannot be reached")
        raise failure


def pieces(response: BaseHTTPResponse) -> Iterator[bytes]:
    """Yield the body as it comes, and let go of the connection at the end, however it ends.

    A source that breaks off raises: the server then cuts the visitor's
    connection, and what was sent is not taken for the whole.
    """
    try:
        while piece := response.read1(_PIECE, decode_content=False):
            yield piece
    finally:
        response.close()
