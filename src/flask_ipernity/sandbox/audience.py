"""The visits, faves and comments of a document, an album or an article."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Visits:
    """The visits of one member, or all anonymous visits; dates are Unix seconds."""

    first_at: int = 0
    last_at: int = 0
    count: int = 0


@dataclass(slots=True)
class Comment:
    """A comment or a reply to one; ``modified_at`` is set when it was changed much later."""

    comment_id: str
    user_id: str
    content: str
    posted_at: int
    parent_id: str | None = None
    modified_at: int | None = None


@dataclass(slots=True)
class Audience:
    """The faves, visits and comments of an item; the keys are user ids and comment ids."""

    faves: dict[str, int] = field(default_factory=dict)
    visits: dict[str, Visits] = field(default_factory=dict)
    anonymous: Visits = field(default_factory=Visits)
    comments: dict[str, Comment] = field(default_factory=dict)

    @property
    def visit_count(self) -> int:
        """The number of all visits."""
        return self.anonymous.count + sum(visits.count for visits in self.visits.values())

    @property
    def comment_at(self) -> int:
        """The date of the last comment; 0 if there is none."""
        return max((comment.posted_at for comment in self.comments.values()), default=0)
