"""``doc.notes.*``: rectangles on a picture with some words, or with a member's name."""

from __future__ import annotations

import time

from .. import shapes
from ..documents import Doc, Note
from ..pictures import size_of
from . import Call, Refusal, caller, limits, method, not_blocked
from .doc import found_doc

_SHOWN_ON = "560"
"""Coordinates are pixels of this size ([D])."""


def _rectangle(call: Call, doc: Doc) -> tuple[int, int, int, int]:
    """Where the note is; one that does not fit goes to the corner, as 50 by 50 ([D]).

    :raises Refusal: error 4, a coordinate is missing or no number.
    """
    try:
        x, y, w, h = (int(call.params.get(name, "")) for name in "xywh")
    except ValueError:
        raise Refusal(4, "Coordinates invalid") from None
    width = height = 0
    if doc.picture is not None:
        width, height = size_of(_SHOWN_ON, doc.picture.width, doc.picture.height)
    fits = x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= width and y + h <= height
    return (x, y, w, h) if fits else (0, 0, 50, 50)


def _shape(note: Note) -> dict[str, object]:
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


@method("doc.notes.add")
def doc_notes_add(call: Call) -> dict[str, object]:
    """Puts a note on a picture. Who may is not documented; here those who may tag it ([R])."""
    doc, who, params = found_doc(call), caller(call), call.params
    not_blocked(call, doc.owner_id)
    if not shapes.may_act(call, doc.owner_id, doc.perm_tag):
        raise Refusal(1, "Document not found")
    content, member_id = params.get("content", "").strip(), params.get("member_id") or None
    if not content and not member_id:
        raise Refusal(2, "Note text empty")
    if member_id and member_id not in call.state.people:
        raise Refusal(3, "Member not found")
    rectangle = _rectangle(call, doc)
    if len(doc.notes) >= limits.NOTES:
        raise Refusal(5, "Note limit reached")
    preview = params.get("preview") == "1"
    number = "0" if preview else call.state.new_id("note")
    note = Note(number, who.user_id, *rectangle, content, int(time.time()), member_id)
    if not preview:
        doc.notes.append(note)
    return {"note": _shape(note)}


def _found(call: Call) -> tuple[Doc, int]:
    """The document with the note that ``note_id`` names, and the note's place in its list.

    :raises Refusal: error 1: there is none, or it is neither the caller's nor on the caller's
        document.
    """
    user_id = caller(call).user_id
    for doc in call.state.docs.values():
        for place, note in enumerate(doc.notes):
            wanted = note.note_id == call.params.get("note_id") and shapes.visible(call, doc)
            if wanted and user_id in (note.user_id, doc.owner_id):
                return doc, place
    raise Refusal(1, "Note not found")


@method("doc.notes.edit")
def doc_notes_edit(call: Call) -> dict[str, object]:
    """Changes a note's words and place."""
    doc, place = _found(call)
    old = doc.notes[place]
    content = call.params.get("content", "").strip()
    if not content and not old.member_id:
        raise Refusal(2, "Note text empty")
    note = Note(
        old.note_id, old.user_id, *_rectangle(call, doc), content, old.posted_at, old.member_id
    )
    if call.params.get("preview") != "1":
        doc.notes[place] = note
    return {"note": _shape(note)}


@method("doc.notes.delete")
def doc_notes_delete(call: Call) -> dict[str, object]:
    """Takes a note away."""
    doc, place = _found(call)
    del doc.notes[place]
    return {}
