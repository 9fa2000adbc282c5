"""From a document and a label to the one address that is fetched, and who may share it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..client import IpernityAPI
from ..errors import NotFound, PermissionDenied, TokenError
from ..sign_in.visitor import visitor_api
from ..state import current_state

#: The sizes of a picture: ``75x`` and ``250x`` are cut square, a plain number
#: is the longest side in pixels.
SIZES = ("75x", "100", "240", "250x", "500", "560", "640", "800", "1024", "1600", "2048")

#: Labels of audio and video that were seen in the service's answers.
MEDIA = ("mp4", "hd", "ipod", "flv", "mp3")

ORIGINAL = "original"

_LABELS = frozenset((*SIZES, *MEDIA, ORIGINAL))
_DOC_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Choice:
    """What to fetch.

    ``public``: everybody may see it, so that caches may share it.
    ``filename``: the owner's name of the file, for the original only.
    """

    label: str
    url: str
    public: bool
    filename: str | None = None


def is_request(doc_id: str, label: str) -> bool:
    """Tell whether *doc_id* and *label* can name anything, without asking the service."""
    return label in _LABELS and _DOC_ID.fullmatch(doc_id) is not None


def choose(doc_id: str, label: str) -> Choice | None:
    """Return what the visitor may see under *label*, or ``None``.

    The service is asked as nobody first: what everybody may see can be shared
    by caches, and the session need not be read. Missing and forbidden are the
    same.

    :raises APIRequestError: the service refused the question itself.
    :raises ServiceError: the service gave no usable answer.
    """
    found = _find(current_state().api(), doc_id, label, public=True)
    if found is not None:
        return found
    api = visitor_api()
    return _find(api, doc_id, label, public=False) if api.token else None


def _find(api: IpernityAPI, doc_id: str, label: str, *, public: bool) -> Choice | None:
    try:
        medias = api.call("doc.getMedias", doc_id=doc_id)
    except (NotFound, PermissionDenied, TokenError):
        return None
    if label == ORIGINAL:
        original = medias.get("original")
        entry = original if isinstance(original, dict) else {}
    else:
        members = ("thumbs", "thumb") if label in SIZES else ("medias", "media")
        entry = _labelled(medias, *members, label)
    url, name = entry.get("url"), entry.get("filename")
    if not isinstance(url, str) or not url:
        return None
    return Choice(label, url, public, name if isinstance(name, str) else None)


def _labelled(medias: dict[str, Any], plural: str, singular: str, label: str) -> dict[str, Any]:
    """Return the first record with *label*; every member may be missing or of another type."""
    outer = medias.get(plural)
    records = outer.get(singular) if isinstance(outer, dict) else None
    if isinstance(records, dict):
        records = [records]
    for record in records if isinstance(records, list) else ():
        if isinstance(record, dict) and str(record.get("label")) == label:
            return record
    return {}
