"""The checks of files and of what answers say about them, and those that compare answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import md5
from math import ceil
from typing import Any

from .checks import Unseen, check, comparison, payload
from .shapes import at, masked, number, shown_key
from .wire import NOT_ALLOWED, Answer

_LARGE = {"1024", "1600", "2048", "original"}
_URL = re.compile(r"https?://[^/]+/\d+/(\d\d)/(\d\d)/(\d+)\.([0-9a-f]+)\.([^/?]+)(\?r\d+)?")


def _thumbs(answer: Answer, path: str) -> list[dict[str, Any]]:
    found = [one for one in at(payload(answer), path) if isinstance(one, dict)]
    if not found:
        raise Unseen("there are no thumbnails")
    return found


def _size(file: Any) -> tuple[int, int] | None:
    """Return width and height; ``None`` if they are not both there."""
    if not isinstance(file, dict):
        return None
    width, height = number(file.get("w")), number(file.get("h"))
    return (width, height) if width and height else None


@check
def thumb_sizes(answer: Answer, value: str) -> Iterator[str]:
    """A label with an x is a square; any other is the longer side."""
    for thumb in _thumbs(answer, value):
        label, size = str(thumb.get("label")), _size(thumb)
        side = number(label.removesuffix("x"))
        if side is None or size is None:
            continue
        if label.endswith("x") and size != (side, side):
            yield f"{side}x is {size[0]} by {size[1]}"
        elif not label.endswith("x") and max(size) > side:
            yield f"the longer side of {side} is {max(size)}"


@check
def thumb_rounding(answer: Answer, value: Any) -> Iterator[str]:
    """The longer side is that of the label, the shorter is the exact one, rounded up."""
    original = _size(next(at(payload(answer), "doc.original"), None))
    if original is None:
        raise Unseen("the original may not be seen")
    for thumb in _thumbs(answer, "doc.thumbs.thumb.*"):
        side, size = number(thumb.get("label")), _size(thumb)
        if not side or size is None or side >= max(original):
            continue
        right = ceil(min(original) * side / max(original))
        if sorted(size) != sorted((side, right)):
            yield f"{side} of {original[0]} by {original[1]} is {size[0]} by {size[1]}"


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
    by_label = {str(one.get("label")): str(one.get("secret")) for one in _thumbs(answer, value)}
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
    less, larger = (number(next(at(payload(answer), value), None)) for answer in answers)
    if less is None or larger is None:
        yield f"{value} is no number"
    elif less >= larger:
        yield f"{value} is not larger"


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
    told = number(next(at(payload(first), "tickets.eta"), None))
    if not told:
        raise Unseen("the upload was done at once")
    if not list(at(payload(last), "tickets.ticket.*.doc_id")):
        raise Unseen("the upload was not done in time")
    took = last.at - first.at
    if told > value["factor"] * took + value["plus"]:
        yield f"eta was {told}, the upload took {took:.0f} seconds"


@check
def notes(answer: Answer, value: str) -> Iterator[str]:
    """Without notes, the key is missing, or has an empty list; it is never there without one."""
    for found in at(payload(answer), value):
        if isinstance(found, dict) and "note" not in found:
            yield f"{value} is there without note"


@check
def refused(answer: Answer, value: Any) -> Iterator[str]:
    """Who refuses is sent to the callback without anything."""
    given, empty = (answer.headers.get(key, "") for key in ("given", "empty"))
    if "frob" in given.split(","):
        raise Unseen("the person has agreed")
    for name in filter(None, given.split(",")):
        yield f"the callback is given {shown_key(name)}"
    for name in filter(None, empty.split(",")):
        yield f"the callback is given an empty {shown_key(name)}"


@check
def asked_again(answer: Answer, value: Any) -> Iterator[str]:
    """Who has granted the same before is asked again."""
    if "frob" in answer.headers.get("given", "").split(","):
        yield "the page sends on at once, with a frob"


@check
def no_frob(answer: Answer, value: Any) -> Iterator[str]:
    """The authorize page sends nobody on with a frob."""
    if "frob=" in answer.headers.get("location", ""):
        yield "the page sends on at once, with a frob"
    elif answer.status >= 400:
        raise Unseen(f"HTTP {answer.status}; a desktop key has no callback")
