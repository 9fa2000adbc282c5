"""Reads what comes back from the session or a token store.

Others may have written there: an earlier version, another application, a view with
``ipernity.session_set()``, or somebody who can write to the store. What has the wrong shape is no
record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from ..http.redaction import Secret
from .session import is_entry, is_time


def token_record(value: Any) -> dict[str, Any] | None:
    """Return the record of a signed-in visitor, with ``token``, ``user`` and ``permissions``.

    A text is a token alone, whose user and permissions are not known yet.

    :returns: ``None`` if *value* is not such a record.
    """
    if isinstance(value, str):
        value = {"token": value, "user": None, "permissions": None}
    elif not isinstance(value, Mapping) or not _is_user(value.get("user")):
        return None
    if not is_token(value.get("token")) or not {"user", "permissions"} <= value.keys():
        return None
    record = {
        **value,
        "token": Secret(value["token"]),
        "user": clean(value["user"]),
        "permissions": clean(value["permissions"]),
    }
    if record["user"] is not None:
        record["user"] = {**record["user"], "user_id": str(record["user"]["user_id"])}
        if record["permissions"] == []:
            # So does Ipernity write an empty map.
            record["permissions"] = {}
        if not isinstance(record["permissions"], dict):
            return None
    return record


def candidate_record(value: Any) -> dict[str, Any] | None:
    """Return the record of a sign-in that waits for the visitor's answer.

    It has ``auth``, ``started``, ``at`` and ``id``.

    :returns: ``None`` if *value* is not such a record.
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("auth"), Mapping):
        return None
    auth = token_record(value["auth"])
    if auth is None or not is_entry(value.get("started")) or not is_time(value.get("at")):
        return None
    return {**value, "auth": auth} if isinstance(value.get("id"), str) else None


def is_token(value: Any) -> TypeGuard[str]:
    """Return whether *value* can be a token."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and value != ""


def _is_user(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and isinstance(value.get("user_id"), str | int)
        and not isinstance(value["user_id"], bool)
        and str(value["user_id"]) != ""
    )


def clean(value: Any) -> Any:
    """Return *value*, a part of an answer, with nothing that a store may refuse.

    Lone surrogates cannot be encoded, and some databases keep no NUL.
    """
    match value:
        case str():
            return value.encode("utf-8", "replace").decode().replace("\0", "?")
        case Mapping():
            return {clean(key): clean(inner) for key, inner in value.items()}
        case list():
            return [clean(inner) for inner in value]
    return value
