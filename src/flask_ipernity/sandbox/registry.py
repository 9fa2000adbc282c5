"""The registry of the API methods, the service's method list, and the context of one call.

A method is a function from :class:`MethodCall` to plain Python values, registered under its name
with :func:`api_method`. It runs after the general checks (key, signature, token, permission,
POST) have passed, and under ``state.lock``. It refuses a call by raising :class:`APIError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from .accounts import PERMISSION_LEVELS, App, Person, Token
from .state import SandboxState
from .uploads import IncomingFile


class APIError(Exception):
    """An error of the API: the method's own (1, 2, 3 …) or a general one (100 and up)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class MethodInfo(NamedTuple):
    """The entry of one method in the method list."""

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
    #: Lists that are known to be answered when they are empty, by the keys that lead to them:
    #: ``list`` as ``[]``, ``whole`` as ``[]`` or absent together with what holds them.
    empty_lists: Mapping[str, str]


def _read_method_list() -> tuple[dict[str, MethodInfo], dict[int, str]]:
    """Return the method list and the general errors from the only file shared with the client."""
    path = Path(__file__).parents[1] / "client" / "methods.json"
    data = json.loads(path.read_text("utf-8"))
    methods = (
        MethodInfo(
            **{field: entry[field] for field in MethodInfo._fields if field != "empty_lists"},
            empty_lists=entry.get("empty_lists", {}),
        )
        for entry in data["methods"]
    )
    errors = {int(code): text for code, text in data["general_errors"].items()}
    return {entry.name: entry for entry in methods}, errors


#: The methods of the service by name, and the messages of the general errors by code.
METHOD_INFO, GENERAL_ERRORS = _read_method_list()


@dataclass(frozen=True, slots=True)
class MethodCall:
    """One API call that has passed the general checks."""

    state: SandboxState
    #: The decoded parameters without ``api_key``, ``api_sig`` and ``auth_token``.
    params: Mapping[str, str]
    app: App
    token: Token | None
    #: The owner of the token; None for an anonymous call.
    viewer: Person | None
    #: The URL of the media host, without a slash at the end.
    media_url: str
    #: The base URL of web pages, without a slash at the end.
    web_url: str
    #: The uploaded file.
    file: IncomingFile | None = None
    #: The name of the file as sent by the client; not checked.
    filename: str = ""
    #: What the client says that the file is; not checked.
    content_type: str = ""

    def level(self, item: str) -> int:
        """Return the token's level for an item: 0 nothing, 1 read, 2 write, 3 delete."""
        return PERMISSION_LEVELS.index(self.token.permissions[item]) if self.token else 0


#: The maximum of ids that one call adds or removes.
MAX_IDS = 20

MethodFunction: TypeAlias = Callable[[MethodCall], dict[str, object]]

#: The implemented methods by name; all others are unknown methods.
METHOD_FUNCTIONS: dict[str, MethodFunction] = {}


def api_method(name: str) -> Callable[[MethodFunction], MethodFunction]:
    """Register the decorated function as the API method of this name."""
    if name not in METHOD_INFO:
        raise LookupError(f"{name} is not in the method list of the service.")

    def register(function: MethodFunction) -> MethodFunction:
        METHOD_FUNCTIONS[name] = function
        return function

    return register


def caller(call: MethodCall) -> Person:
    """Return the person who makes the call, in methods that require a token.

    :raises APIError: 106 if there is none; the general checks prevent it.
    """
    if call.viewer is None:
        raise APIError(106, GENERAL_ERRORS[106])
    return call.viewer


def require_not_blocked(call: MethodCall, owner_id: str) -> None:
    """Check that a member has not blocked the caller.

    :raises APIError: 109 if they have.
    """
    if caller(call).user_id in call.state.people[owner_id].blocked:
        raise APIError(109, GENERAL_ERRORS[109])
