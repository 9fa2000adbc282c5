"""The URLs of files: what the service answers about a document, kept per viewer.

The service counts the calls of the whole site as one client's, so it is asked
once for a document and viewer, and not again for a short while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from hashlib import blake2b
from math import inf
from secrets import token_bytes
from typing import Any, NamedTuple

from ..caching.single_flight import Cache, CacheEntry, Lifetime, MemoryStore
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
from .guesses import Guess, GuessBudget, GuessesSpent
from .labels import MEDIA, ORIGINAL, SIZES, is_doc_id
from .listed_urls import ListedURLs, listed_urls

#: Seconds for which an answer is used. A file that its owner makes private, or
#: that is no longer shared with a visitor, is served this much longer at most.
FRESH_SECONDS = 60.0
#: Seconds for which the answer that there is no such document is used.
MISSING_SECONDS = 20.0
#: Seconds for which an older answer is used while the service fails.
STALE_SECONDS = 3600.0

#: Lists whose documents all belong to the member in ``user_id``.
_LISTS_OF_AN_OWNER = ("doc.getList", "doc.search")

#: How many answers, and how many URLs that lead nowhere, are kept.
_MAX_ENTRIES = 10_000
#: Bytes that each of the two may take.
_MAX_BYTES = 32 * 1024 * 1024
#: Characters of the owner's name of a file that are kept.
_MAX_FILENAME_LENGTH = 1000


class NoFileReason(Enum):
    """Why a viewer gets no file."""

    #: There is none, or none for the viewer.
    MISSING = auto()
    #: The service refuses the viewer as such (errors 109 and 110).
    DENIED = auto()
    #: There is a URL, but it leads nowhere.
    GONE = auto()
    #: The store of tokens does not work, so that it is not known who the viewer is.
    UNKNOWN_VISITOR = auto()


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a viewer may have."""

    label: str
    url: str
    #: The owner's name of the file, where the service has one.
    filename: str | None
    #: The token it was found with; ``None`` if everybody may have the file.
    token: str | None
    #: Whether the service fails, and this is what it answered before.
    is_stale: bool = False


class _File(NamedTuple):
    url: str
    filename: str | None


@dataclass(frozen=True, slots=True)
class _Files:
    """A document's files by their label, as one viewer may have them."""

    by_label: Mapping[str, _File]


_Result = _Files | NoFileReason


