"""Lets nginx fetch the bytes: the answer that tells it what to fetch, and what to say about it.

nginx forgets most headers of an answer that it redirects within itself; those
that matter are taken up again by the configuration that comes with this package
(``nginx/``), which also decides about the type of what the source sends.
"""

from __future__ import annotations

from urllib.parse import quote

from .addresses import MEDIA, SIZES
from .answers import MediaResponse
from .headers import ascii_stem, stem_and_extension
from .hosts import Address


def accel(
    prefix: str, address: Address, *, label: str, filename: str | None, fallback: str
) -> MediaResponse:
    """Return the answer that makes nginx fetch the file.

    :param prefix: the path that nginx keeps for this, with slashes around it.
    :param address: where the file is.
    :param label: what it must be: a thumbnail, playable, or anything.
    :param filename: the owner's name of the file.
    :param fallback: a name without extension where that is of no use.
    """
    stem, extension = stem_and_extension(filename, fallback)
    kind = "image" if label in SIZES else "media" if label in MEDIA else "any"
    return MediaResponse(
        headers={
            "X-Accel-Redirect": f"{prefix}{kind}",
            "X-Ipernity-Source": address.url,
            "X-Ipernity-Stem": ascii_stem(stem, fallback),
            "X-Ipernity-Name": quote(stem, safe=""),
            "X-Ipernity-Extension": extension,
        }
    )


def finish(answer: MediaResponse) -> MediaResponse:
    """Hide the scope of *answer*, which nginx alone would keep, also where it shows an error."""
    answer.headers["X-Ipernity-Cache-Control"] = answer.headers.pop("Cache-Control")
    return answer
