"""``account.getQuota``, and how much a member may upload."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple

from ..accounts import Person
from ..registry import MethodCall, api_method, caller
from ..state import SandboxState

#: The maximum of albums in the help page's example ([D]).
MAX_ALBUMS = 2048

_MB = 1024 * 1024


class UploadLimits(NamedTuple):
    """The upload limits of an account: bytes and seconds in a month, bytes in one file."""

    monthly: int
    seconds: int
    file: int


# 10 GB is the initial quota of "unlimited" accounts ([D]); 1 GB and 2.5 MB per file ([C] Photini).
_PRO = UploadLimits(10_240 * _MB, 36_000, 1_024 * _MB)
_FREE = UploadLimits(200 * _MB, 600, 5 * _MB // 2)


def upload_limits(person: Person) -> UploadLimits:
    """Return the upload limits of a member."""
    return _PRO if person.is_pro else _FREE


def used_bytes(state: SandboxState, person: Person) -> int:
    """Return the bytes that a member has uploaded this month (UTC), deleted ones included ([R])."""
    month = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m")
    return sum(
        ticket.size
        for ticket in state.tickets.values()
        if ticket.user_id == person.user_id
        and datetime.fromtimestamp(ticket.made_at, UTC).strftime("%Y-%m") == month
    )


def _amount(number: int, whole: int, seconds: int | None = None) -> dict[str, object]:
    """Return a number of bytes in all its units, and as a percentage of the whole.

    ``max`` has no seconds: with them, all figures after it are off by one for a client that counts
    positions ([C] shell-ipernity, 2012), although the help page shows them.
    """
    return {
        "bytes": number,
        "kb": number // 1024,
        "mb": number // _MB,
        "percent": round(100 * number / whole),
        "seconds": seconds,
    }


@api_method("account.getQuota")
def account_get_quota(call: MethodCall) -> dict[str, object]:
    """Return how much the caller may still upload; playing times are not counted."""
    person, state = caller(call), call.state
    most = upload_limits(person)
    size = used_bytes(state, person)
    albums = sum(album.owner_id == person.user_id for album in state.albums.values())
    file = {"bytes": most.file, "kb": most.file // 1024, "mb": most.file // _MB}
    left = max(0, most.monthly - size)
    return {
        "quota": {
            "user_id": person.user_id,
            "is_pro": person.is_pro,
            "upload": {
                "unlimited": person.is_pro,
                "max": _amount(most.monthly, most.monthly),
                "used": _amount(size, most.monthly, 0),
                "left": _amount(left, most.monthly, most.seconds),
            },
            "maxfilesize": dict.fromkeys(("photo", "audio", "video", "other"), file),
            "albums": {"max": MAX_ALBUMS, "created": albums, "left": MAX_ALBUMS - albums},
        }
    }
