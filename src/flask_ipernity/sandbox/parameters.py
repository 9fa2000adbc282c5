"""Reads the parameters of a call: whole numbers, comma-separated lists, the thumbnail size."""

from __future__ import annotations

from collections.abc import Mapping

from .registry import MethodCall
from .thumbnails import SIZE_LABELS


def int_param(
    params: Mapping[str, str], name: str, default: int, minimum: int, maximum: int
) -> int:
    """Return a parameter as a whole number between two bounds; the default if it is not a number.

    Asking for more than the maximum is not an error on the service ([C] the shell client).
    """
    try:
        value = int(params.get(name, ""))
    except ValueError:
        value = default
    return min(max(value, minimum), maximum)


def comma_list(text: str | None) -> list[str]:
    """Return the parts of a comma-separated list, without empty ones."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def thumbsize(call: MethodCall) -> str:
    """Return the requested size label; the default if it is unknown."""
    label = call.params.get("thumbsize", "")
    return label if label in SIZE_LABELS else SIZE_LABELS[0]
