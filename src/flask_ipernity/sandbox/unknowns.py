"""What nobody knows of the service, as options: an application can be tried against each.

The defaults are the likeliest, or what most clients have met.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

#: Empty lists, where nothing is known: ``absent`` has no key, ``list`` is ``[]``, ``mixed`` is
#: each list in turns, first without a key.
EmptyLists: TypeAlias = Literal["absent", "list", "mixed"]

#: The consent page: ``ask`` asks every time; ``remember`` sends a person who has granted the same
#: to the application before on at once, as PyIpernity's test helpers have met it.
Consent: TypeAlias = Literal["ask", "remember"]

#: Where a person who refuses is sent to: ``callback`` without a frob, ``empty`` with an empty
#: one, ``error`` with ``error=access_denied``, ``page`` nowhere: the service tells them so itself.
Denial: TypeAlias = Literal["callback", "empty", "error", "page"]

#: A call without ``lg``, which clients send since 2026 ([C] Photini da144667): ``optional`` is
#: answered, ``error`` is refused, ``empty`` is answered without a payload.
Lg: TypeAlias = Literal["optional", "error", "empty"]

#: The HTTP methods of reading calls: ``both``; ``get`` refuses all POST with HTTP status 405;
#: ``post`` refuses GET with a token with error 120.
Reads: TypeAlias = Literal["both", "get", "post"]

CHOICES: dict[str, tuple[str, ...]] = {
    "empty_lists": get_args(EmptyLists),
    "consent": get_args(Consent),
    "denial": get_args(Denial),
    "lg": get_args(Lg),
    "reads": get_args(Reads),
}


@dataclass(slots=True)
class Unknowns:
    """The chosen behaviour; may be changed while the sandbox runs.

    :param eta: seconds that ``upload.checkTickets`` says are left of every upload in progress,
        whatever is true; None for the truth. Photini was told 360 and waited 15 ([C] 99eda833).
    :param token_life: seconds after which a token is invalid (error 107); None for never.
    :raises ValueError: if a value is none of the choices, or a number is negative.
    """

    empty_lists: EmptyLists = "absent"
    consent: Consent = "ask"
    denial: Denial = "callback"
    lg: Lg = "optional"
    reads: Reads = "both"
    eta: int | None = None
    token_life: float | None = None

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if (value := getattr(self, name)) not in choices:
                raise ValueError(f"{name}={value!r}: it is one of {', '.join(choices)}.")
        for name in ("eta", "token_life"):
            if (number := getattr(self, name)) is not None and not number >= 0:
                raise ValueError(f"{name}={number!r}: the seconds must not be negative.")
