"""Articles; the API calls them posts, and their permission "blog" or "post"."""

from __future__ import annotations

from dataclasses import dataclass, field

from .audience import Audience
from .documents import PUBLIC, DocTag


@dataclass(slots=True)
class Post:
    """An article; ``posted_at`` 0 makes it a draft, which only its author sees."""

    post_id: str
    owner_id: str
    title: str
    content: str
    intro: str = ""
    license: int = 0
    share: int = PUBLIC
    safety: int = 1
    posted_at: int = 0
    created_at: int = 0
    updated_at: int = 0
    perm_comment: int = 5
    perm_tag: int = 3
    perm_tagme: int = 3
    tags: list[DocTag] = field(default_factory=list)
    audience: Audience = field(default_factory=Audience)
