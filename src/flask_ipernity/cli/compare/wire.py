"""Sends calls as they are told, right or wrong, one after the other and not too fast.

The client of this package cannot be used for that: it signs all calls, sends them again, and
raises errors of its own for what is to be looked at here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTP_PORT, HTTPS_PORT, HTTPException
from io import BytesIO
from secrets import token_hex
from time import monotonic, sleep, time
from typing import Any
from urllib.parse import urlencode, urlsplit

from ...client.multipart import UploadSource, form_body
from ...client.signing import api_sig
from ...errors import BadAnswer
from ...http.connection import Connection, RateReader
from ...http.pool import Pool
from ...http.sockets import ConnectError, Origin
from ...media import hosts
from ...settings import Settings
from .calls import Call

#: Bytes of a response that are read.
MAX_BYTES = 8 * 1024 * 1024
#: How many calls one run makes at most, and how many of these only cleaning up may make.
MAX_CALLS = 150
KEPT_FOR_CLEANING = 10

#: The status of a file that was not asked for, because its host is not allowed.
NOT_ALLOWED = 0

#: Looks like a token or a frob, and is none.
MADE_UP = "999999999-0123456789abcdef"


#: Makes another secret, or another signature, of one.
OTHER_DIGITS = str.maketrans("0123456789abcdef", "123456789abcdef0")


class NoAnswer(Exception):
    """There is no response; the text says why, without an address."""


class LimitReached(Exception):
    """The run has made as many calls as it may."""


@dataclass(frozen=True)
class Answer:
    """A response as it came."""

    status: int
    #: By their names in small letters.
    headers: Mapping[str, str]
    body: bytes
    #: When it came, in Unix seconds.
    at: float = 0.0

    @cached_property
    def data(self) -> Any:
        """The decoded JSON; ``None`` if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def code(self) -> str | None:
        """The code of an API error, as text; ``None`` for any other answer."""
        match self.data:
            case {"api": {"status": "error", "code": code}}:
                return str(code)
        return None

    @property
    def is_ok(self) -> bool:
        """Whether the call has succeeded."""
        match self.data:
            case {"api": {"status": "ok"}}:
                return self.status == 200
        return False


