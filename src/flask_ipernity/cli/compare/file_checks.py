"""The checks of files and of what answers say about them, and those that compare answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import md5
from math import ceil
from typing import Any

from .checks import Unseen, check, comparison, payload
from .shapes import at, masked
from .wire import NOT_ALLOWED, Answer

_LARGE = {"1024", "1600", "2048", "original"}
_URL = re.compile(r"https?://[^/]+/\d+/(\d\d)/(\d\d)/(\d+)\.([0-9a-f]+)\.([^/?]+)(\?r\d+)?")


def _thumbs(answer: Answer, path: str) -> list[dict[str, Any]]:
    found = [one for one in at(payload(answer), path) if isinstance(one, dict)]
    if not found:
        raise Unseen("there are no thumbnails")
    return found


@check
def thumb_sizes(answer: Answer, value: str) -> Iterator[str]:
    """A label with an x is a square; any other is the longer side, the shorter is rounded up."""
    wrong = []
    for thumb in _thumbs(answer, value):
        try:
            label, width, height = str(thumb["label"]), int(thumb["w"]), int(thumb["h"])
        except (KeyError, ValueError):
            continue
        side = int(label.rstrip("x")) if label.rstrip("x").isdigit() else 0
        if label.endswith("x") and (width, height) != (side, side):
            wrong.append(f"{label} is {width} by {height}")
        elif not label.endswith("x") and max(width, height) > side > 0:
            wrong.append(f"the longer side of {label} is {max(width, height)}")
    yield from dict.fromkeys(wrong)


@comparison
def thumb_rounding(answers: Sequence[Answer], value: Any) -> Iterator[str]:
    """The shorter side is the exact one, rounded up."""
    original: Any = next(at(payload(answers[0]), "doc.original"), None)
    try:
        width, height = int(original["w"]), int(original["h"])
    except (TypeError, KeyError, ValueError):
        raise Unseen("the original may not be seen") from None
    for thumb in _thumbs(answers[0], "doc.thumbs.thumb.*"):
        label = str(thumb.get("label"))
        if label.isdigit() and int(label) < max(width, height):
            right = ceil(min(width, height) * int(label) / max(width, height))
            if str(min(int(thumb["w"]), int(thumb["h"]))) != str(right):
                yield f"{label} of {width} by {height} is {thumb['w']} by {thumb['h']}"


@check
def file_urls(answer: Answer, value: str) -> Iterator[str]:
    """The folders of a file's URL are the last four digits of the document's id."""
    wrong = []
    for thumb in _thumbs(answer, value):
        found = _URL.fullmatch(str(thumb.get("url")))
        if found is None:
            wrong.append("the URL has another form")
        elif found[1] + found[2] != found[3][-4:].zfill(4):
            wrong.append("the folders are not the last four digits of the id")
        elif not re.fullmatch(r"[0-9a-f]{8}", found[4]):
            wrong.append(f"the secret is like {masked(found[4])}")
    yield from dict.fromkeys(wrong)


@check
def file_secrets(answer: Answer, value: str) -> Iterator[str]:
    """Sizes up to 800 have one secret, each larger one has its own."""
    by_label = {str(one.get("label")): one.get("secret") for one in _thumbs(answer, value)}
    small = {secret for label, secret in by_label.items() if label not in _LARGE}
    large = [secret for label, secret in by_label.items() if label in _LARGE]
    if len(small) > 1:
        yield f"sizes up to 800 have {len(small)} secrets"
    if len(set(large)) < len(large) or small & set(large):
        yield "sizes above 800 share a secret"


@check
def allowed_host(answer: Answer, value: Any) -> Iterator[str]:
    """A file is on a host that the settings allow."""
    if answer.status == NOT_ALLOWED:
        yield "the URL is on another host"


@comparison
def more(answers: Sequence[Answer], value: str) -> Iterator[str]:
    """The second answer has a larger number than the first."""
    less, larger = (next(at(payload(answer), value), None) for answer in answers)
    try:
        if int(str(less)) >= int(str(larger)):
            yield f"{value} is not larger"
    except ValueError:
        yield f"{value} is no number"


@comparison
def part_of(answers: Sequence[Answer], value: list[int]) -> Iterator[str]:
    """A part has the bytes of the whole file."""
    whole, part = answers
    first, last = value
    if part.status != 206:
        yield f"HTTP {part.status}, not 206"
    elif part.body != whole.body[first : last + 1]:
        yield "the bytes are not those of the whole file"


@comparison
def same_length(answers: Sequence[Answer], value: Any) -> Iterator[str]:
    """HEAD says the length of the file, and has no body."""
    whole, head = answers
    if head.status != 200:
        yield f"HTTP {head.status}"
    elif head.headers.get("content-length") != str(len(whole.body)):
        yield "Content-Length is missing or another one"
    if head.body:
        yield "there is a body"


@comparison
def same_file(answers: Sequence[Answer], value: Any) -> Iterator[str]:
    """The original is the uploaded file, byte by byte, and its MD5 is the one that is listed."""
    file, doc = answers
    digest = md5(file.body, usedforsecurity=False).hexdigest()
    if file.status != 200 or [digest] != list(at(payload(doc), "doc.md5")):
        yield f"HTTP {file.status}, the MD5 differs"


@comparison
def same_user(answers: Sequence[Answer], value: list[str]) -> Iterator[str]:
    """Both answers are about the same account."""
    left, right = (
        next(at(payload(answer), path), None) for answer, path in zip(answers, value, strict=True)
    )
    if left is None or left != right:
        yield f"{value[0]} and {value[1]} are not the same"


@comparison
def eta(answers: Sequence[Answer], value: dict[str, float]) -> Iterator[str]:
    """``eta`` is about the number of seconds that the upload takes."""
    first, last = answers
    told = next(at(payload(first), "tickets.eta"), None)
    if not str(told).isdigit() or str(told) == "0":
        raise Unseen("the upload was done at once")
    if not list(at(payload(last), "tickets.ticket.*.doc_id")):
        raise Unseen("the upload was not done in time")
    took = last.at - first.at
    if int(str(told)) > value["factor"] * took + value["plus"]:
        yield f"eta was {told}, the upload took {took:.0f} seconds"


@check
def notes(answer: Answer, value: str) -> Iterator[str]:
    """Without notes, the key is missing, or has an empty list; it is never there without one."""
    for found in at(payload(answer), value):
        if isinstance(found, dict) and "note" not in found:
            yield f"{value} is there without note"


@check
def asks(answer: Answer, value: Any) -> Iterator[str]:
    """Who opens the authorize page is asked, and not sent on."""
    if "frob=" in answer.headers.get("location", ""):
        yield "the page sends on at once, with a frob"
    elif answer.status != 200:
        raise Unseen(f"HTTP {answer.status}: only a person who is signed in sees the page")
    elif b"<form" not in answer.body:
        yield "the page has no form"
