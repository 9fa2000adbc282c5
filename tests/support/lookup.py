"""Finds documents and albums of a sandbox by their attributes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_ipernity.sandbox import Sandbox
from flask_ipernity.sandbox.documents import Album, Doc

#: The indexes of the photographer, a member of her family, and a stranger to both.
ADA, JONAS, MEI = range(3)


def doc(sandbox: Sandbox, owner: int = ADA, **wanted: object) -> Doc:
    """Return a person's first document with these attributes; a photo if ``media`` is not given."""
    wanted = {"media": "photo", **wanted}
    owner_id = sandbox.people[owner].user_id
    for candidate in sandbox.state.docs.values():
        if candidate.owner_id == owner_id and all(
            getattr(candidate, name) == value for name, value in wanted.items()
        ):
            return candidate
    raise LookupError(f"the sandbox has no document of person {owner} with {wanted}")


def album(sandbox: Sandbox, shares: set[int]) -> Album:
    """Return the first album whose documents have exactly these circles."""
    docs = sandbox.state.docs
    for candidate in sandbox.state.albums.values():
        if {docs[doc_id].share for doc_id in candidate.doc_ids} == shares:
            return candidate
    raise LookupError(f"the sandbox has no album of {shares}")


def ids(records: Iterable[dict[str, Any]]) -> set[str]:
    """Return the document ids of records."""
    return {record["doc_id"] for record in records}


def listed(answer: dict[str, Any]) -> set[str]:
    """Return the document ids of a list of documents."""
    return ids(answer["docs"].get("doc", []))


def document(sandbox: Sandbox, **wanted: object) -> Any:
    """Return the first document of the sandbox whose attributes are *wanted*."""
    for doc in sandbox.state.docs.values():
        if all(getattr(doc, name) == value for name, value in wanted.items()):
            return doc
    raise LookupError(wanted)
