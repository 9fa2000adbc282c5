"""Signals. The sender is the application object, never a proxy for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal, NamedTuple

from blinker import Namespace

_signals = Namespace()

#: A visitor is about to be signed in. ``user``: the account, as Ipernity describes it. A receiver
#: that raises an exception prevents it.
signing_in = _signals.signal("ipernity-signing-in")

#: A visitor has signed in. ``user``: the account, as Ipernity describes it.
signed_in = _signals.signal("ipernity-signed-in")

#: A sign-in has failed. ``reason``: that of :exc:`~flask_ipernity.SignInError`, ``vetoed`` if a
#: receiver of :data:`signing_in` has prevented it, or ``service`` for other errors.
sign_in_failed = _signals.signal("ipernity-sign-in-failed")

#: A visitor's token was no longer valid and has been deleted. ``user``: as above, or ``None``.
token_revoked = _signals.signal("ipernity-token-revoked")

#: A visitor has signed out. ``user``: as above, or ``None``.
signed_out = _signals.signal("ipernity-signed-out")

#: Not public. The session has no visitor any more: signed out, or the token was invalid. Sent
#: whether it had one or not.
visitor_left = _signals.signal("ipernity-visitor-left")


#: Where the result of a call came from: from the cache (``hit``), from Ipernity (``miss``), an
#: expired result from the cache (``stale``), or from Ipernity without using the cache
#: (``uncached``).
CallSource = Literal["hit", "miss", "stale", "uncached"]


class Call(NamedTuple):
    """An API call that was sent to Ipernity or answered from the cache."""

    #: The API method, such as ``doc.getList``.
    method: str
    #: Where the result came from: the cache (``hit``), Ipernity (``miss``), an expired result in
    #: the cache (``stale``), or Ipernity without using the cache (``uncached``).
    cache: CallSource
    #: How many seconds the caller waited.
    seconds: float
    #: How often the call was repeated after a failure.
    retries: int
    #: The class name of the error that was raised, or ``None``.
    error: str | None
    #: Ipernity's error code, or ``None`` if the call did not end with an error of Ipernity.
    code: int | None = None
    #: The text of the error in one line, without secrets, or ``None``.
    message: str | None = None
    #: How many bytes Ipernity's answer had; 0 for a result of the cache, and for an error.
    bytes: int = 0


#: A call begins; the cache is not yet asked. ``method``: the API method.
api_call_started = _signals.signal("ipernity-api-call-started")

#: A call was sent to Ipernity or answered from the cache. ``call``: a :class:`Call`.
api_called = _signals.signal("ipernity-api-called")

#: Who sends the file of a document to the visitor: the application, from the media host
#: (``host``), or the web server in front of it (``offload``).
MediaSource = Literal["host", "offload"]


@dataclass(eq=False)
class MediaTransfer:
    """A request for the file of a document; the same object at its start and at its end.

    All but the first two is filled in at the end.
    """

    #: The document.
    doc_id: str
    #: The label in the URL, such as ``500`` or ``original``.
    label: str
    #: The HTTP status of the response; ``None`` if there is none, because of an exception.
    status: int | None = None
    #: Who sends the file: the application, from the media host (``host``), or the web server in
    #: front of it (``offload``); ``None`` if neither was needed.
    source: MediaSource | None = None
    #: How many bytes of the file the application has passed on.
    bytes: int = 0
    #: How many seconds the request took, to the last byte.
    seconds: float = 0.0
    #: Whether all was passed on; not if the media host broke off, or the visitor went away.
    complete: bool = False
    #: The class name of the error because of which there is no file or only a part of it, or
    #: ``None``.
    error: str | None = None
    _began: float = field(default_factory=perf_counter, repr=False)

    def end(self) -> None:
        """Take the time."""
        self.seconds = perf_counter() - self._began


#: A visitor has asked for the file of a document. ``transfer``: a :class:`MediaTransfer`.
media_started = _signals.signal("ipernity-media-started")

#: The file of a document was sent, or was not. ``transfer``: that of :data:`media_started`. Sent
#: when the last byte is passed on, which is after the request.
media_sent = _signals.signal("ipernity-media-sent")
