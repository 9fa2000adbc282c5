"""What the checks of assumptions have in common.

A check yields what differs, in words without any value of an answer. It raises :class:`Unseen`
where the answers cannot tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from .wire import Answer

Check: TypeAlias = Callable[[Answer, Any], Iterator[str]]
Comparison: TypeAlias = Callable[[Sequence[Answer], Any], Iterator[str]]

#: Checks of one answer; they are made for each answer that there is.
CHECKS: dict[str, Check] = {}
#: Checks that need all answers at once.
COMPARISONS: dict[str, Comparison] = {}


class Unseen(Exception):
    """The answers do not tell; the text says why."""


class Refused(Exception):
    """A call that should have succeeded has not; the text says what was answered."""


def check(function: Check) -> Check:
    CHECKS[function.__name__] = function
    return function


def comparison(function: Comparison) -> Comparison:
    COMPARISONS[function.__name__] = function
    return function


def said(answer: Answer) -> str:
    """Return what an answer is, in a few words."""
    if answer.status != 200:
        return f"HTTP {answer.status}"
    match answer.data:
        case {"api": {"status": "ok"}}:
            return "ok"
        case {"api": {"status": "error", "code": code}}:
            return f"error {code}" if re.fullmatch(r"\d{1,4}", str(code)) else "an error"
        case dict():
            return "an object without a status"
        case None:
            return "no JSON"
    return "JSON that is no object"


def payload(answer: Answer) -> Any:
    """Return the decoded answer to a call that has succeeded.

    :raises Refused: it has not.
    """
    if not answer.is_ok:
        raise Refused(said(answer))
    return answer.data
