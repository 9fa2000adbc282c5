"""``doc.notes.*``: rectangles on a picture with a text or a member's name."""

from __future__ import annotations

import time

from .. import access
from ..documents import Doc, Note
from ..registry import APIError, MethodCall, api_method, caller, require_not_blocked
from ..thumbnails import size_of
from . import limits
from .doc import find_doc

#: The size whose pixels the coordinates count ([D]).
_COORDINATES_SIZE = "560"


def _rectangle(call: MethodCall, doc: Doc) -> tuple[int, int, int, int]:
    """Return the rectangle of a note; one that does not fit becomes 50 by 50 in the corner ([D]).

    :raises APIError: 4 if a coordinate is missing or not a number.
    """
    try:
        x, y, w, h = (int(call.params.get(name, "")) for name in "xywh")
    except ValueError:
        raise APIError(4, "Coordinates invalid") from None
    width = height = 0
    if doc.picture is not None:
        width, height = size_of(_COORDINATES_SIZE, doc.picture.width, doc.picture.height)
    fits = x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height
    return (x, y, w, h) if fits else (0, 0, 50, 50)


def _note_record(note: Note) -> dict[str, object]:
    return {
        "note_id": note.note_id,
        "user_id": note.user_id,
        "posted_at": note.posted_at,
        "x": note.x,
        "y": note.y,
        "w": note.w,
        "h": note.h,
        "content": note.content,
    }


@api_method("doc.notes.add")
def doc_notes_add(call: MethodCall) -> dict[str, object]:
    """Add a note to a picture; who may do so is not documented, here those who may tag it ([R])."""
    doc, who, params = find_doc(call), caller(call), call.params
    require_not_blocked(call, doc.owner_id)
    if not access.may_act(call, doc.owner_id, doc.perm_tag):
        raise APIError(1, "Document not found")
    content, member_id = params.get("content", "").strip(), params.get("member_id") or None
    if not content and not member_id:
        raise APIError(2, "Note text empty")
    if member_id and member_id not in call.state.people:
        raise APIError(3, "Member not found")
    rectangle = _rectangle(call, doc)
    if len(doc.notes) >= limits.MAX_NOTES:
        raise APIError(5, "Note limit reached")
    preview = params.get("preview") == "1"
    number = "0" if preview else call.state.new_id("note")
    note = Note(number, who.user_id, *rectangle, content, int(time.time()), member_id)
    if not preview:
        doc.notes.append(note)
    return {"note": _note_record(note)}


def _find_note(call: MethodCall) -> tuple[Doc, int]:
    """Return the document with the note ``note_id``, and the note's index in its list.

    :raises APIError: 1 if there is none, or neither the note nor the document is the caller's.
    """
    user_id = caller(call).user_id
    for doc in call.state.docs.values():
        for place, note in enumerate(doc.notes):
            wanted = note.note_id == call.params.get("note_id") and access.visible(call, doc)
            if wanted and user_id in (note.user_id, doc.owner_id):
                return doc, place
    raise APIError(1, "Note not found")


@api_method("doc.notes.edit")
def doc_notes_edit(call: MethodCall) -> dict[str, object]:
    """Change a note's text and rectangle."""
    doc, place = _find_note(call)
    old = doc.notes[place]
    content = call.params.get("content", "").strip()
    if not content and not old.member_id:
        raise APIError(2, "Note text empty")
    note = Note(
        old.note_id, old.user_id, *_rectangle(call, doc), content, old.posted_at, old.member_id
    )
    if call.params.get("preview") != "1":
        doc.notes[place] = note
    return {"note": _note_record(note)}


@api_method("doc.notes.delete")
def doc_notes_delete(call: MethodCall) -> dict[str, object]:
    """Delete a note."""
    doc, place = _find_note(call)
    del doc.notes[place]
    return {}
