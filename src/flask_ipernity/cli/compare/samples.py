"""What earlier answers showed and later calls need: ids, URLs, a frob."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from .shapes import number
from .wire import OTHER_DIGITS, Answer


class Most(NamedTuple):
    """Stands for the record of a list that has the largest number at a path."""

    above: str
    key: str


#: What answers show that later calls need: the call, and where it is in the answer. The first
#: that is there is taken.
SAMPLES: dict[str, tuple[tuple[Any, ...], ...]] = {
    "frob": (("frob_odd", "auth", "frob"),),
    "user": (("popular", "docs", "doc", 0, "owner", "user_id"),),
    # The one with the most comments, so that there is one to look at.
    "doc": (
        ("docs", "docs", "doc", Most("count", "comments"), "doc_id"),
        ("popular", "docs", "doc", 0, "doc_id"),
    ),
    "video": (("videos", "docs", "doc", 0, "doc_id"),),
    "tag": (("popular_tags", "tags", "tag", 0, "id"), ("tags", "tags", "tag", 0, "id")),
    "comment": (("comments", "comments", "comment", 0, "comment_id"),),
    "album": (("albums", "albums", "album", 0, "album_id"),),
    "album_doc": (("album_docs", "album", "docs", "doc", 0, "doc_id"),),
    "folder": (("folders", "folders", "folder", 0, "folder_id"),),
    "group": (
        ("groups", "groups", "group", 0, "group_id"),
        ("groups_found", "groups", "group", 0, "group_id"),
    ),
    "group_doc": (("group_docs", "group", "docs", "doc", 0, "doc_id"),),
    "post": (
        ("posts", "posts", "post", 0, "post_id"),
        ("posts_found", "posts", "post", 0, "post_id"),
    ),
    "thumb_url": (("doc", "doc", "thumbs", "thumb", 0, "url"),),
    "clip_url": (("video_medias", "medias", "media", 0, "url"),),
    "own_doc": (("own_docs", "docs", "doc", 0, "doc_id"),),
    "own_album": (("own_albums", "albums", "album", 0, "album_id"),),
    "ticket": (("upload", "ticket"),),
    "new_doc": (("tickets", "tickets", "ticket", 0, "doc_id"), ("upload", "doc_id")),
    "new_original_url": (("new_doc", "doc", "original", "url"),),
    "new_album": (("create_album", "album", "album_id"),),
}

_PLACE = re.compile(r"\{(\w+)\}")
_SECRET = re.compile(r"(?<=\.)[0-9a-f]{8}(?=\.)")


class MissingSample(Exception):
    """Nothing that was answered can stand for a value; the text names it."""


class Samples:
    """The values by their names in the plan.

    :param given: those that do not come from answers.
    """

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = dict(given)
        self._answers: dict[str, Any] = {}

    def give(self, name: str, value: str) -> None:
        """Set a value that is in no answer's payload."""
        self._given[name] = value

    def learn(self, name: str, answer: Answer) -> None:
        """Take note of the answer to the call *name*."""
        if answer.is_ok:
            self._answers[name] = answer.data

    def get(self, name: str) -> str | None:
        """Return the value, ``None`` if there is none."""
        if name in self._given:
            return self._given[name]
        for call, *path in SAMPLES.get(name, ()):
            found = _found(self._answers.get(call), path)
            if found not in (None, ""):
                return str(found)
        return None

    def fill(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return *params* with the values in place of their names.

        :raises MissingSample: there is none for one of them.
        """
        return {name: _PLACE.sub(self._value, text) for name, text in params.items()}

    def _value(self, match: re.Match[str]) -> str:
        value = self.get(match[1])
        if value is None:
            raise MissingSample(f"no {match[1].replace('_', ' ')} was found to ask about")
        return value


def _found(data: Any, path: Iterable[Any]) -> Any:
    """Return what is at *path*, ``None`` if there is nothing."""
    try:
        for key in path:
            data = max(data, key=partial(_number, key)) if isinstance(key, Most) else data[key]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None
    return data


def _number(place: Most, record: Any) -> int:
    return number(record.get(place.above, {}).get(place.key)) or 0


def spoiled(url: str) -> str:
    """Return the URL of a file with another secret."""
    return _SECRET.sub(lambda found: found[0].translate(OTHER_DIGITS), url, 1)
