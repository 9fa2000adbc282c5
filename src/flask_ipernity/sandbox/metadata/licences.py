"""Licences in words or as the address of their text, and the service's numbers of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: The service's numbers are the sums of these (``doc.setLicense``).
_PARTS = {"by": 1, "nc": 2, "nd": 4, "sa": 8}
_KNOWN = {1, 3, 5, 7, 9, 11}

_URL = re.compile(r"creativecommons\.org/licen[sc]es/([a-z+-]+)", re.IGNORECASE)
# "CC BY-SA", "(CC) BY-SA", "cc-by-sa-4.0"; "cc by john" is none
_SHORT = re.compile(
    r"\b(?:CC\)?[ _-]?BY|(?i:cc[_-]by|cc by(?=[_-]|,? \d)))"
    r"((?i:[ _-](?:NC|ND|SA)\b)*)(?!\w|-[^\W\d])"
)
# Whatever follows must end it: further conditions may be in another language.
_LONG = re.compile(
    r"\bAttribution"
    r"((?:[\s,_–-]+(?:Non[ -]?Commercial|No[ -]?Deriv(?:ative)?s?(?: Works)?|Share[ -]?Alike)\b)*)"
    r"(?=\s*(?:$|[.;,)(\d]|licen[sc]e|international|unported|generic|only|v\d))",
    re.IGNORECASE,
)
_LONG_PARTS = {"nc": r"Non[ -]?Commercial", "nd": r"No[ -]?Deriv", "sa": r"Share[ -]?Alike"}
_NAME = re.compile(r"creative\s*commons", re.IGNORECASE)
#: Characters of a text that may be nothing but a licence.
_ONLY_A_NAME = 80


def find_license(texts: Iterable[str]) -> int | None:
    """Return the number of the first licence of the service that a text names.

    A text that names two different ones names none: nobody knows which is meant. The first
    versions without attribution, CC0 and the public domain mark are none of the service's.
    """
    for text in texts:
        named = set(_named(text))
        if len(named) == 1 and named <= _KNOWN:
            return named.pop()
    return None


def _named(text: str) -> Iterator[int]:
    urls = _URL.findall(text)
    yield from (_number(url.split("-")) for url in urls)
    yield from (_number(["by", *re.split("[ _-]", rest)]) for rest in _SHORT.findall(text))
    told = _NAME.search(text) is not None
    if told or len(text) <= _ONLY_A_NAME:
        for rest in _LONG.findall(text):
            parts = [part for part, form in _LONG_PARTS.items() if re.search(form, rest, re.I)]
            if parts or told:  # "Attribution" alone may be any word
                yield _number(["by", *parts])


def _number(parts: Iterable[str]) -> int:
    """Return a sum of parts; -1 if one is not known, as in ``sampling+``."""
    names = {part.lower() for part in parts if part}
    return sum(_PARTS[name] for name in names) if names <= _PARTS.keys() else -1
