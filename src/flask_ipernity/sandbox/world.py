"""The people, documents and albums that the sandbox starts with.

The pictures, their titles and tags come from ``photos/index.json``; who owns them, who sees them
and how they are licensed is laid over them by the tables here. Ids and secrets are the same in
every run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .accounts import Person
from .community import ADA, JONAS, MEI, add_audience, add_groups, add_posts
from .documents import (
    FAMILY,
    FRIENDS,
    FRIENDS_AND_FAMILY,
    PRIVATE,
    PUBLIC,
    Album,
    Doc,
    DocTag,
    Folder,
    Note,
)
from .exif import PhotoFacts, read_photo, unix
from .pictures import Picture
from .state import State

PHOTOS = Path(__file__).parent / "photos"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the world decides about one picture."""

    owner_id: str = ADA
    share: int = PUBLIC
    license: int = 0
    albums: tuple[str, ...] = ()
    largest: int = 2048
    allow_original: bool = True
    perm_comment: int = 5


# One row per photo, in the order of index.json; the rows begin again if there are more photos.
# When there are fewer, the photos do.
PHOTO_PLANS = (
    Plan(license=1, albums=("Light and weather", "Best of")),
    Plan(license=3, albums=("Light and weather", "Best of")),
    Plan(license=0, albums=("Light and weather",), allow_original=False),
    Plan(license=9, albums=("Light and weather", "Best of")),
    Plan(share=FAMILY, albums=("Light and weather", "For the family"), perm_comment=3),
    Plan(license=5, albums=("Light and weather",), largest=800),
    Plan(share=PRIVATE, albums=("Not shown yet",), perm_comment=0),
    Plan(JONAS, license=11, albums=("Weekends",)),
    Plan(MEI, license=255),
    Plan(share=FRIENDS, license=7, albums=("Light and weather",), perm_comment=3),
    Plan(share=FRIENDS_AND_FAMILY, albums=("For the family",), perm_comment=3),
    Plan(JONAS, share=FAMILY, albums=("Weekends",)),
)
CLIP_PLANS = {
    "video": Plan(license=1, albums=("Light and weather",), largest=640),
    "audio": Plan(license=9),
}
LIGHT = "The light changed a minute later."
FILED = ("Light and weather", "Best of")
ALBUMS = {
    "Light and weather": (ADA, "Mountains, water & sky, in the order in which I met them."),
    "Best of": (ADA, "What I would hang on a wall."),
    "For the family": (ADA, "Only for you."),
    "Not shown yet": (ADA, "Waiting for a second look."),
    "Weekends": (JONAS, ""),
}


def people_only() -> State:
    """A service with three members and nothing else."""
    since = 1_181_000_000
    people = (
        Person(
            ADA,
            "Ada Fontaine",
            "Ada Marguerite Fontaine",
            "ada.fontaine",
            is_pro=True,
            member_since=since,
            sex="f",
            town="Concarneau",
            country="FR",
            tmo=3600,
            last_online=since + 560_000_000,
            family={JONAS},
            contacts={JONAS},
        ),
        Person(
            JONAS,
            "Jonas Weidmann",
            "Jonas Weidmann",
            "jonas.weidmann",
            lg="de",
            member_since=since + 90_000_000,
            sex="m",
            town="Basel",
            country="CH",
            tmo=3600,
            last_online=since + 559_000_000,
            family={ADA},
            contacts={ADA},
        ),
        Person(
            MEI,
            "Mei Tanabe",
            "Mei Tanabe",
            "mei.tanabe",
            member_since=since + 300_000_000,
            sex="f",
            town="Matsue",
            country="JP",
            tmo=32400,
            last_online=since + 558_000_000,
        ),
    )
    return State(people={person.user_id: person for person in people})


def default_state(photos: Path = PHOTOS) -> State:
    """The world of the demo.

    :param photos: a folder with an ``index.json``.
    """
    state = people_only()
    entries = json.loads((photos / "index.json").read_text("utf-8"))
    planned = _planned(entries)
    facts = {
        entry["file"]: read_photo(photos / entry["file"])
        for entry, _ in planned
        if entry.get("media", "photo") == "photo"
    }
    photographed = [entry for entry, _ in planned if entry["file"] in facts]
    # Ids grow with time, as the service's do.
    for entry, plan in sorted(planned, key=lambda pair: str(pair[0]["created"])):
        if entry["file"] in facts:
            doc = _photo(state, entry, plan, facts[entry["file"]])
        else:
            # A clip shows the photo that was taken next to it.
            nearest = min(photographed, key=lambda other: _apart(entry, other))
            poster = facts[nearest["file"]].picture
            doc = _clip(state, entry, plan, photos / entry["file"], poster)
        _add(state, doc, entry, plan)
    _cover_albums(state)
    _mark_people(state)
    _add_folder(state)
    add_groups(state)
    add_posts(state)
    add_audience(state)
    return state


