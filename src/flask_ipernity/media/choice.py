"""From a document, a label and a visitor to the one file that is served, and who may share it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import TokenError
from ..sign_in.visitor import visitor_api
from .guesses import Guess
from .labels import with_smaller_sizes
from .lookup import FoundFile, NoFileReason
from .state import MediaState


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """What a request asks for."""

    doc_id: str
    label: str
    #: Whether a smaller size will do where the one asked for does not exist.
    nearest: bool = False
    #: Whether the URL is signed, so that the owner's grant is used.
    as_owner: bool = False


@dataclass(frozen=True, slots=True)
class NoFile:
    """There is no file for the visitor."""

    reason: NoFileReason
    #: Whether the visitor's token was found dead, and forgotten.
    forgot_token: bool = False


def choose(media: MediaState, asked: MediaRequest, address: str | None) -> FoundFile | NoFile:
    """Return the file that is asked for, as far as the visitor may see it.

    The service is asked without a token first: what everybody may see can be
    shared by caches, and the session need not be read. Missing and forbidden
    are the same, and so is what is not asked for because too many were missing.

    :param address: the visitor's address; ``None`` if it cannot be told from others.
    :raises APIRequestError: the service refuses the call itself.
    :raises ServiceError: the service gives no usable answer.
    """
    site, lookup = media.site, media.lookup
    labels = with_smaller_sizes(asked.label) if asked.nearest else (asked.label,)
    if asked.as_owner:
        token = site.settings.owner_token
        found = lookup.find(asked.doc_id, labels, token, lambda: site.api(token))
        return NoFile(found) if isinstance(found, NoFileReason) else found
    guess = Guess(lookup.guesses, asked.doc_id, address, is_stranger=True)
    found = lookup.find(asked.doc_id, labels, None, site.api, guess)
    if isinstance(found, FoundFile):
        return found
    api = visitor_api() if found is not NoFileReason.GONE else None
    if api is None or not api.token:
        guess.end()
        is_unknown = api is not None and api.is_unknown
        return NoFile(NoFileReason.UNKNOWN_VISITOR if is_unknown else found)
    token = api.token_of({})
    # Whoever is signed in has a budget of her own.
    own_guess = Guess(lookup.guesses, asked.doc_id, lookup.viewer(token), is_stranger=False)
    try:
        for_visitor = lookup.find(asked.doc_id, labels, token, lambda: api, own_guess)
    except TokenError:
        guess.end()
        return NoFile(found, forgot_token=True)
    if isinstance(for_visitor, FoundFile):
        return for_visitor
    guess.end()
    own_guess.end()
    return NoFile(for_visitor)
