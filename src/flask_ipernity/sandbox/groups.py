"""Groups, in which members show their documents by the group's rules."""

from __future__ import annotations

from dataclasses import dataclass, field

from .accounts import avatar_path

#: The values of a group's ``ispublic``.
INVISIBLE, OPEN, BY_INVITATION = range(3)

MEDIA = ("photo", "audio", "video", "other")
#: Seconds of a quota's period; any other period has no end.
PERIODS = {"d": 86_400, "w": 7 * 86_400, "m": 30 * 86_400}


@dataclass(slots=True)
class Membership:
    """The membership of a person in a group; the role is ``member``, ``moderator`` or ``admin``."""

    joined_at: int
    visited_at: int
    role: str = "member"


@dataclass(slots=True)
class GroupDoc:
    """A document in a group; a pending one waits for a moderator."""

    owner_id: str
    added_at: int
    pending: bool = False


@dataclass(slots=True)
class Group:
    """A group with its rules; a ``quota`` of 0 means none, ``room`` is the maximum of documents."""

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
        """The path of the group's picture on the media host."""
        return avatar_path(self.group_id, "userphoto")

    @property
    def shown(self) -> list[str]:
        """The ids of the documents that are not pending, in the order in which they were added."""
        return [doc_id for doc_id, entry in self.docs.items() if not entry.pending]

    @property
    def last_doc_at(self) -> int:
        """The date of the last added document; 0 if there is none."""
        return max((entry.added_at for entry in self.docs.values()), default=0)

    def moderates(self, user_id: str) -> bool:
        """Return whether a person is an administrator or moderator."""
        member = self.members.get(user_id)
        return member is not None and member.role != "member"

    def left(self, user_id: str, now: int) -> int | None:
        """Return how many documents a person may still add; None if there is no limit.

        The quota applies to plain members only.
        """
        if not self.quota or self.moderates(user_id):
            return None
        since = now - PERIODS.get(self.period, now)
        added = sum(
            entry.owner_id == user_id and entry.added_at >= since for entry in self.docs.values()
        )
        return max(0, self.quota - added)
