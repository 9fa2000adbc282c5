"""``upload.*``: files that become documents after some time.

The contents of a file decide what it is, see :mod:`..file_kinds`. The service's answer to a
parameter out of bounds is not known ([U]); here it is error 3, "not accepted".
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import NamedTuple

from .. import parameters
from ..accounts import Person
from ..described import describe
from ..documents import Doc, DocTag
from ..file_kinds import HEAD_BYTES, kind_of
from ..image_files import OPTIONAL
from ..metadata import read_photo
from ..registry import APIError, MethodCall, api_method, caller
from ..thumbnails import OriginalFile
from ..uploads import IncomingFile, UploadTicket
from .account import upload_limits, used_bytes
from .doc_search import split_tags
from .doc_write import one_of, read_changes, read_place

MAX_TICKETS = 50


class AcceptedFile(NamedTuple):
    """A file that was accepted, and what it is."""

    file: IncomingFile
    stem: str
    ext: str
    media: str


def _accept_file(call: MethodCall, person: Person) -> AcceptedFile:
    """Return the file of a call.

    :raises APIError: 1 if it is missing or empty, 2 if it is too large, 3 if it is not accepted: a
    video of an account that is not PRO ([C] Photini), or more than the rest of the month's quota.
    """
    file = call.file
    if file is None or not file.size:
        raise APIError(1, "File missing or empty")
    most = upload_limits(person)
    if file.size > most.file:
        raise APIError(2, "File too large")
    name = PurePosixPath(call.filename.replace("\\", "/"))
    kind = kind_of(file.head(HEAD_BYTES), call.filename, call.content_type)
    if kind.media == "video" and not person.is_pro:
        raise APIError(3, "File not accepted")
    if used_bytes(call.state, person) + file.size > most.monthly:
        raise APIError(3, "Monthly upload limit exceeded")
    return AcceptedFile(file, name.stem, kind.ext_for(call.filename), kind.media)


def _requested_values(call: MethodCall) -> dict[str, object]:
    """Return what the parameters set, by attribute of :class:`Doc`.

    Without a circle the document is public: a member's own default is not known ([U]).

    :raises APIError: 3 if one of them is out of bounds.
    """
    params = call.params
    names = ("title", "description", "license", "safety", "perm_comment", "perm_tag", "perm_tagme")
    try:
        wishes = read_changes({name: text for name, text in params.items() if text}, names)
        if created := params.get("created_at"):
            datetime.strptime(created, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            wishes["created"] = created
        if (place := read_place(params)) is not None:
            wishes["lat"], wishes["lng"] = place
    except ValueError:
        raise APIError(3, "File not accepted") from None
    return wishes


def _tags(call: MethodCall, person: Person) -> list[DocTag]:
    """Return the keywords and members that the parameters put on a document."""
    state, now = call.state, int(time.time())
    words = [state.keyword(word).tag_id for word in split_tags(call.params.get("keywords", ""))]
    members = [
        user_id
        for user_id in parameters.comma_list(call.params.get("member_ids"))
        if user_id in state.people
    ]
    return [
        DocTag(kind, tag_id, person.user_id, now)
        for kind, ids in (("keyword", words), ("member", members))
        for tag_id in dict.fromkeys(ids)
    ]


def _make_document(
    call: MethodCall, person: Person, incoming: AcceptedFile, orientation: int | None
) -> Doc | None:
    """Return the document that a file becomes; None for a photo that cannot be read.

    One of a format that needs another package to be read is a document without a picture.
    """
    file, now = incoming.file, int(time.time())
    path = file.keep(incoming.ext)
    filename = f"{incoming.stem}.{incoming.ext}"
    metadata = None
    if incoming.media == "photo":
        try:
            metadata = read_photo(path, exif_only=not call.state.reads_metadata)
        except ValueError:
            if incoming.ext not in OPTIONAL:
                path.unlink()
                return None
    if metadata is None:
        source = OriginalFile(path, incoming.ext, filename, 0, 0, file.size, now, checksum=file.md5)
        doc_id = call.state.new_id("doc")
        doc = Doc(doc_id, person.user_id, source, None, incoming.stem, incoming.media)
        doc.posted_at = doc.updated_at = now
        return doc
    source = replace(metadata.picture, filename=filename, checksum=file.md5)
    if orientation is not None:
        width, height = map(int, metadata.exif["ImageSize"].split("x"))
        if orientation in (6, 8):
            width, height = height, width
        source = replace(source, width=width, height=height, orientation=orientation)
    doc = Doc(call.state.new_id("doc"), person.user_id, source, source, incoming.stem)
    doc.created = metadata.created or doc.created
    doc.lat, doc.lng, doc.exif = metadata.lat, metadata.lng, metadata.exif
    doc.posted_at = doc.updated_at = now
    if call.state.reads_metadata:
        describe(call.state, doc, metadata)
    return doc


def _store_ticket(call: MethodCall, ticket: UploadTicket) -> dict[str, object]:
    """Store a ticket, and with ``async=0`` wait until it is ready and name the document.

    The document is named as for Photini's first versions ([C] 1086d09c, a736aa95). Without
    ``async`` it does not wait: clients that leave it out then ask for the ticket's state
    ([C] PyIpernity, oneyoung).
    """
    call.state.tickets[ticket.ticket_id] = ticket
    if call.params.get("async") == "0":
        # releases the lock under which every method runs
        call.state.stopping.wait(call.state.processing)
        call.state.finish_uploads()
    doc = ticket.doc if ticket.settled and call.params.get("async") == "0" else None
    return {"ticket": ticket.ticket_id, "doc_id": doc and doc.doc_id}


@api_method("upload.file")
def upload_file(call: MethodCall) -> dict[str, object]:
    """Accept a file; the same file again becomes another document."""
    person, state = caller(call), call.state
    incoming = _accept_file(call, person)
    wishes, tags = _requested_values(call), _tags(call, person)
    try:
        turned = one_of((1, 3, 6, 8))(call.params["dir"]) if call.params.get("dir") else None
    except ValueError:
        raise APIError(3, "File not accepted") from None
    doc = _make_document(call, person, incoming, turned)
    if doc is not None:
        for name, value in wishes.items():
            setattr(doc, name, value)
        given = {tag.id for tag in tags}
        doc.tags = tags + [tag for tag in doc.tags if tag.id not in given]
    album = state.albums.get(call.params.get("album_id", ""))
    own = album is not None and album.owner_id == person.user_id
    return _store_ticket(
        call,
        UploadTicket(
            state.new_id("ticket"),
            person.user_id,
            doc,
            incoming.file.size,
            time.time(),
            time.monotonic() + state.processing,
            album.album_id if album and own else None,
        ),
    )


@api_method("upload.replace")
def upload_replace(call: MethodCall) -> dict[str, object]:
    """Accept a file in place of another; in practice it becomes a new document.

    The service did so for PyIpernity's tests and for Photini ([C] commits c4870699, 4891dd36).
    """
    person, state = caller(call), call.state
    if not person.is_pro:
        raise APIError(6, "PRO account needed")
    old = state.docs.get(call.params.get("doc_id", ""))
    if old is None or old.owner_id != person.user_id:
        raise APIError(4, "Document not found")
    incoming = _accept_file(call, person)
    if incoming.media != old.media:
        raise APIError(5, "Media type differs")
    return _store_ticket(
        call,
        UploadTicket(
            f"{state.new_id('ticket')}-{old.doc_id}",
            person.user_id,
            _make_document(call, person, incoming, None),
            incoming.file.size,
            time.time(),
            time.monotonic() + state.processing,
        ),
    )


def _eta(call: MethodCall, ticket: UploadTicket) -> int:
    """Return the seconds until an upload is ready, as the service says them."""
    if ticket.settled:
        return 0
    said = call.state.unknowns.eta
    return ticket.eta if said is None else said


@api_method("upload.checkTickets")
def upload_check_tickets(call: MethodCall) -> dict[str, object]:
    """Return the state of some uploads; another member's ticket is not found ([U])."""
    user_id = caller(call).user_id
    ids = parameters.comma_list(call.params.get("tickets"))
    found = [call.state.tickets.get(ticket_id) for ticket_id in ids]
    tickets = [ticket for ticket in found if ticket is not None and ticket.user_id == user_id]
    if not 1 <= len(ids) <= MAX_TICKETS or len(tickets) < len(ids):
        raise APIError(1, "Some or all tickets not found")
    records: list[dict[str, object]] = [
        {
            "id": ticket.ticket_id,
            "done": ticket.settled and ticket.doc is not None,
            "invalid": ticket.settled and ticket.doc is None,
            "eta": _eta(call, ticket),
            "doc_id": ticket.doc.doc_id if ticket.settled and ticket.doc else None,
        }
        for ticket in tickets
    ]
    return {
        "tickets": {
            "done": sum(bool(record["done"]) for record in records),
            "invalid": sum(bool(record["invalid"]) for record in records),
            "left": sum(not ticket.settled for ticket in tickets),
            "eta": max(_eta(call, ticket) for ticket in tickets),
            "count": len(tickets),
            "ticket": records,
        }
    }
