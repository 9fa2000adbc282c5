"""Signals. The sender is the application object, never a proxy for it."""

from __future__ import annotations

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


#: A call was sent to Ipernity or answered from the cache. ``call``: a :class:`Call`.
api_called = _signals.signal("ipernity-api-called")
