"""From a document, a label and a visitor to the one file that is served, and who may share it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import TokenError
from ..sign_in.visitor import visitor_api
from ..site.api import SiteAPI, site_context
from .lookup import MEDIA, ORIGINAL, SIZES, File, MediaLookup, Refusal
from .state import media_state

_LABELS = frozenset((*SIZES, *MEDIA, ORIGINAL))
_DOC_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """What a request asks for.

    ``nearest``: a smaller size will do where the wanted one does not exist.
    ``as_owner``: the address is signed, so that the owner's grant is used.
    """

    doc_id: str
    label: str
    nearest: bool = False
    as_owner: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The file that is served.

    ``label``: the one that was found. ``public``: everybody may see it, so that
    caches may share it. ``token``: whose grant it was found with.
    """

    label: str
    file: File
    public: bool
    token: str | None


@dataclass(frozen=True, slots=True)
class NoFile:
    """There is no file; ``forgotten``: the visitor's token is dead, and forgotten now."""

    refusal: Refusal
    forgotten: bool = False


def is_request(doc_id: str, label: str) -> bool:
    """Tell whether *doc_id* and *label* can name anything, without asking the service."""
    return label in _LABELS and _DOC_ID.fullmatch(doc_id) is not None


def choose(wanted: MediaRequest) -> Choice | NoFile:
    """Return the file that is wanted, as far as the visitor may see it.

    The service is asked as nobody first: what everybody may see can be shared
    by caches, and the session need not be read. Missing and forbidden are the
    same.

    :raises APIRequestError: the service refuses the question itself.
    :raises ServiceError: the service gives no usable answer.
    """
    lookup, site = media_state().lookup, site_context()
    if wanted.as_owner:
        token = site.settings.owner_token
        return _choose(lookup, wanted, token, lambda: site.api(token))
    found = _choose(lookup, wanted, None, site.api)
    if isinstance(found, Choice):
        return found
    api = visitor_api()
    if not api.token:
        return found
    try:
        return _choose(lookup, wanted, api.token, lambda: api)
    except TokenError:
        # Without the token it was asked above.
        return NoFile(found.refusal, forgotten=True)


def forget(wanted: MediaRequest, choice: Choice) -> None:
    """Let the next :func:`choose` ask the service anew."""
    media_state().lookup.forget(wanted.doc_id, choice.token)


def _choose(
    lookup: MediaLookup, wanted: MediaRequest, token: str | None, api: Callable[[], SiteAPI]
) -> Choice | NoFile:
    file = lookup.listed(wanted.doc_id, wanted.label, token)
    if file is not None:
        return Choice(wanted.label, file, token is None, token)
    files = lookup.files(wanted.doc_id, token, api)
    if isinstance(files, Refusal):
        return NoFile(files)
    for label in _labels(wanted):
        if label in files.by_label:
            return Choice(label, files.by_label[label], token is None, token)
    return NoFile(Refusal.MISSING)


def _labels(wanted: MediaRequest) -> list[str]:
    """Return the labels that will do, the best first."""
    if not wanted.nearest or wanted.label not in SIZES:
        return [wanted.label]
    # Square ones are cut, and so no smaller version of the others.
    alike = [size for size in SIZES if size.endswith("x") == wanted.label.endswith("x")]
    return alike[alike.index(wanted.label) :: -1]
