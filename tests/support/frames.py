"""What programs that watch for errors see of one: the local variables of its frames."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import flask_ipernity

_OURS = str(Path(flask_ipernity.__file__).parent)
_DEPTH = 6


def seen(error: BaseException) -> str:
    """Return what can be read in *error*: its texts, and all variables from our first frame on.

    They are looked at as ``sentry_sdk`` does: into mappings and sequences, and the ``repr`` of
    all else.
    """
    lines = ["".join(traceback.format_exception(error))]
    for one in _chain(error):
        frames = [frame for frame, _ in traceback.walk_tb(one.__traceback__)]
        ours = [frame.f_code.co_filename.startswith(_OURS) for frame in frames]
        first = ours.index(True) if True in ours else len(frames)
        for frame in frames[first:]:
            for name, value in list(frame.f_locals.items()):
                lines += (f"{frame.f_code.co_name}.{name}: {text}" for text in _texts(value))
    return "\n".join(lines)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    if error is not None:
        yield error
        yield from _chain(error.__cause__)
        yield from _chain(error.__context__)


def _texts(value: Any, depth: int = _DEPTH) -> Iterator[str]:
    if depth and isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner, depth - 1)
    elif depth and isinstance(value, tuple | list | set):
        for inner in value:
            yield from _texts(inner, depth - 1)
    else:
        yield repr(value)
