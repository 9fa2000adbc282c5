"""What the service or a store has sent, read with care: it may be anything.

Everything that reads a number, a mapping or a text of theirs does it here, so that a wrong one is
the error of the reader and not one of Python's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

#: No number of anything is as large.
MAX_NUMBER = 10**18

_WHOLE = re.compile(r"\s*([+-]?[0-9]{1,18})\s*", re.ASCII)

# Control characters, which a terminal or a log would obey, what changes the direction of the text
# around it, and halves of surrogate pairs, which cannot be encoded.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")

#: Characters of the longest text of the service that an error shows.
MAX_SHOWN = 1000


def decode(text: str) -> Any:
    """Return what the JSON in *text* means.

    :raises ValueError: it is not JSON, is nested too deeply, or has a number that is none: Python's
        decoder takes NaN and Infinity, and makes infinity of 1e999.
    """
    try:
        return _decoder.decode(text)
    except RecursionError:
        problem = "nested too deeply"
    raise ValueError(problem)


def _refuse(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)


def whole_number(value: object) -> int | None:
    """Return a whole number, given as one or as a text of digits.

    ``None`` for anything else, and for a number of :data:`MAX_NUMBER` or more.
    """
    if isinstance(value, str):
        found = _WHOLE.fullmatch(value)
        return int(found[1]) if found else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) < MAX_NUMBER else None


def number(value: object) -> float | None:
    """Return a finite number, given as one or as a text; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def mapping(value: object) -> Mapping[str, Any] | None:
    """Return a mapping, or ``None`` for anything else."""
    return value if isinstance(value, Mapping) else None


def record_id(value: object) -> str | None:
    """Return the id of something as text; ``None`` if *value* can be no id."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if text and _UNSHOWN.search(text) is None else None


def shown_text(value: object) -> str:
    """Return a text of the service as it may be shown, in an error or a log."""
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    text = _UNSHOWN.sub(" ", text[: 4 * MAX_SHOWN])
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
