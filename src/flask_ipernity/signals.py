"""Signals; the sender is the application object, never a proxy of it."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: A visitor has signed in. ``user``: the mapping that Ipernity tells of the account.
signed_in = _signals.signal("ipernity-signed-in")

#: A sign-in did not finish. ``reason``: that of :exc:`~flask_ipernity.SignInError`,
#: or ``service`` when Ipernity gave no usable answer.
sign_in_failed = _signals.signal("ipernity-sign-in-failed")

#: A visitor's token turned out to be dead and was forgotten. ``user``: as above, or ``None``.
token_revoked = _signals.signal("ipernity-token-revoked")

#: A visitor has signed out. ``user``: as above, or ``None``.
signed_out = _signals.signal("ipernity-signed-out")

#: Not public. A request has found its token dead; :data:`token_revoked` says so only once.
token_forgotten = _signals.signal("ipernity-token-forgotten")

#: The API was called, or the cache has answered. ``call``: a
#: :class:`~flask_ipernity.caching.told.Call`, with ``method``, ``how`` (``hit``, ``miss``,
#: ``stale``, ``uncached``), ``seconds``, ``retries`` and ``error``.
api_called = _signals.signal("ipernity-api-called")
