"""``auth.*``: frobs, tokens and their permissions.

A frob is made here for the desktop flow, and by the consent page for the web flow. In both it is
valid for :data:`FROB_MAX_AGE` seconds and for one token, after a person has allowed it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping

from ..accounts import PERMISSION_ITEMS, PERMISSION_LEVELS, Frob, Token
from ..registry import APIError, MethodCall, api_method
from ..state import SandboxState

#: Lifetime of a frob in seconds; the service says "a few minutes" ([D]).
FROB_MAX_AGE = 300


def new_value() -> str:
    """Return a frob or token in the service's format: digits, a hyphen, hex digits."""
    return f"{secrets.randbelow(10**9)}-{secrets.token_hex(8)}"


def new_frob(
    state: SandboxState, app_key: str, flow: str, person_id: str | None, permissions: dict[str, str]
) -> Frob:
    """Make and store a frob, and remove expired ones."""
    now = time.time()
    for old in [frob for frob in state.frobs.values() if not is_fresh(frob)]:
        del state.frobs[old.value]
    frob = Frob(
        value=new_value(),
        app_key=app_key,
        created=now,
        flow=flow,
        person_id=person_id,
        permissions=permissions,
    )
    state.frobs[frob.value] = frob
    return frob


def is_fresh(frob: Frob) -> bool:
    """Return whether a frob has not yet expired."""
    return time.time() < frob.created + FROB_MAX_AGE


def new_token(
    state: SandboxState, app_key: str, user_id: str, permissions: Mapping[str, str]
) -> Token:
    """Make and store a token; items that were not requested have the level ``none``.

    :raises ValueError: for an unknown permission item or level.
    """
    check_permissions(permissions)
    token = Token(
        value=new_value(),
        app_key=app_key,
        user_id=user_id,
        permissions={item: permissions.get(item, "none") for item in PERMISSION_ITEMS},
    )
    state.tokens[token.value] = token
    return token


def check_permissions(permissions: Mapping[str, str]) -> None:
    """Check that items and levels exist.

    :raises ValueError: for the first one that does not.
    """
    for item, level in permissions.items():
        if item not in PERMISSION_ITEMS:
            raise ValueError(
                f"There is no permission {item!r}; there are {', '.join(PERMISSION_ITEMS)}."
            )
        # a profile cannot be deleted ([D] permissions.html)
        levels = PERMISSION_LEVELS[:3] if item == "profile" else PERMISSION_LEVELS
        if level not in levels:
            raise ValueError(
                f"The permission {item!r} has no level {level!r}; it has {', '.join(levels)}."
            )


def _token_info(state: SandboxState, token: Token) -> dict[str, object]:
    """Return the answer of ``auth.getToken`` and ``checkToken`` ([C] ksyz, Photini, PyIpernity)."""
    person = state.people[token.user_id]
    return {
        "auth": {
            "token": token.value,
            "permissions": dict(token.permissions),
            "user": {
                "user_id": person.user_id,
                "username": person.username,
                "realname": person.realname,
                "lg": person.lg,
                "is_pro": person.is_pro,
            },
        }
    }


@api_method("auth.getFrob")
def get_frob(call: MethodCall) -> dict[str, object]:
    """Start the desktop flow with a new frob."""
    frob = new_frob(call.state, call.app.key, "desktop", None, {})
    return {"auth": {"frob": frob.value}}


@api_method("auth.getToken")
def get_token(call: MethodCall) -> dict[str, object]:
    """Exchange a frob that a person has allowed for a token, once."""
    value = call.params.get("frob")
    if not value:
        raise APIError(1, "Frob missing")
    frob = call.state.frobs.get(value)
    if frob is None or frob.app_key != call.app.key or frob.person_id is None or not is_fresh(frob):
        raise APIError(2, "Frob invalid or already used")
    del call.state.frobs[frob.value]
    token = new_token(call.state, call.app.key, frob.person_id, frob.permissions)
    return _token_info(call.state, token)


@api_method("auth.checkToken")
def check_token(call: MethodCall) -> dict[str, object]:
    """Return the owner and the permissions of a token."""
    if call.token is None:
        raise APIError(106, "Token missing")
    return _token_info(call.state, call.token)