def _planned(entries: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Plan]]:
    """Each picture with its plan; every plan is used at least once."""
    photos = [entry for entry in entries if entry.get("media", "photo") == "photo"]
    clips = [entry for entry in entries if entry.get("media", "photo") != "photo"]
    count = max(len(photos), len(PHOTO_PLANS))
    rows = [
        (photos[number % len(photos)], PHOTO_PLANS[number % len(PHOTO_PLANS)])
        for number in range(count)
    ]
    return rows + [(clip, CLIP_PLANS[clip["media"]]) for clip in clips]


def _apart(entry: dict[str, Any], other: dict[str, Any]) -> int:
    return abs(unix(entry["created"]) - unix(other["created"]))


def _photo(state: State, entry: dict[str, Any], plan: Plan, facts: PhotoFacts) -> Doc:
    doc = Doc(state.new_id("doc"), plan.owner_id, facts.picture, facts.picture, entry["title"])
    doc.lat, doc.lng, doc.exif = facts.lat, facts.lng, facts.exif
    return doc


def _clip(state: State, entry: dict[str, Any], plan: Plan, file: Path, poster: Picture) -> Doc:
    about = file.stat()
    source = Picture(
        file,
        file.suffix[1:],
        file.name,
        int(entry.get("width", 0)),
        int(entry.get("height", 0)),
        about.st_size,
        about.st_mtime,
    )
    media = entry["media"]
    doc = Doc(
        state.new_id("doc"),
        plan.owner_id,
        source,
        poster if media == "video" else None,
        entry["title"],
        media,
    )
    doc.length = int(entry["length"])
    return doc


def _add(state: State, doc: Doc, entry: dict[str, Any], plan: Plan) -> None:
    """Lays the plan and the words of the index over a document."""
    number = len(state.docs)
    doc.description = entry.get("description", "")
    doc.license, doc.share, doc.largest = plan.license, plan.share, plan.largest
    doc.allow_original, doc.perm_comment = plan.allow_original, plan.perm_comment
    doc.created = entry["created"]
    doc.posted_at = unix(doc.created) + 86_400 + 3_600 * number
    doc.updated_at = doc.posted_at + 5_400
    doc.volume = 3 + number % 5
    doc.tags = [
        DocTag("keyword", state.keyword(text).tag_id, doc.owner_id, doc.posted_at)
        for text in entry.get("tags", ())
    ]
    state.docs[doc.doc_id] = doc
    for title in plan.albums:
        _album(state, title, doc).doc_ids.append(doc.doc_id)


def _album(state: State, title: str, first: Doc) -> Album:
    for album in state.albums.values():
        if album.title == title:
            return album
    owner_id, description = ALBUMS[title]
    album = Album(state.new_id("album"), owner_id, title, description, created_at=first.posted_at)
    state.albums[album.album_id] = album
    return album


def _cover_albums(state: State) -> None:
    """Gives each album a cover that as many as possible may see."""
    for album in state.albums.values():
        docs = [state.docs[doc_id] for doc_id in album.doc_ids]
        shown = [doc for doc in docs if doc.share == PUBLIC and doc.picture] or docs
        album.cover_id = shown[0].doc_id
        album.updated_at = docs[-1].posted_at


def _mark_people(state: State) -> None:
    """Marks the family member on the photographer's first public picture, with a note."""
    doc = next(doc for doc in state.docs.values() if doc.owner_id == ADA and doc.share == PUBLIC)
    doc.tags.append(DocTag("member", JONAS, ADA, doc.posted_at + 60))
    doc.notes = [
        Note(state.new_id("note"), ADA, 120, 80, 60, 90, "", doc.posted_at, JONAS),
        Note(state.new_id("note"), ADA, 300, 190, 80, 40, LIGHT, doc.posted_at),
    ]


def _add_folder(state: State) -> None:
    """Files two albums of the photographer."""
    albums = [album for album in state.albums.values() if album.title in FILED]
    since = max(album.created_at for album in albums)
    folder = Folder(
        state.new_id("folder"),
        ADA,
        "Landscapes",
        "Albums of places.",
        [album.album_id for album in albums],
        created_at=since,
        updated_at=since,
    )
    state.folders[folder.folder_id] = folder


def add_documents(state: State, count: int) -> None:
    """Adds public photos of the first person, older than all others, with the same pictures.

    :raises ValueError: the first person has no public photo, and some are wanted.
    """
    patterns = [
        doc
        for doc in state.docs.values()
        if doc.owner_id == ADA and doc.media == "photo" and doc.share == PUBLIC
    ]
    if count and not patterns:
        raise ValueError("There is no photo that further documents could show.")
    oldest = min((doc.posted_at for doc in patterns), default=0)
    for number in range(1, count + 1):
        picture = patterns[number % len(patterns)].source
        doc = Doc(state.new_id("doc"), ADA, picture, picture, f"Contact sheet, no. {number}")
        doc.created = "0000-00-00 00:00:00"
        doc.posted_at = doc.updated_at = oldest - 60 * number
        state.docs[doc.doc_id] = doc
