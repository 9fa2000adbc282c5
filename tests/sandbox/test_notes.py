"""Notes on pictures."""

from __future__ import annotations

import pytest

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import PRIVATE, PUBLIC
from flask_ipernity.sandbox.methods import limits
from tests.support.lookup import ADA, JONAS, MEI, doc
from tests.support.raw_http import RawClient

PLACE = {"x": "10", "y": "12", "w": "22", "h": "33"}


@pytest.fixture
def tokens(sandbox: Sandbox) -> list[str]:
    return [sandbox.sign_in(person, {"doc": "write"}) for person in (ADA, JONAS, MEI)]


@pytest.fixture
def sent(sandbox: Sandbox) -> dict[str, str]:
    """Return the parameters of a note on the photographer's public photo, which has none."""
    shown = doc(sandbox, share=PUBLIC)
    shown.notes.clear()
    return {"doc_id": shown.doc_id, "content": "There!", **PLACE}


def test_a_note_is_on_the_picture(raw: RawClient, sent: dict[str, str], tokens: list[str]) -> None:
    note = raw.ok("doc.notes.add", sent, token=tokens[JONAS], post=True)["note"]
    assert {key: note[key] for key in "xywh"} == PLACE
    shown = raw.ok("doc.get", {"doc_id": sent["doc_id"], "extra": "notes"})["doc"]["notes"]
    assert shown["total"] == "1"
    assert (shown["note"][0]["content"], shown["note"][0]["username"]) == (
        "There!",
        "Jonas Weidmann",
    )


def test_a_note_with_a_member_needs_no_words(
    sandbox: Sandbox, raw: RawClient, sent: dict[str, str], tokens: list[str]
) -> None:
    del sent["content"]
    assert raw.code("doc.notes.add", sent, token=tokens[ADA], post=True) == "2"
    person = sandbox.people[JONAS]
    raw.ok("doc.notes.add", {**sent, "member_id": person.user_id}, token=tokens[ADA], post=True)
    (note,) = raw.ok("doc.get", {"doc_id": sent["doc_id"], "extra": "notes"})["doc"]["notes"][
        "note"
    ]
    assert (note["member_id"], note["membername"]) == (person.user_id, person.username)
    wrong = {**sent, "member_id": "1"}
    assert raw.code("doc.notes.add", wrong, token=tokens[ADA], post=True) == "3"


@pytest.mark.parametrize("bad", [{"x": "-1"}, {"w": "0"}, {"x": "555"}, {"h": "9999"}])
def test_a_note_that_does_not_fit_goes_to_the_corner(
    raw: RawClient, sent: dict[str, str], tokens: list[str], bad: dict[str, str]
) -> None:
    note = raw.ok("doc.notes.add", {**sent, **bad}, token=tokens[ADA], post=True)["note"]
    assert [note[key] for key in "xywh"] == ["0", "0", "50", "50"]


@pytest.mark.parametrize("bad", ["", "left", "1.5"])
def test_coordinates_must_be_numbers(
    raw: RawClient, sent: dict[str, str], tokens: list[str], bad: str
) -> None:
    assert raw.code("doc.notes.add", {**sent, "y": bad}, token=tokens[ADA], post=True) == "4"


def test_author_and_owner_change_and_delete_a_note(
    sandbox: Sandbox, raw: RawClient, sent: dict[str, str], tokens: list[str]
) -> None:
    number = raw.ok("doc.notes.add", sent, token=tokens[JONAS], post=True)["note"]["note_id"]
    edit = {"note_id": number, "content": "Here.", **PLACE, "x": "20"}
    assert raw.code("doc.notes.edit", edit, token=tokens[MEI], post=True) == "1"
    assert raw.code("doc.notes.delete", edit, token=tokens[MEI], post=True) == "1"
    note = raw.ok("doc.notes.edit", edit, token=tokens[ADA], post=True)["note"]
    author = sandbox.people[JONAS].user_id
    assert (note["content"], note["x"], note["user_id"]) == ("Here.", "20", author)
    empty = {**edit, "content": ""}
    assert raw.code("doc.notes.edit", empty, token=tokens[JONAS], post=True) == "2"
    raw.ok("doc.notes.delete", {"note_id": number}, token=tokens[JONAS], post=True)
    assert raw.code("doc.notes.delete", {"note_id": number}, token=tokens[JONAS], post=True) == "1"


def test_previews_change_nothing(
    sandbox: Sandbox, raw: RawClient, sent: dict[str, str], tokens: list[str]
) -> None:
    raw.ok("doc.notes.add", {**sent, "preview": "1"}, token=tokens[ADA], post=True)
    notes = sandbox.state.docs[sent["doc_id"]].notes
    assert notes == []
    number = raw.ok("doc.notes.add", sent, token=tokens[ADA], post=True)["note"]["note_id"]
    edit = {**sent, "note_id": number, "content": "No.", "preview": "1"}
    assert raw.ok("doc.notes.edit", edit, token=tokens[ADA], post=True)["note"]["content"] == "No."
    assert notes[0].content == "There!"


def test_a_picture_takes_so_many_notes_and_not_from_everybody(
    sandbox: Sandbox,
    raw: RawClient,
    sent: dict[str, str],
    tokens: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert raw.code("doc.notes.add", sent, token=tokens[MEI], post=True) == "1"
    private = {**sent, "doc_id": doc(sandbox, share=PRIVATE).doc_id}
    assert raw.code("doc.notes.add", private, token=tokens[JONAS], post=True) == "1"
    monkeypatch.setattr(limits, "MAX_NOTES", 0)
    assert raw.code("doc.notes.add", sent, token=tokens[ADA], post=True) == "5"
