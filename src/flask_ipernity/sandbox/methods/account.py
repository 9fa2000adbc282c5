"""``account.getQuota``, and how much a member may upload."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple

from ..accounts import Person
from ..registry import MethodCall, api_method, caller
from ..state import SandboxState

MAX_ALBUMS = 2048
"""The help page's example."""

_MB = 1024 * 1024


class UploadLimits(NamedTuple):
    """What an account may upload: bytes and seconds in a month, bytes in one file."""

    monthly: int
    seconds: int
    file: int


# 10 GB is what "unlimited" accounts have at first ([D]); 1 GB and 2.5 MB a file: [C] Photini.
_PRO = UploadLimits(10_240 * _MB, 36_000, 1_024 * _MB)
_FREE = UploadLimits(200 * _MB, 600, 5 * _MB // 2)


def allowance(person: Person) -> UploadLimits:
    """What a member may upload."""
    return _PRO if person.is_pro else _FREE


def used(state: SandboxState, person: Person) -> int:
    """The bytes that a member has uploaded in this month (UTC), deleted ones too ([R])."""
    month = datetime.fromtimestamp(time.time(), UTC).strftime("%Y-%m")
    return sum(
        ticket.size
        for ticket in state.tickets.values()
        if ticket.user_id == person.user_id
        and datetime.fromtimestamp(ticket.made_at, UTC).strftime("%Y-%m") == month
    )


def _amount(number: int, whole: int, seconds: int) -> dict[str, object]:
    """A number of bytes in all its units, and as a part of the whole."""
    return {
        "bytes": number,
        "kb": number // 1024,
        "mb": number // _MB,
        "percent": round(100 * number / whole),
        "seconds": seconds,
    }


@api_method("account.getQuota")
def account_get_quota(call: MethodCall) -> dict[str, object]:
    """What the caller may still upload. How long a sound or film is, is not measured here."""
    person, state = caller(call), call.state
    most = allowance(person)
    size = used(state, person)
    albums = sum(album.owner_id == person.user_id for album in state.albums.values())
    file = {"bytes": most.file, "kb": most.file // 1024, "mb": most.file // _MB}
    left = max(0, most.monthly - size)
    return {
        "quota": {
            "user_id": person.user_id,
            "is_pro": person.is_pro,
            "upload": {
                "unlimited": person.is_pro,
                "max": _amount(most.monthly, most.monthly, most.seconds),
                "used": _amount(size, most.monthly, 0),
                "left": _amount(left, most.monthly, most.seconds),
            },
            "maxfilesize": dict.fromkeys(("photo", "audio", "video", "other"), file),
            "albums": {"max": MAX_ALBUMS, "created": albums, "left": MAX_ALBUMS - albums},
        }
    }
