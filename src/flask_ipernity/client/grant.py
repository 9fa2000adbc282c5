"""What a user has granted: a token, and what it may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadAnswer
from ..http.redaction import Secret
from .values import mapping, record_id


class Grant:
    """A token, its user and its permissions; an API object and its copies share one.

    :param value: the token as text, or the mapping ``auth`` that ``auth.getToken`` answers.
    """

    __slots__ = ("permissions", "token", "user")

    def __init__(self, value: str | Mapping[str, Any] | None) -> None:
        self.token: Secret | None
        self.user: dict[str, Any] | None = None
        self.permissions: dict[str, str] | None = None
        self.set(value)

    def set(self, value: str | Mapping[str, Any] | None) -> None:
        """Replace the token; its user and permissions are unknown unless *value* has them."""
        self.user = self.permissions = None
        if value is None or isinstance(value, str):
            token = value
        else:
            token = value["token"]
            self.user = value.get("user")
            self.permissions = value.get("permissions")
        self.token = None if token is None else Secret(token)

    def learn(self, answer: Mapping[str, Any]) -> None:
        """Take over the user and the permissions in an answer of ``auth.checkToken``.

        :raises BadAnswer: it has none.
        """
        auth = mapping(answer.get("auth")) or {}
        user, permissions = mapping(auth.get("user")), _permissions(auth.get("permissions"))
        if user is None or permissions is None:
            raise BadAnswer("the answer has no user or permissions", "auth.checkToken")
        self.user, self.permissions = dict(user), permissions


def read_grant(answer: Mapping[str, Any], method: str) -> dict[str, Any]:
    """Return the token in an answer, with its user and permissions if they are there.

    :raises BadAnswer: there is no token, or another part is not what it must be.
    """
    auth = mapping(answer.get("auth")) or {}
    token = auth.get("token")
    if not isinstance(token, str) or record_id(token) is None:
        raise BadAnswer("the answer has no token", method)
    granted: dict[str, Any] = {"token": token}
    # What the answer leaves out is asked for when it is needed.
    if "user" in auth:
        granted["user"] = mapping(auth["user"])
    if "permissions" in auth:
        granted["permissions"] = _permissions(auth["permissions"])
    if None in granted.values():
        raise BadAnswer("the answer has no user or permissions", method)
    return granted


def _permissions(value: object) -> dict[str, str] | None:
    """Return the permissions in an answer, or ``None`` if it has none."""
    # An empty map comes as a list: PHP, in which the service is written, makes no difference.
    found = {} if value == [] else mapping(value)
    return None if found is None else dict(found)
