"""Asking the visitor before an account is signed in.

This reveals a forged sign-in with the frob of an attacker, because the page shows the account.
At this point the frob has been exchanged. Until the visitor agrees, the token waits in the token
store, in a record that does not sign in.
"""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_urlsafe
from time import time
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from ..errors import SignInError
from ..settings import secret_keys
from .records import candidate_record
from .tokens import CANDIDATE
from .visitor import VisitorAPI


def hold(api: VisitorAPI, auth: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
    """Store *auth* until the visitor has answered.

    :param entry: the pending sign-in that it belongs to; see :class:`.PendingSignIns`.
    :raises SignInError: it cannot be stored.
    """
    record = {"auth": auth, "started": entry, "at": int(time()), "id": token_urlsafe(16)}
    # The token must not be stored for whoever else has the id of this session.
    api.context.session.renew()
    api.context.tokens.set(CANDIDATE, record, int(api.context.settings.sign_in_max_age))


def candidate(api: VisitorAPI) -> dict[str, Any]:
    """Return the sign-in that waits for an answer: ``auth``, ``started`` and ``id``.

    :raises SignInError: there is none, it has expired, or the store does not work.
    """
    context = api.context
    value = context.tokens.get(CANDIDATE)
    record = candidate_record(value)
    is_wrong = record is None and value is not None
    del value
    if record is None or record["started"].get("app") != context.mark:
        if is_wrong:
            drop(api)
        raise SignInError("not_pending", "No sign-in waits for your answer in this browser.")
    if record["at"] < time() - context.settings.sign_in_max_age:
        drop(api)
        raise SignInError("expired", "That took too long.")
    return record


def signed(record: Mapping[str, Any]) -> str:
    """Return the token that the form of the page must send."""
    return _serializer().dumps(record["id"])


def answered(api: VisitorAPI, token: str) -> dict[str, Any]:
    """Return the sign-in that waits for the answer.

    :param token: from the form.
    :raises SignInError: there is none, or the form belongs to another session or to an older page.
    """
    record = candidate(api)
    try:
        known = _serializer().loads(token) == record["id"]
    except BadSignature:
        known = False
    if not known:
        raise SignInError("not_pending", "Your answer belongs to another sign-in.")
    return record


def drop(api: VisitorAPI) -> None:
    """Remove the sign-in that waits for an answer."""
    api.context.tokens.delete(CANDIDATE)


def _serializer() -> URLSafeSerializer:
    # itsdangerous signs with the last key.
    keys = list(reversed(secret_keys(current_app.config)))
    return URLSafeSerializer(keys, salt="flask-ipernity confirm sign-in")
