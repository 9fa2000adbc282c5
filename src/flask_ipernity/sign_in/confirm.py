"""Asking the visitor before an account is signed in.

A sign-in that somebody else has prepared, with a frob of his own account,
shows here: the page names the account. The frob is exchanged by then, so its
token waits in the token store, in a record that signs nobody in.
"""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_urlsafe
from time import time
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from ..errors import SignInError
from ..state import current_state
from .tokens import CANDIDATE, secret_keys
from .visitor import visitor_api


def must_ask(user: Mapping[str, Any]) -> bool:
    """Tell whether the visitor is asked before *user* is signed in."""
    former = visitor_api().known_user
    return current_state().settings.confirm_sign_in or (
        former is not None and str(former.get("user_id")) != user["user_id"]
    )


def hold(auth: Mapping[str, Any], started: Mapping[str, Any]) -> None:
    """Keep *auth* until the visitor has answered.

    :param started: the sign-in that has brought it.
    """
    state = current_state()
    record = {"auth": auth, "started": started, "at": int(time()), "id": token_urlsafe(16)}
    state.tokens.set(CANDIDATE, record, int(state.settings.sign_in_max_age))


def waiting() -> dict[str, Any]:
    """Return what waits: ``auth``, ``started`` and ``id``.

    :raises SignInError: nothing does, or not any longer.
    """
    state = current_state()
    record = state.tokens.get(CANDIDATE)
    if record is None:
        raise SignInError("not_pending", "No sign-in waits for your answer in this browser.")
    if record["at"] < time() - state.settings.sign_in_max_age:
        drop()
        raise SignInError("expired", "That took too long.")
    return dict(record)


def signed(record: Mapping[str, Any]) -> str:
    """Return the token that the form of the page must send along."""
    return _serializer().dumps(record["id"])


def answered(token: str) -> dict[str, Any]:
    """Remove what waits and return it.

    :param token: from the form.
    :raises SignInError: nothing waits, or the form belongs to another session
        or to an older question.
    """
    record = waiting()
    try:
        known = _serializer().loads(token) == record["id"]
    except BadSignature:
        known = False
    if not known:
        raise SignInError("not_pending", "Your answer belongs to another sign-in.")
    drop()
    return record


def drop() -> None:
    """Forget what waits."""
    current_state().tokens.delete(CANDIDATE)


def _serializer() -> URLSafeSerializer:
    # itsdangerous signs with the last key
    return URLSafeSerializer(list(reversed(secret_keys())), salt="flask-ipernity confirm sign-in")
