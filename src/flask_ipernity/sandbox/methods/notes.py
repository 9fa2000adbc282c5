"""``doc.notes.*``: rectangles on a picture with some words, or with a member's name."""

from __future__ import annotations

import time

from .. import access
from ..documents import Doc, Note
from ..registry import APIError, MethodCall, api_method, caller, require_not_blocked
from ..thumbnails import size_of
from . import limits
from .doc import find_doc

_SHOWN_ON = "560"
"""Coordinates are pixels of this size ([D])."""


def _rectangle(call: MethodCall, doc: Doc) -> tuple[int, int, int, int]:
    """Where the note is; one that does not fit goes to the corner, as 50 by 50 ([D]).

    :raises APIError: error 4, a coordinate is missing or no number.
    """
    try:
        x, y, w, h = (int(call.params.get(name, "")) for name in "xywh")
    except ValueError:
        raise APIError(4, "Coordinates invalid") from None
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


@api_method("doc.notes.add")
def doc_notes_add(call: MethodCall) -> dict[str, object]:
    """Puts a note on a picture. Who may is not documented; here those who may tag it ([R])."""
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
    if len(doc.notes) >= limits.NOTES:
        raise APIError(5, "Note limit reached")
    preview = params.get("preview") == "1"
    number = "0" if preview else call.state.new_id("note")
    note = Note(number, who.user_id, *rectangle, content, int(time.time()), member_id)
    if not preview:
        doc.notes.append(note)
    return {"note": _shape(note)}


def _found(call: MethodCall) -> tuple[Doc, int]:
    """The document with the note that ``note_id`` names, and the note's place in its list.

    :raises APIError: error 1: there is none, or it is neither the caller's nor on the caller's
        document.
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
    """Changes a note's words and place."""
    doc, place = _found(call)
    old = doc.notes[place]
    content = call.params.get("content", "").strip()
    if not content and not old.member_id:
        raise APIError(2, "Note text empty")
    note = Note(
        old.note_id, old.user_id, *_rectangle(call, doc), content, old.posted_at, old.member_id
    )
    if call.params.get("preview") != "1":
        doc.notes[place] = note
    return {"note": _shape(note)}


@api_method("doc.notes.delete")
def doc_notes_delete(call: MethodCall) -> dict[str, object]:
    """Takes a note away."""
    doc, place = _found(call)
    del doc.notes[place]
    return {}
