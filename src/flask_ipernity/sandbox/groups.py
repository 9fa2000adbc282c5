"""Groups: members who show their documents together, by the group's rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from .accounts import avatar_path

INVISIBLE, OPEN, BY_INVITATION = range(3)
"""Values of a group's ``ispublic``."""

MEDIA = ("photo", "audio", "video", "other")
PERIODS = {"d": 86_400, "w": 7 * 86_400, "m": 30 * 86_400}
"""Seconds of a quota's period; any other period is "for all time"."""


@dataclass(slots=True)
class Membership:
    """How somebody belongs to a group; the role is ``member``, ``moderator`` or ``admin``."""

    joined_at: int
    visited_at: int
    role: str = "member"


@dataclass(slots=True)
class GroupDoc:
    """A document in a group; a pending one waits for the moderators."""

    owner_id: str
    added_at: int
    pending: bool = False


@dataclass(slots=True)
class Group:
    """A group with its rules; ``quota`` 0 means none, ``room`` is how many documents it takes."""

    group_id: str
    title: str
    alias: str
    description: str = ""
    lang: str = "en"
    ispublic: int = OPEN
    moderated: bool = False
    quota: int = 0
    period: str = ""
    accepts: tuple[str, ...] = MEDIA
    room: int = 100_000
    created_at: int = 0
    members: dict[str, Membership] = field(default_factory=dict)
    docs: dict[str, GroupDoc] = field(default_factory=dict)

    @property
    def icon_path(self) -> str:
        """Path of the group's picture on the media host."""
        return avatar_path(self.group_id, "userphoto")

    @property
    def shown(self) -> list[str]:
        """The ids of the documents that are not pending, the first added first."""
        return [doc_id for doc_id, entry in self.docs.items() if not entry.pending]

    @property
    def last_doc_at(self) -> int:
        """When the last document came in; 0 without one."""
        return max((entry.added_at for entry in self.docs.values()), default=0)

    def leads(self, user_id: str) -> bool:
        """Whether somebody is an administrator or moderator."""
        member = self.members.get(user_id)
        return member is not None and member.role != "member"

    def left(self, user_id: str, now: int) -> int | None:
        """How many documents somebody may still add; ``None``: as many as they like.

        The quota is for plain members only.
        """
        if not self.quota or self.leads(user_id):
            return None
        since = now - PERIODS.get(self.period, now)
        added = sum(
            entry.owner_id == user_id and entry.added_at >= since for entry in self.docs.values()
        )
        return max(0, self.quota - added)
