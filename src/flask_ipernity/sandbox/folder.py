"""A folder of JPEG and PNG files as one person's account: ``--photos DIR``."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from .community import add_groups
from .documents import Album, Doc
from .exif import PhotoFacts, local, read_photo, unix
from .state import State
from .world import people_only

SUFFIXES = (".jpg", ".jpeg", ".png")

log = logging.getLogger("flask_ipernity.sandbox")


def folder_state(path: str | os.PathLike[str]) -> State:
    """The default people, with a folder's photos as the first one's public documents.

    Sub-folders become albums. Hidden files and folders are left out; files that are not a readable
    JPEG or PNG, and links that lead out of the folder, too, each with a warning in the log.

    :raises ValueError: there is no such folder, or no photo in it.
    """
    root = Path(path).expanduser().resolve()
    if not root.is_dir():
        raise ValueError(f"{path} is not a folder. Name one that holds JPEG or PNG files.")
    found = [(file, facts) for file in _files(root) if (facts := _read(file)) is not None]
    if not found:
        raise ValueError(f"{path} holds no JPEG or PNG files that can be read.")
    state = people_only()
    add_groups(state)
    albums: dict[Path, Album] = {}
    person = next(iter(state.people))
    for file, facts in sorted(found, key=lambda pair: (_created(pair[1]), pair[0])):
        doc = _document(state, person, facts)
        state.docs[doc.doc_id] = doc
        if file.parent != root:
            if file.parent not in albums:
                albums[file.parent] = _album(state, person, file.parent.name, doc)
            albums[file.parent].doc_ids.append(doc.doc_id)
            albums[file.parent].updated_at = doc.posted_at
    return state


def _files(root: Path) -> Iterator[Path]:
    """The candidates below a folder; linked folders are not entered, so there are no circles."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if name.startswith("."):
                continue
            if file.suffix.lower() not in SUFFIXES:
                log.warning("Left out: %s is not a JPEG or PNG file", file)
            elif not file.resolve().is_relative_to(root):
                log.warning("Left out: %s is a link that leads out of the folder", file)
            else:
                yield file


def _read(file: Path) -> PhotoFacts | None:
    try:
        return read_photo(file)
    except ValueError as error:
        log.warning("Left out: %s", error)
        return None


def _created(facts: PhotoFacts) -> str:
    return facts.created or local(facts.picture.modified)


def _document(state: State, owner_id: str, facts: PhotoFacts) -> Doc:
    created = _created(facts)
    name = Path(facts.picture.filename).stem.replace("_", " ").strip()
    return Doc(
        state.new_id("doc"),
        owner_id,
        facts.picture,
        facts.picture,
        facts.title or name,
        posted_at=unix(created),
        created=created,
        updated_at=unix(created),
        lat=facts.lat,
        lng=facts.lng,
        exif=facts.exif,
    )


def _album(state: State, owner_id: str, title: str, cover: Doc) -> Album:
    album = Album(
        state.new_id("album"),
        owner_id,
        title,
        cover_id=cover.doc_id,
        created_at=cover.posted_at,
        updated_at=cover.posted_at,
    )
    state.albums[album.album_id] = album
    return album
