"""The registry of the API methods, what the method list says of them, and what one call knows.

A method is a function from :class:`MethodCall` to plain Python values, registered under its name
with :func:`api_method`. The general checks (key, signature, token, permission, POST) have passed
before it runs, and it runs under ``state.lock``. It refuses a call by raising :class:`APIError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from .accounts import LEVELS, App, Person, Token
from .state import SandboxState
from .uploads import IncomingFile


class APIError(Exception):
    """An API error: the method's own (1, 2, 3 …) or a general one (100 and up)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class MethodInfo(NamedTuple):
    """What the method list says about one method."""

    name: str
    service: str
    post: bool
    sign: bool
    token: bool
    safety: bool
    permissions: Mapping[str, str]
    modified_at: int
    params: tuple[Mapping[str, Any], ...]
    errors: Mapping[str, str]


def _read() -> tuple[dict[str, MethodInfo], dict[int, str]]:
    """Reads the one file that the sandbox has in common with the client."""
    path = Path(__file__).parents[1] / "client" / "methods.json"
    data = json.loads(path.read_text("utf-8"))
    facts = (
        MethodInfo(
            **{field: entry[field] for field in MethodInfo._fields} | {"params": entry["params"]}
        )
        for entry in data["methods"]
    )
    errors = {int(code): text for code, text in data["general_errors"].items()}
    return {entry.name: entry for entry in facts}, errors


METHOD_INFO, GENERAL_ERRORS = _read()
"""Every method of the service by name, and the short titles of the general errors by code."""


@dataclass(frozen=True, slots=True)
class MethodCall:
    """One API call that has passed the general checks."""

    state: SandboxState
    params: Mapping[str, str]
    """The parameters, decoded, without ``api_key``, ``api_sig`` and ``auth_token``."""
    app: App
    token: Token | None
    viewer: Person | None
    """Whose token it is; None for an anonymous call."""
    media_url: str
    """Where the media host is, without a slash at the end."""
    web_url: str
    """Base of links to pages, without a slash at the end."""
    file: IncomingFile | None = None
    """The file that came with an upload."""
    filename: str = ""
    """What the caller calls it; may be anything."""

    def level(self, item: str) -> int:
        """What the token allows for an item: 0 nothing, 1 read, 2 write, 3 delete."""
        return LEVELS.index(self.token.permissions[item]) if self.token else 0


EMPTY_LIST: dict[str, object] = {}
"""An empty list that stays in the answer: to the wire it is an empty map, and that shows as []."""

MAX_IDS = 20
"""Ids that one call adds or removes."""

MethodFunction: TypeAlias = Callable[[MethodCall], dict[str, object]]

METHOD_FUNCTIONS: dict[str, MethodFunction] = {}
"""The methods that are built. Any other name is an unknown method."""


def api_method(name: str) -> Callable[[MethodFunction], MethodFunction]:
    """Registers the decorated function as the API method of this name."""
    if name not in METHOD_INFO:
        raise LookupError(f"{name} is not in the method list of the service.")

    def register(function: MethodFunction) -> MethodFunction:
        METHOD_FUNCTIONS[name] = function
        return function

    return register


def caller(call: MethodCall) -> Person:
    """Whose token it is, for methods that need one.

    :raises APIError: error 106; the general checks have made sure that it does not come to that.
    """
    if call.viewer is None:
        raise APIError(106, GENERAL_ERRORS[106])
    return call.viewer


def require_not_blocked(call: MethodCall, owner_id: str) -> None:
    """Checks that a member has not blocked the caller.

    :raises APIError: error 109.
    """
    if caller(call).user_id in call.state.people[owner_id].blocked:
        raise APIError(109, GENERAL_ERRORS[109])
