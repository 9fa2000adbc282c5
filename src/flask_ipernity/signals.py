"""Signals; the sender is the application object, never a proxy of it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from blinker import Namespace

_signals = Namespace()

#: A visitor has signed in. ``user``: the account, as Ipernity describes it.
signed_in = _signals.signal("ipernity-signed-in")

#: A sign-in did not finish. ``reason``: that of :exc:`~flask_ipernity.SignInError`,
#: or ``service`` when Ipernity gave no usable answer.
sign_in_failed = _signals.signal("ipernity-sign-in-failed")

#: A visitor's token turned out to be dead and was forgotten. ``user``: as above, or ``None``.
token_revoked = _signals.signal("ipernity-token-revoked")

#: A visitor has signed out. ``user``: as above, or ``None``.
signed_out = _signals.signal("ipernity-signed-out")

#: Not public. A request has found its token dead; :data:`token_revoked` is sent only once.
token_forgotten = _signals.signal("ipernity-token-forgotten")


#: Where the result of a call is from: ``hit``, ``miss`` and ``stale`` as the cache has it;
#: ``uncached`` where it could not or should not come from the cache.
CallSource = Literal["hit", "miss", "stale", "uncached"]


class Call(NamedTuple):
    """A call of the API that was made, or answered from the cache."""

    #: The API method, such as ``doc.getList``.
    method: str
    #: Where the result is from: ``hit``, ``miss``, ``stale`` or ``uncached``.
    cache: CallSource
    #: How long the caller waited.
    seconds: float
    #: How often the call was sent again after a failure.
    retries: int
    #: The class name of the error that was raised, or ``None``.
    error: str | None


#: The API was called, or the cache has answered. ``call``: a :class:`Call`.
api_called = _signals.signal("ipernity-api-called")
