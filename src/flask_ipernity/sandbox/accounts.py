"""Accounts, applications, and what connects them: frobs and tokens."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

PERMISSION_ITEMS = ("doc", "blog", "post", "network", "profile")
PERMISSION_LEVELS = ("none", "read", "write", "delete")


def avatar_path(number: str, name: str) -> str:
    """Return the path of a member's or group's picture; it holds the id's two low bytes in hex."""
    value = int(number)
    return f"/p/{value & 255:02X}/{value >> 8 & 255:02X}/{number}/{name}.jpg"


@dataclass(slots=True)
class Person:
    """A member; the sets hold the user ids of this person's family, friends and so on."""

    user_id: str
    username: str
    realname: str
    alias: str
    is_pro: bool = False
    lg: str = "en"
    member_since: int = 0
    closed: bool = False
    sex: str | None = None
    town: str = ""
    country: str = ""
    tmo: int = 0
    last_online: int = 0
    family: set[str] = field(default_factory=set)
    friends: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)

    @property
    def avatar_path(self) -> str:
        """The path of the avatar on the media host."""
        return avatar_path(self.user_id, "buddy")

    @property
    def network(self) -> set[str]:
        """The user ids of everyone whom this person knows."""
        return self.family | self.friends | self.contacts


@dataclass(slots=True)
class App:
    """An application with its key; with a callback URL it can use the web flow."""

    key: str
    secret: str
    title: str = "Flask-Ipernity"
    callback_url: str | None = None


@dataclass(slots=True)
class Frob:
    """A started sign-in; ``person_id`` is set as soon as a person has allowed it."""

    value: str
    app_key: str
    created: float
    flow: str = "web"
    person_id: str | None = None
    permissions: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Token:
    """A person's grant to an application; ``permissions`` names all five items."""

    value: str
    app_key: str
    user_id: str
    permissions: dict[str, str]
    created: float = field(default_factory=time.time)
