"""The files of the media host by path: originals, thumbnails, avatars, icons."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from .documents import Doc, digest
from .file_kinds import BY_SUFFIX
from .icons import draw_avatar, draw_icon
from .state import SandboxState
from .thumbnails import SIZE_LABELS, OriginalFile

ICON_NUMBERS = {"photo": 1, "video": 2, "audio": 3, "other": 8}
_ICON_DATE = 1_228_086_000.0

_FILE_PATH = re.compile(r"/\d+/\d\d/\d\d/(\d+)\.[0-9a-f]{8}\.[0-9a-z.]+")


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file of the media host; ``etag`` has no quotes.

    ``open`` returns its bytes as a seekable file, which the caller must close, and raises
    :exc:`OSError` if the file on disk is gone.
    """

    content_type: str
    etag: str
    modified: float
    open: Callable[[], BinaryIO]


def find_file(state: SandboxState, path: str) -> ServedFile | None:
    """Return the file at a path of the media host (without a query), or None."""
    found = _FILE_PATH.fullmatch(path)
    with state.lock:
        doc = state.docs.get(found[1]) if found else None
        if doc is None:
            return _site_file(state, path)
    if doc.source.changed:
        state.refresh(doc)
    for label in (*doc.sizes, *doc.media_labels, "original"):
        if doc.path(label) == path:
            return _document_file(state, doc, label)
    return None


def _document_file(state: SandboxState, doc: Doc, label: str) -> ServedFile:
    picture = doc.picture
    if label in SIZE_LABELS and picture is not None:
        return ServedFile(
            "image/jpeg",
            digest(picture.identity, label),
            picture.modified,
            lambda: _open_thumbnail(state, picture, label),
        )
    source = doc.source
    kind = BY_SUFFIX.get(doc.ext)
    content_type = kind.content_type if kind else "application/octet-stream"
    return ServedFile(content_type, digest(source.identity), source.modified, source.open)


def _open_thumbnail(state: SandboxState, picture: OriginalFile, label: str) -> BinaryIO:
    return io.BytesIO(state.thumbnails.draw(picture, label))


def _site_file(state: SandboxState, path: str) -> ServedFile | None:
    """Return the picture of a member or group, or an icon."""
    faces = {
        person.avatar_path: (person.username, person.member_since)
        for person in state.people.values()
    }
    faces |= {group.icon_path: (group.title, group.created_at) for group in state.groups.values()}
    if path in faces:
        name, since = faces[path]
        return ServedFile(
            "image/jpeg",
            digest("avatar", name),
            float(since),
            lambda: io.BytesIO(draw_avatar(name)),
        )
    for media, number in ICON_NUMBERS.items():
        if path == f"/icons/{number}.75x.png":
            return ServedFile(
                "image/png",
                digest("icon", media),
                _ICON_DATE,
                partial(_open_icon, media),
            )
    return None


def _open_icon(media: str) -> BinaryIO:
    return io.BytesIO(draw_icon(media))