class Wire:
    """The connection to the service that an application's settings name.

    :param settings: of the application.
    :param pace: seconds between the starts of two calls.
    """

    def __init__(self, settings: Settings, pace: float) -> None:
        self._settings = settings
        self._pace = pace
        self._next = 0.0
        #: The token of the account, and the file of its one picture.
        self.token: str | None = None
        self.picture = b""
        #: How many requests were sent, and how many there may be.
        self.sent = 0
        self.limit = MAX_CALLS - KEPT_FOR_CLEANING
        #: The names of the calls that may have arrived, answered or not.
        self.begun: set[str] = set()
        #: Signatures that were sent, which no report may show.
        self.signatures: set[str] = set()
        self._api = _place(settings.api_url)
        self._pool = Pool(1)
        self._media = Pool(1, hosts.open_socket, RateReader)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()
        self._media.close()

    def pause(self, seconds: float) -> None:
        """Wait before the service is asked the same again; without a pace, a moment."""
        sleep(seconds if self._pace else seconds / 100)

    def call(self, call: Call, params: Mapping[str, str]) -> Answer:
        """Send one call.

        :param params: those of the call, with its samples filled in.
        :raises NoAnswer: there is no response.
        :raises LimitReached: there were too many calls before.
        """
        sent = self._complete(call, params)
        origin, path = self._api
        target = f"{path}{call.method}{call.form}"
        headers: Mapping[str, str] = {}
        body: Any = None
        if not call.post:
            target += "?" + urlencode(sent)
        else:
            if call.query:
                target += "?" + urlencode(call.query)
            if call.file:
                body, headers, _ = UploadSource(_Picture(self.picture)).body(sent)
            elif call.multipart:
                body, headers = _multipart(sent)
            else:
                body, headers, _ = form_body(sent)
        verb = "POST" if call.post else "GET"
        return self._exchange(self._pool, origin, verb, target, headers, body, call.name)

    def fetch(self, url: str, verb: str, headers: Mapping[str, str]) -> Answer:
        """Fetch a file of the media host, from where the settings allow it.

        :returns: an answer with the status :data:`NOT_ALLOWED` if the host is not allowed.
        :raises NoAnswer: there is no response.
        :raises LimitReached: there were too many calls before.
        """
        try:
            found = hosts.allowed(url, self._settings.media_hosts)
        except BadAnswer:
            return Answer(NOT_ALLOWED, {}, b"")
        return self._exchange(self._media, found.origin, verb, found.target, headers, None)

    def open_page(self, url: str) -> Answer:
        """Open the page with the sign-in link, as a browser without cookies does.

        :raises NoAnswer: there is no response.
        :raises LimitReached: there were too many calls before.
        """
        origin, path = _place(url)
        target = f"{path.rstrip('/')}?{urlsplit(url).query}"
        return self._exchange(self._pool, origin, "GET", target, {}, None)

    def _complete(self, call: Call, params: Mapping[str, str]) -> dict[str, str]:
        """Return the parameters with key, token, language and signature, as the call wants them."""
        sent = dict(params)
        if call.key != "none":
            sent["api_key"] = self._settings.app_key if call.key == "right" else token_hex(16)
        if call.token == "wrong":
            sent["auth_token"] = MADE_UP
        elif call.token == "right":
            sent["auth_token"] = self.token or ""
        lang = self._settings.lang or "en"
        if call.lang == "signed":
            sent["lg"] = lang
        if call.signature != "none":
            right = api_sig({**call.query, **sent}, self._settings.app_secret, call.method)
            signature = right if call.signature == "right" else right.translate(OTHER_DIGITS)
            sent["api_sig"] = signature
            self.signatures.add(signature)
        if call.lang == "unsigned":
            sent["lg"] = lang
        return sent

    def _exchange(
        self,
        pool: Pool,
        origin: Origin,
        verb: str,
        target: str,
        headers: Mapping[str, str],
        body: Any,
        name: str = "",
    ) -> Answer:
        if self.sent >= self.limit:
            raise LimitReached
        if (wait := self._next - monotonic()) > 0:
            sleep(wait)
        self._next = monotonic() + self._pace
        self.sent += 1
        agent = self._settings.user_agent or "Flask-Ipernity (compare)"
        common = {"User-Agent": agent, "Accept-Encoding": "identity"}
        connect, total = self._settings.timeout
        connection: Connection | None = None
        try:
            connection = pool.take(origin, connect)
            self.begun.add(name)
            connection.send_request(verb, target, {**common, **headers}, body, timeout=total)
            response = connection.read_response(total)
            content = response.read(MAX_BYTES)
            found = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, found, content, time())
            if response.isclosed():
                pool.keep(origin, connection)
            else:
                connection.close()
            return answer
        except (HTTPException, OSError, ValueError) as error:
            if connection is not None:
                connection.close()
            # ValueError: something that an answer has shown cannot be sent in a header. The
            # error's own text may hold an address.
            raise NoAnswer(_reason(error)) from None
        except BaseException:
            if connection is not None:
                connection.close()
            raise


class _Picture(BytesIO):
    """The picture to upload, under the name that one of the clients gives to all its files."""

    name = "dummy_name"


def _place(url: str) -> tuple[Origin, str]:
    """Return the server at *url*, and the path, which ends with a slash."""
    parts = urlsplit(url)
    port = parts.port or (HTTPS_PORT if parts.scheme == "https" else HTTP_PORT)
    return Origin(parts.scheme, parts.hostname or "", port), parts.path.rstrip("/") + "/"


def _multipart(params: Mapping[str, str]) -> tuple[bytes, Mapping[str, str]]:
    """Return *params* as the body of a form with a part for each."""
    boundary = token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in params.items()
    ]
    body = f"{''.join(parts)}--{boundary}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def _reason(error: Exception) -> str:
    """Return why there is no response; the error's own text may hold an address."""
    match error:
        case ConnectError():
            return "no connection"
        case TimeoutError():
            return "no answer in time"
    return "the connection broke"
