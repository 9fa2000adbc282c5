"""Checks of how an answer comes: its status, envelope, headers and errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .checks import Unseen, check, said
from .shapes import at, kind_of, masked, number, quoted, scalars, shown_key
from .wire import Answer

#: Seconds by which the clocks of the service and of this machine may differ.
_CLOCKS = 300


@check
def ok(answer: Answer, value: Any) -> Iterator[str]:
    """The call succeeds."""
    if not answer.is_ok:
        yield said(answer)


@check
def code(answer: Answer, value: str) -> Iterator[str]:
    """The call is answered with the error *value*."""
    if answer.code != value:
        yield f"{said(answer)}, not error {value}"


@check
def text(answer: Answer, value: str) -> Iterator[str]:
    """The message of the error is *value*, apart from capitals."""
    message = _message(answer)
    if message.casefold() != value.casefold():
        yield f"the message is {quoted(message)}, not “{value}”"


@check
def text_holds(answer: Answer, value: str) -> Iterator[str]:
    """The message of the error has the word *value*."""
    if value not in (message := _message(answer)):
        yield f"the message is {quoted(message)}, without “{value}”"


@check
def capital(answer: Answer, value: Any) -> Iterator[str]:
    """The message of the error begins with a capital letter."""
    if not (message := _message(answer))[:1].isupper():
        yield f"the message is {quoted(message)}"


def _message(answer: Answer) -> str:
    if answer.code is None:
        raise Unseen(f"the answer is {said(answer)}, not an error")
    message = answer.data["api"].get("message")
    if not isinstance(message, str):
        raise Unseen(f"the message is {kind_of(message)}")
    return message


@check
def http_200(answer: Answer, value: Any) -> Iterator[str]:
    """The HTTP status is 200."""
    if answer.status != 200:
        yield f"HTTP {answer.status}"


@check
def json_object(answer: Answer, value: Any) -> Iterator[str]:
    """The body is a JSON object in UTF-8 without a byte order mark."""
    if answer.body.startswith(b"\xef\xbb\xbf"):
        yield "there is a byte order mark"
    if not isinstance(answer.data, dict):
        yield said(answer)


@check
def envelope(answer: Answer, value: Any) -> Iterator[str]:
    """The answer has ``api`` with ``status`` and ``at``, and nothing else unless it is an error."""
    match answer.data:
        case {"api": dict(api)}:
            known = {"status", "at"}
            if api.get("status") != "ok":
                known |= {"code", "message"}
            for key in sorted(known - api.keys()):
                yield f"api.{key} is missing"
            for key in sorted(api.keys() - known):
                yield f"api.{shown_key(key)} is not known"
        case dict():
            yield "there is no api"


@check
def status_word(answer: Answer, value: Any) -> Iterator[str]:
    """``api.status`` is ``ok`` or ``error``."""
    for status in at(answer.data, "api.status"):
        if status not in ("ok", "error"):
            yield f"api.status is neither ok nor error but {kind_of(status)}"


@check
def server_time(answer: Answer, value: Any) -> Iterator[str]:
    """``api.at`` is the time in Unix seconds."""
    for found in at(answer.data, "api.at"):
        if (seconds := number(found)) is None:
            yield f"api.at is {kind_of(found)} like {masked(str(found))}"
        elif abs(seconds - answer.at) > _CLOCKS:
            yield f"api.at is {seconds - int(answer.at):+d} seconds from this machine's time"


@check
def payload_first(answer: Answer, value: Any) -> Iterator[str]:
    """The payload comes before ``api``."""
    data = answer.data
    if answer.is_ok and len(data) > 1 and list(data)[-1] != "api":
        yield f"api is key {list(data).index('api') + 1} of {len(data)}"


@check
def error_alone(answer: Answer, value: Any) -> Iterator[str]:
    """An error has no payload."""
    if answer.code is not None and len(answer.data) > 1:
        others = ", ".join(shown_key(key) for key in answer.data if key != "api")
        yield f"beside api there is {others}"


@check
def only_strings(answer: Answer, value: Any) -> Iterator[str]:
    """All scalars are strings, numbers and flags included."""
    if isinstance(answer.data, dict):
        wrong = (
            f"{quoted(where)} is {kind_of(one)}"
            for where, one in scalars(answer.data)
            if not isinstance(one, str)
        )
        yield from dict.fromkeys(wrong)


@check
def header(answer: Answer, value: dict[str, str]) -> Iterator[str]:
    """A header has a value like the pattern."""
    found = answer.headers.get(value["name"].lower())
    if found is None:
        yield f"there is no {value['name']}"
    elif not re.fullmatch(value["pattern"], found, re.IGNORECASE):
        is_plain = value["name"] in ("Content-Type", "Cache-Control")
        yield f"{value['name']} is {quoted(found) if is_plain else masked(found)}"


@check
def no_header(answer: Answer, value: str) -> Iterator[str]:
    """There is no such header."""
    if value.lower() in answer.headers:
        yield f"there is a {value}"


@check
def status(answer: Answer, value: int) -> Iterator[str]:
    """The HTTP status of a file is *value*."""
    if answer.status != value:
        yield f"HTTP {answer.status}, not {value}"
