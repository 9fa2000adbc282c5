"""The memory of addresses: what the service says about a document's files, per viewer.

The service counts the calls of the whole site as one client's, so it is asked
once for a document and viewer, and not again for a short while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from secrets import token_bytes
from typing import Any

from ..caching.single_flight import Cache, Lifetime, MemoryStore
from ..client.methods import Method
from ..errors import (
    BadAnswer,
    NotFoundError,
    PermissionDenied,
    QuotaExceeded,
    ServiceError,
    TokenError,
)
from ..site.api import SiteAPI
from .listed_urls import ListedURLs

#: The sizes of a picture: ``75x`` and ``250x`` are cut square, a plain number
#: is the longest side in pixels.
SIZES = ("75x", "100", "240", "250x", "500", "560", "640", "800", "1024", "1600", "2048")

#: Labels of audio and video that were seen in the service's answers.
MEDIA = ("mp4", "hd", "ipod", "flv", "mp3")

ORIGINAL = "original"

#: Seconds for which an answer is used. A file that its owner makes private, or
#: that is no longer shared with a visitor, is served this much longer at most.
FRESH_SECONDS = 60.0
#: Seconds for which "not there" is used.
MISSING_SECONDS = 20.0
#: Seconds for which an older answer stands in while the service fails.
STALE_SECONDS = 3600.0

_MAX_ENTRIES = 10_000
_MAX_BYTES = 32 * 1024 * 1024


class Refusal(Enum):
    """Why a viewer gets nothing."""

    #: Not there, or not for the viewer.
    MISSING = 404
    #: The service refuses the viewer as such (109, 110).
    DENIED = 403


@dataclass(frozen=True, slots=True)
class File:
    """A file: its address, and the owner's name of it where that is told."""

    url: str
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """A document's files by their label, as one viewer may have them."""

    by_label: Mapping[str, File]


LookupResult = Files | Refusal


class MediaLookup:
    """Asks the service for documents' files, and remembers the answers.

    :param owners: if not empty, the files of others than these are missing.
    """

    def __init__(self, owners: tuple[str, ...]) -> None:
        self._owners = owners
        # Tokens are no keys in clear: a dump of the memory shows none.
        self._secret = token_bytes(32)
        self._answers: Cache[LookupResult] = Cache(
            MemoryStore(_MAX_ENTRIES, _MAX_BYTES, _size),
            _life,
            stale_on=(ServiceError, QuotaExceeded),
        )
        self._listed = ListedURLs(FRESH_SECONDS)
        self._gone: Cache[bool] = Cache(
            MemoryStore(_MAX_ENTRIES, _MAX_BYTES, lambda _: 1), lambda _: Lifetime(MISSING_SECONDS)
        )

    def add_list(self, method: Method, token: str | None, answer: Mapping[str, Any]) -> None:
        """Remember what the answer to any call tells about documents in passing.

        :param token: whose call it was; ``None`` for nobody's.
        """
        # Lists do not always tell the owners.
        if not method.list_key or method.list_key[-1] != "doc" or self._owners:
            return
        records: Any = answer
        for name in method.list_key:
            records = records.get(name) if isinstance(records, Mapping) else None
        self._listed.add(self._viewer(token), records)

    def listed(self, doc_id: str, label: str, token: str | None) -> File | None:
        """Return a file that a list has told of, unless there is a whole answer."""
        if self._answers.peek(self.key(doc_id, token)) is not None:
            return None
        url = self._listed.url(self._viewer(token), doc_id, label)
        return None if url is None else File(url)

    def _viewer(self, token: str | None) -> str:
        if token is None:
            return ""
        return blake2b(token.encode(), key=self._secret, digest_size=16).hexdigest()

    def key(self, doc_id: str, token: str | None) -> str:
        """Return what *doc_id* is remembered under for the holder of *token*, or for nobody."""
        return f"{doc_id}:{self._viewer(token)}"

    def files(self, doc_id: str, token: str | None, api: Callable[[], SiteAPI]) -> LookupResult:
        """Return the files of a document, as the holder of *token* may have them.

        :param api: returns the API object that is asked, where that is needed.
        :raises TokenError: the token is dead.
        :raises APIRequestError: the service refuses the question itself.
        :raises ServiceError: the service gives no usable answer.
        """
        return self._answers.get(self.key(doc_id, token), lambda: self._ask(doc_id, token, api()))

    def forget(self, doc_id: str, token: str | None) -> None:
        """Forget an answer whose address turned out to lead nowhere."""
        self._listed.forget(doc_id)
        self._answers.drop(self.key(doc_id, token))

    def is_gone(self, url: str) -> bool:
        """Tell whether :meth:`mark_gone` was called for *url* a moment ago."""
        return self._gone.peek(url) is not None

    def mark_gone(self, url: str) -> None:
        """Remember that a new address leads nowhere either.

        Without this, each request for the file would cost a call.
        """
        self._gone.put(url, True)

    def _ask(self, doc_id: str, token: str | None, api: SiteAPI) -> LookupResult:
        # doc.getMedias does not tell the owner; doc.get tells the files as well.
        method = "doc.get" if self._owners else "doc.getMedias"
        try:
            # This memory is the cache: what it forgets must not come back from another.
            answer = api.call(method, cached=False, doc_id=doc_id)
        except NotFoundError:
            return Refusal.MISSING
        except PermissionDenied:
            return Refusal.DENIED
        except TokenError:
            # by now the API object has forgotten a token that is dead
            if token:
                raise
            return Refusal.MISSING
        if self._owners:
            doc = answer.get("doc")
            if not isinstance(doc, dict):
                raise BadAnswer("the answer has no document", method)
            owner = doc.get("owner")
            owner_id = owner.get("user_id") if isinstance(owner, dict) else None
            if str(owner_id) not in self._owners:
                return Refusal.MISSING
            answer = doc
        return Files(dict(_files(answer)))


def _life(answer: LookupResult) -> Lifetime:
    return (
        Lifetime(FRESH_SECONDS, STALE_SECONDS)
        if isinstance(answer, Files)
        else Lifetime(MISSING_SECONDS)
    )


def _size(answer: LookupResult) -> int:
    if isinstance(answer, Refusal):
        return 100
    return 300 + sum(
        200 + len(file.url) + 4 * len(file.filename or "") for file in answer.by_label.values()
    )


def _files(answer: Mapping[str, Any]) -> Iterator[tuple[str, File]]:
    """Yield the files of an answer; every member may be missing or of another type."""
    found = [
        (label, record)
        for labels, outer, inner in ((SIZES, "thumbs", "thumb"), (MEDIA, "medias", "media"))
        for label, record in _labelled(answer.get(outer), inner)
        if label in labels
    ]
    found.append((ORIGINAL, answer.get(ORIGINAL)))
    # Of two with the same label the first counts, so it comes last.
    for label, record in reversed(found):
        if isinstance(record, dict) and isinstance(url := record.get("url"), str) and url:
            name = record.get("filename")
            yield label, File(url, name[:1000] if isinstance(name, str) else None)


def _labelled(outer: Any, inner: str) -> Iterator[tuple[str, Any]]:
    records = outer.get(inner) if isinstance(outer, dict) else None
    for record in records if isinstance(records, list) else [records]:
        if isinstance(record, dict) and isinstance(label := record.get("label"), str | int):
            yield str(label), record