class MediaLookup:
    """Asks the service for documents' files, and keeps its answers.

    Safe to use from several threads.

    :param owners: if not empty, the files of others than these are missing.
    :param guesses: the budget for documents that the service does not have.
    """

    def __init__(self, owners: tuple[str, ...], guesses: GuessBudget | None = None) -> None:
        self._owners = owners
        self.guesses = guesses or GuessBudget()
        # Keys do not hold tokens in clear: a dump of the memory shows none.
        self._secret = token_bytes(32)
        self._results: Cache[str, _Result] = Cache(
            MemoryStore(_MAX_ENTRIES, _MAX_BYTES, _size),
            _lifetime,
            stale_on=(ServiceError, QuotaExceeded),
        )
        self._listed = ListedURLs(FRESH_SECONDS)
        self._owned: MemoryStore[str, bool] = MemoryStore(_MAX_ENTRIES, _MAX_BYTES, lambda _: 100)
        self._gone: Cache[str, bool] = Cache(
            MemoryStore(_MAX_ENTRIES, _MAX_BYTES, lambda _: 1), lambda _: Lifetime(MISSING_SECONDS)
        )

    def add_answer(
        self,
        method: Method,
        token: str | None,
        params: Mapping[str, object],
        answer: Mapping[str, Any],
    ) -> None:
        """Keep the URLs in the service's answer to a call of the application, for the same viewer.

        :param token: the token of the call; ``None`` for a call without one.
        :param params: the parameters of the call.
        """
        if method.name in ("doc.get", "doc.getMedias"):
            self._add_document(token, str(params.get("doc_id")), answer)
        elif method.list_key and method.list_key[-1] == "doc" and not method.post:
            records: Any = answer
            for name in method.list_key:
                records = records.get(name) if isinstance(records, Mapping) else None
            owner = params.get("user_id") if method.name in _LISTS_OF_AN_OWNER else None
            urls = listed_urls(records)
            self._add_owned(records, owner)
            if self._owners:
                urls = {
                    key: url for key, url in urls.items() if self._owned.get(key[0]) is not None
                }
            self._listed.add(self.viewer(token), urls)
            if token is None:
                self.guesses.add_known(*{doc_id for doc_id, _ in urls})

    def _add_document(self, token: str | None, doc_id: str, answer: Mapping[str, Any]) -> None:
        """Keep what ``doc.get`` or ``doc.getMedias`` has answered."""
        if not is_doc_id(doc_id):
            return
        doc = answer.get("doc")
        if isinstance(doc, Mapping):
            if str(doc.get("doc_id")) != doc_id:
                return
            self._add_owned([doc], None)
            answer = doc
        if self._owners and self._owned.get(doc_id) is None:
            return
        if token is None:
            self.guesses.add_known(doc_id)
        self._results.put(self.key(doc_id, token), _Files(dict(_files(answer))))

    def _add_owned(self, records: Any, owner: object) -> None:
        """Take note of the documents in *records* that belong to one of the chosen owners.

        A document never changes its owner.

        :param owner: the owner of all of them, if all have the same.
        """
        if not self._owners or not isinstance(records, list):
            return
        for record in records:
            if isinstance(record, Mapping) and is_doc_id(doc_id := str(record.get("doc_id"))):
                told = record.get("owner")
                user_id = told.get("user_id") if isinstance(told, Mapping) else owner
                if str(user_id) in self._owners:
                    self._owned.set(doc_id, CacheEntry(True, inf, inf))

    def viewer(self, token: str | None) -> str:
        """Return a name for the holder of *token*; an empty one for a viewer without one."""
        if token is None:
            return ""
        return blake2b(token.encode(), key=self._secret, digest_size=16).hexdigest()

    def key(self, doc_id: str, token: str | None) -> str:
        """Return the key of what the holder of *token* may have of a document.

        :param token: ``None`` for a viewer without one.
        """
        return f"{doc_id}:{self.viewer(token)}"

    def find(
        self,
        doc_id: str,
        labels: Sequence[str],
        token: str | None,
        make_api: Callable[[], SiteAPI],
        guess: Guess | None = None,
    ) -> FoundFile | NoFileReason:
        """Return a file of a document that the holder of *token* may have.

        :param labels: the first of these that the document has is returned.
        :param make_api: returns the API object for *token*; called if the service must be asked.
        :param guess: asked before a document is looked up that is not known; without it, it may be.
        :raises TokenError: the token is dead.
        :raises APIRequestError: the service refuses the call itself.
        :raises ServiceError: the service gives no usable answer.
        """
        try:
            result, is_stale = self._find(doc_id, labels[0], token, make_api, guess)
        except GuessesSpent:
            return NoFileReason.MISSING
        if isinstance(result, NoFileReason):
            return result
        for label in labels:
            if label in result.by_label:
                url, filename = result.by_label[label]
                if self._gone.peek(url) is not None:
                    return NoFileReason.GONE
                return FoundFile(label, url, filename, token, is_stale)
        return NoFileReason.MISSING

    def _find(
        self,
        doc_id: str,
        label: str,
        token: str | None,
        make_api: Callable[[], SiteAPI],
        guess: Guess | None,
    ) -> tuple[_Result, bool]:
        """Return the files of a document, and whether the service fails and they are old."""
        key = self.key(doc_id, token)
        if self._results.peek(key) is None:
            url = self._listed.url(self.viewer(token), doc_id, label)
            if url is not None:
                return _Files({label: _File(url, None)}), False
        load = partial(self._ask_if_allowed, doc_id, token, make_api, guess)
        result, status = self._results.find(key, load)
        return result, status == "stale"

    def forget(self, doc_id: str, token: str | None) -> None:
        """Forget what is kept about a document: one of its URLs leads nowhere."""
        self._listed.forget(doc_id)
        self._results.drop(self.key(doc_id, token))

    def mark_gone(self, url: str) -> None:
        """Remember that *url* leads nowhere although it is new.

        Without this, each request for the file would cost a call.
        """
        self._gone.put(url, True)

    def _ask_if_allowed(
        self,
        doc_id: str,
        token: str | None,
        make_api: Callable[[], SiteAPI],
        guess: Guess | None,
    ) -> _Result:
        is_guess = guess is not None and not self.guesses.is_known(doc_id)
        if guess is not None and is_guess:
            guess.check()
        result = self._ask(doc_id, token, make_api)
        if isinstance(result, _Files):
            if token is None:
                self.guesses.add_known(doc_id)
        elif guess is not None:
            guess.has_failed = is_guess
        return result

    def _ask(self, doc_id: str, token: str | None, make_api: Callable[[], SiteAPI]) -> _Result:
        # doc.getMedias does not name the owner; doc.get lists the files as well.
        method = "doc.get" if self._owners else "doc.getMedias"
        try:
            # What is forgotten here must not come back from the cache of API results.
            answer = make_api().call(method, cached=False, doc_id=doc_id)
        except NotFoundError:
            return NoFileReason.MISSING
        except PermissionDenied:
            return NoFileReason.DENIED
        except TokenError:
            # The API object has forgotten a dead token by now.
            if token:
                raise
            return NoFileReason.MISSING
        if self._owners:
            doc = answer.get("doc")
            if not isinstance(doc, dict):
                raise BadAnswer("the answer has no document", method)
            owner = doc.get("owner")
            owner_id = owner.get("user_id") if isinstance(owner, dict) else None
            if str(owner_id) not in self._owners:
                return NoFileReason.MISSING
            self._owned.set(doc_id, CacheEntry(True, inf, inf))
            answer = doc
        return _Files(dict(_files(answer)))


def _lifetime(result: _Result) -> Lifetime:
    return (
        Lifetime(FRESH_SECONDS, STALE_SECONDS)
        if isinstance(result, _Files)
        else Lifetime(MISSING_SECONDS)
    )


def _size(result: _Result) -> int:
    if isinstance(result, NoFileReason):
        return 100
    return 300 + sum(
        200 + len(file.url) + 4 * len(file.filename or "") for file in result.by_label.values()
    )


def _files(answer: Mapping[str, Any]) -> Iterator[tuple[str, _File]]:
    """Yield the files in an answer; every member may be missing or of another type."""
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
            yield label, _File(url, name[:_MAX_FILENAME_LENGTH] if isinstance(name, str) else None)


def _labelled(outer: Any, inner: str) -> Iterator[tuple[str, Any]]:
    records = outer.get(inner) if isinstance(outer, dict) else None
    for record in records if isinstance(records, list) else [records]:
        if isinstance(record, dict) and isinstance(label := record.get("label"), str | int):
            yield str(label), record
