"""``doc.set``, ``delete``, ``getPerms`` and the other ``set…`` methods."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from .. import access, serializers
from ..documents import FAMILY, FRIENDS, PRIVATE, PUBLIC, Doc
from ..registry import APIError, MethodCall, api_method
from .doc import find_doc

LICENSES = (0, 1, 3, 5, 7, 9, 11, 255)
NO_COORDINATE = -999.0

_FLAGS = ("is_public", "is_family", "is_friend")
#: Only I, family, friends, both, contacts, everybody; 1 and 2 are not on all help pages, but are
#: accepted ([C] the live tests of oneyoung and of its port set ``perm_tagme=1``).
PERM_VALUES = (0, 1, 2, 3, 4, 5)


def find_own_doc(call: MethodCall) -> Doc:
    """Return the caller's own document; another member's is not found, even if it is visible.

    :raises APIError: 1 if there is none.
    """
    doc = find_doc(call)
    if not access.owns(call, doc.owner_id):
        raise APIError(1, "Document not found")
    return doc


def one_of(values: tuple[int, ...]) -> Callable[[str], int]:
    """Return a function that reads one of these numbers and raises ValueError for anything else."""

    def read(text: str) -> int:
        if text not in map(str, values):
            raise ValueError
        return int(text)

    return read


def read_share(params: Mapping[str, str]) -> int | None:
    """Return the circle that ``share`` names, or the three flags, which must be given together.

    :raises ValueError: if a value is out of bounds, or a flag is missing.
    """
    if params.get("share"):
        return one_of((0, 1, 2, 3, 4))(params["share"])
    given = [params.get(flag, "") for flag in _FLAGS]
    if not any(given):
        return None
    public, family, friend = (one_of((0, 1))(value) for value in given)
    return PUBLIC if public else PRIVATE + family * FAMILY + friend * FRIENDS


def read_place(params: Mapping[str, str]) -> tuple[float | None, float | None] | None:
    """Return latitude and longitude, given together; -999 for both removes the place.

    :returns: None if neither is given.
    :raises ValueError: if they are out of bounds, or one is missing.
    """
    given = [params.get(name, "") for name in ("lat", "lng")]
    if not any(given):
        return None
    lat, lng = (float(value) for value in given)
    if lat == lng == NO_COORDINATE:
        return None, None
    if not (math.fabs(lat) <= 90 and math.fabs(lng) <= 180):
        raise ValueError
    return lat, lng


def read_changes(
    params: Mapping[str, str], names: tuple[str, ...], *, circles: bool = True
) -> dict[str, object]:
    """Return new values by attribute of :class:`Doc`, from the parameters with these names.

    :param circles: whether ``share`` or the three flags may be among them.
    :raises ValueError: if a value is out of bounds.
    """
    readers: dict[str, Callable[[str], object]] = {
        "title": str,
        "description": str,
        "license": one_of(LICENSES),
        "safety": one_of((1, 2, 3)),
        "perm_comment": one_of(PERM_VALUES),
        "perm_tag": one_of(PERM_VALUES),
        "perm_tagme": one_of(PERM_VALUES),
    }
    changes = {name: readers[name](params[name]) for name in names if name in params}
    if circles and (share := read_share(params)) is not None:
        changes["share"] = share
    return changes


def _apply(doc: Doc, changes: Mapping[str, object]) -> None:
    for name, value in changes.items():
        setattr(doc, name, value)
    doc.updated_at = int(time.time())


@api_method("doc.set")
def doc_set(call: MethodCall) -> dict[str, object]:
    """Change a document's texts, place, licence and circles."""
    doc = find_own_doc(call)
    names = ("title", "description", "license", "safety", "perm_comment", "perm_tag", "perm_tagme")
    try:
        changes = read_changes(call.params, names)
        if place := read_place(call.params):
            changes["lat"], changes["lng"] = place
    except ValueError:
        raise APIError(3, "Extra argument out of bounds") from None
    if not changes:
        raise APIError(2, "No parameter given")
    _apply(doc, changes)
    return {
        "doc": {
            "doc_id": doc.doc_id,
            "title": doc.title,
            "share": doc.share,
            "description": doc.description,
        }
    }


@api_method("doc.delete")
def doc_delete(call: MethodCall) -> dict[str, object]:
    """Delete a document."""
    call.state.remove_doc(find_own_doc(call))
    return {}


@api_method("doc.getPerms")
def doc_get_perms(call: MethodCall) -> dict[str, object]:
    """Return who may see a document and what they may do; the keys are of live answers ([C])."""
    doc = find_doc(call)
    return {
        "visibility": serializers.visibility(doc),
        "permissions": serializers.permissions(doc),
        "can": serializers.can(call, doc),
    }


@api_method("doc.setPerms")
def doc_set_perms(call: MethodCall) -> dict[str, object]:
    """Change who may see a document, and who may comment on and tag it."""
    doc = find_own_doc(call)
    try:
        changes = read_changes(call.params, ("perm_comment", "perm_tag", "perm_tagme"))
    except ValueError:
        changes = {}
    if not changes:
        raise APIError(2, "Invalid arguments")
    _apply(doc, changes)
    return {}


def _set_one(call: MethodCall, name: str) -> dict[str, object]:
    """Change the one value that a method sets."""
    doc = find_own_doc(call)
    try:
        changes = read_changes(call.params, (name,), circles=False)
    except ValueError:
        changes = {}
    if not changes:
        raise APIError(2, "Invalid arguments")
    _apply(doc, changes)
    return {}


@api_method("doc.setLicense")
def doc_set_license(call: MethodCall) -> dict[str, object]:
    """Change a document's licence."""
    return _set_one(call, "license")


@api_method("doc.setSafety")
def doc_set_safety(call: MethodCall) -> dict[str, object]:
    """Change a document's safety level; no help page was found, it follows ``doc.set``."""
    return _set_one(call, "safety")


@api_method("doc.setGeo")
def doc_set_geo(call: MethodCall) -> dict[str, object]:
    """Set or remove a document's place."""
    doc = find_own_doc(call)
    try:
        place = read_place(call.params)
    except ValueError:
        place = None
    if place is None:
        raise APIError(2, "Invalid arguments")
    _apply(doc, dict(zip(("lat", "lng"), place, strict=True)))
    return {}
