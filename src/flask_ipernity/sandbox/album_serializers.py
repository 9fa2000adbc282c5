"""Albums as the dictionaries that API answers consist of.

As in :mod:`.serializers`, a key whose value is None is dropped later.
"""

from __future__ import annotations

import html

from . import access, parameters, serializers
from .documents import FAMILY, FRIENDS, FRIENDS_AND_FAMILY, PUBLIC, Album
from .registry import MethodCall


def cover(call: MethodCall, album: Album) -> serializers.JSONObject | None:
    """Return an album's cover; the first visible document if the cover is not visible."""
    seen = access.album_docs(call, album)
    for doc in [doc for doc in seen if doc.doc_id == album.cover_id] or seen:
        if shape := serializers.thumb(call, doc, parameters.thumbsize(call)):
            return {"doc_id": doc.doc_id, **shape}
    return None


def dates(album: Album) -> serializers.JSONObject:
    """Return an album's dates under the keys of ``album.get``."""
    return {"created_at": album.created_at, "comment_at": album.audience.comment_at}


def count(call: MethodCall, album: Album) -> serializers.JSONObject:
    """Return an album's counts; those of documents include only what the caller may see."""
    shares = [doc.share for doc in access.album_docs(call, album)]
    return {
        "docs": len(shares),
        "visits": album.audience.visit_count,
        "faves": len(album.audience.faves),
        "comments": len(album.audience.comments),
        "family": shares.count(FAMILY),
        "friend": shares.count(FRIENDS),
        "ff": shares.count(FRIENDS_AND_FAMILY),
        "public": shares.count(PUBLIC),
    }


def visibility(call: MethodCall, album: Album) -> serializers.JSONObject:
    """Return which circles can see something in an album."""
    shares = {doc.share for doc in access.album_docs(call, album)}
    return {
        "family": FAMILY in shares,
        "friend": FRIENDS in shares,
        "ff": FRIENDS_AND_FAMILY in shares,
        "public": PUBLIC in shares,
    }


def can(call: MethodCall, album: Album) -> serializers.JSONObject:
    """Return what the caller may do with an album."""
    return {
        "fave": access.reader(call) is not None and not access.owns(call, album.owner_id),
        "comment": access.may_act(call, album.owner_id, album.perm_comment),
    }


def link(call: MethodCall, album: Album) -> str:
    """Return the URL of an album's page."""
    return f"{call.web_url}/doc/{album.owner_id}/album/{album.album_id}"


def description(album: Album) -> str:
    """Return an album's description, escaped; clients must unescape it ([C] Photini e422c16f)."""
    return html.escape(album.description, quote=False)
