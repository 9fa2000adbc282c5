"""A token, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Grant:
    """A token, its user and its permissions; an API object and its copies share one.

    :param value: the token as text, or the mapping ``auth`` that ``auth.getToken`` answers.
    """

    __slots__ = ("permissions", "token", "user")

    def __init__(self, value: str | Mapping[str, Any] | None) -> None:
        self.token: str | None
        self.user: dict[str, Any] | None = None
        self.permissions: dict[str, str] | None = None
        self.set(value)

    def set(self, value: str | Mapping[str, Any] | None) -> None:
        """Replace the token; its user and permissions are unknown unless *value* has them."""
        self.user = self.permissions = None
        if value is None or isinstance(value, str):
            self.token = value
        else:
            self.token = value["token"]
            self.user = value.get("user")
            self.permissions = value.get("permissions")
