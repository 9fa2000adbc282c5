"""``doc.search`` and ``doc.checkMD5``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from .. import access, lists, parameters
from ..documents import PUBLIC, Doc
from ..folding import folded
from ..posts import Post
from ..registry import APIError, MethodCall, api_method
from ..state import SandboxState
from .doc import docs_page

#: The maximum of documents that a full-text search finds.
MAX_HITS = 3000
MAX_MD5S = 20
MAX_TAGS = 20

_EARTH_RADIUS = 6_371_000
_TERM = re.compile(r'([+-]?)(?:"([^"]*)"|([^\s"]+))')
_TAG = re.compile(r'"([^"]*)"|([^,"]+)')
_EXTRAS = ("owner", "dates", "count", "license", "medias", "geo", "original")


def split_words(text: str) -> list[str]:
    """Return the words of a text; case does not matter, accents do.

    What stands around an underscore is two words: a title may be made of ``IMG_0001.jpg``.
    """
    return re.findall(r"[^\W_]+", folded(text))


def _contains(words: list[str], phrase: list[str]) -> bool:
    """Return whether words contain a phrase of one or more words."""
    if len(phrase) == 1:
        return phrase[0] in words
    return any(
        words[start : start + len(phrase)] == phrase
        for start in range(len(words) - len(phrase) + 1)
    )


def relevance(query: str, texts: Iterable[str]) -> int:
    """Return how well texts match a query; 0 if they do not.

    Plain words are alternatives; ``+word`` must be present, ``-word`` must not, ``"some words"``
    must stand together.
    """
    fields = [split_words(text) for text in texts if text]
    score = 0
    for sign, phrase in _terms(query):
        found = sum(_contains(field, phrase) for field in fields)
        if (sign == "+" and not found) or (sign == "-" and found):
            return 0
        score += found
    return score


@lru_cache(maxsize=16)
def _terms(query: str) -> list[tuple[str, list[str]]]:
    """Return the terms of a query: a sign or nothing, and the words that stand together."""
    terms = [(sign, split_words(quoted or bare)) for sign, quoted, bare in _TERM.findall(query)]
    return [(sign, phrase) for sign, phrase in terms if phrase]


def split_tags(text: str) -> list[str]:
    """Return the tags of a list such as ``"two words",lake``."""
    names = [(quoted or bare).strip() for quoted, bare in _TAG.findall(text)]
    return [name for name in names if name]


def tag_names(text: str) -> list[str]:
    """Return the tags of a search, in lower case."""
    return split_tags(folded(text))[:MAX_TAGS]


def tag_texts(state: SandboxState, doc: Doc | Post) -> list[str]:
    """Return the texts of the tags of a document or article."""
    return [state.tag_text(tag.type, tag.id) for tag in doc.tags]


def distance_metres(doc: Doc, lat: float, lng: float) -> float:
    """Return the distance of a document from a place; infinity if it has no place."""
    if doc.lat is None or doc.lng is None:
        return math.inf
    north, south = math.radians(doc.lat), math.radians(lat)
    turn = math.radians(doc.lng - lng)
    part = (
        math.sin((north - south) / 2) ** 2
        + math.cos(north) * math.cos(south) * math.sin(turn / 2) ** 2
    )
    return 2 * _EARTH_RADIUS * math.asin(math.sqrt(min(1.0, part)))


def _decimal(call: MethodCall, name: str) -> float | None:
    try:
        value = float(call.params.get(name, ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _conditions(call: MethodCall) -> list[Callable[[Doc], bool]]:
    """Return the conditions that the parameters set, besides owner, media and circle."""
    params, state = call.params, call.state
    tests: list[Callable[[Doc], bool]] = []
    # "own documents only" ([D]), but public ones are found for all ([C] interweb 0a76729c)
    if params.get("share") not in (None, "", str(PUBLIC)):
        tests.append(lambda doc: access.owns(call, doc.owner_id))
    if licenses := parameters.comma_list(params.get("license")):
        tests.append(lambda doc: str(doc.license) in licenses)
    if tags := tag_names(params.get("tags", "")):
        tests.append(
            lambda doc: (
                bool(doc.tags) and set(tags) <= {folded(text) for text in tag_texts(state, doc)}
            )
        )
    if album_id := params.get("album_id"):
        album = state.albums.get(album_id)
        members = set(album.doc_ids) if album else set()
        tests.append(lambda doc: doc.doc_id in members)
    if group_id := params.get("group_id"):
        group = state.groups.get(group_id)
        shown = group.shown if group and access.group_visible(call, group) else []
        tests.append(lambda doc: doc.doc_id in shown)
    if params.get("posted_min") or params.get("posted_max"):
        posted_min = parameters.int_param(params, "posted_min", 0, 0, 2**62)
        posted_max = parameters.int_param(params, "posted_max", 2**62, 0, 2**62)
        tests.append(lambda doc: posted_min <= doc.posted_at <= posted_max)
    if created_min := params.get("created_min"):
        tests.append(lambda doc: doc.created >= created_min)
    if created_max := params.get("created_max"):
        tests.append(lambda doc: doc.created <= created_max)
    lat, lng = _decimal(call, "lat"), _decimal(call, "lng")
    if lat is not None and lng is not None:
        distance = parameters.int_param(params, "dist", 5000, 1, 30_000)
        tests.append(lambda doc: distance_metres(doc, lat, lng) <= distance)
    return tests


@api_method("doc.search")
def doc_search(call: MethodCall) -> dict[str, object]:
    """Return the documents that meet all conditions.

    ``group_id`` with ``album_id`` and ``text`` with ``tags`` are not allowed together. What the
    service does then is not known ([U]); here nothing is found.
    """
    params, state = call.params, call.state
    text = params.get("text", "").strip()
    forbidden = (text and params.get("tags")) or (params.get("group_id") and params.get("album_id"))
    user_id = params.get("user_id") or None
    docs: Sequence[Doc] = ()
    if not forbidden and (user_id is None or user_id in state.people):
        docs = access.visible_docs(call, user_id, params.get("media", ""), params.get("share", ""))
    if tests := _conditions(call):
        docs = [doc for doc in docs if all(test(doc) for test in tests)]
    if text:
        docs = _by_relevance(state, docs, text)
    docs = _sorted(docs, params.get("sort", "relevance"))
    return {"docs": docs_page(call, docs, 20, 100, _EXTRAS, "owner")}


def _by_relevance(state: SandboxState, docs: Sequence[Doc], query: str) -> list[Doc]:
    """Return the documents that a text finds, the most relevant first."""
    # A document without the first word of any phrase need not be taken apart into words.
    firsts = {phrase[0] for sign, phrase in _terms(query) if sign != "-"}
    scores = {}
    for doc in docs:
        texts = (doc.title, doc.description, " ".join(tag_texts(state, doc)) if doc.tags else "")
        whole = folded(" ".join(texts))
        if any(word in whole for word in firsts) and (score := relevance(query, texts)):
            scores[doc.doc_id] = (score, doc)
    found = sorted(scores.values(), key=lambda pair: pair[0], reverse=True)
    return [doc for _, doc in found[:MAX_HITS]]


def _sorted(docs: Sequence[Doc], order: str) -> Sequence[Doc]:
    """Return documents in the requested order; an unknown order means relevance."""
    if order == "popular":
        return lists.most_popular_first(docs)
    if order in ("posted-desc", "posted-asc"):
        docs = lists.newest_first(docs)
        return docs if order == "posted-desc" else docs[::-1]
    if order in ("created-desc", "created-asc"):
        return sorted(docs, key=lambda doc: doc.created, reverse=order == "created-desc")
    return docs


def _checksums(call: MethodCall, user_id: str) -> dict[str, str]:
    """Return the ids of a member's documents by the MD5 of their files; of two the newer one."""
    state = call.state

    def make() -> dict[str, str]:
        own = [doc for doc in state.docs.values() if doc.owner_id == user_id]
        return {doc.source.md5(): doc.doc_id for doc in reversed(lists.newest_first(own))}

    return state.index.get(state.docs, ("md5", user_id), make)


@api_method("doc.checkMD5")
def doc_check_md5(call: MethodCall) -> dict[str, object]:
    """Return which of some files the caller has already uploaded.

    If it is none of them, there are no records ([D] the page's note).
    """
    wanted = [md5.lower() for md5 in parameters.comma_list(call.params.get("md5"))]
    if not 1 <= len(wanted) <= MAX_MD5S:
        raise APIError(1, "Document not found")
    who = access.reader(call)
    own = _checksums(call, who.user_id) if who else {}
    found = sum(md5 in own for md5 in wanted)
    records = [{"md5": md5, "doc_id": own.get(md5), "found": md5 in own} for md5 in wanted]
    return {"docs": {"count": len(wanted), "found": found, "doc": records if found else []}}
