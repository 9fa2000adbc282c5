"""The registry of the API methods the sandbox answers, and what one call knows.

A method is a function from :class:`Call` to plain Python values, registered under its name with
:func:`method`. The general checks (key, signature, token, permission, POST) have passed before it
runs, and it runs under ``state.lock``. It answers "no" by raising :class:`Refusal`.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from ..accounts import LEVELS, App, Person, Token
from ..state import State
from ..tickets import Received


class Refusal(Exception):
    """An API error: the method's own (1, 2, 3 …) or a general one (100 and up)."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Facts(NamedTuple):
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


def _read() -> tuple[dict[str, Facts], dict[int, str]]:
    """Reads the one file that the sandbox has in common with the client."""
    path = Path(__file__).parents[2] / "client" / "methods.json"
    data = json.loads(path.read_text("utf-8"))
    facts = (
        Facts(**{field: entry[field] for field in Facts._fields} | {"params": entry["params"]})
        for entry in data["methods"]
    )
    errors = {int(code): text for code, text in data["general_errors"].items()}
    return {entry.name: entry for entry in facts}, errors


CATALOGUE, GENERAL_ERRORS = _read()
"""Every method of the service by name, and the short titles of the general errors by code."""


@dataclass(frozen=True, slots=True)
class Call:
    """One API call that has passed the general checks."""

    state: State
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
    file: Received | None = None
    """The file that came with an upload."""
    filename: str = ""
    """What the caller calls it; may be anything."""

    def level(self, item: str) -> int:
        """What the token allows for an item: 0 nothing, 1 read, 2 write, 3 delete."""
        return LEVELS.index(self.token.permissions[item]) if self.token else 0


EMPTY: dict[str, object] = {}
"""An empty list that stays in the answer: to the wire it is an empty map, and that shows as []."""

MAX_IDS = 20
"""Ids that one call adds or removes."""

Method: TypeAlias = Callable[[Call], dict[str, object]]

METHODS: dict[str, Method] = {}
"""The methods that are built. Any other name is an unknown method."""


def method(name: str) -> Callable[[Method], Method]:
    """Registers the decorated function as the API method of this name."""
    if name not in CATALOGUE:
        raise LookupError(f"{name} is not in the method list of the service.")

    def register(function: Method) -> Method:
        METHODS[name] = function
        return function

    return register


def load() -> None:
    """Imports the modules beside this one, so that their methods are registered."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")


def number(params: Mapping[str, str], name: str, default: int, minimum: int, maximum: int) -> int:
    """Returns a whole number from the parameters, clamped; the default if it is none.

    Asking for more than the maximum is no error on the service [C, the shell client].
    """
    try:
        value = int(params.get(name, ""))
    except ValueError:
        value = default
    return min(max(value, minimum), maximum)


def caller(call: Call) -> Person:
    """Whose token it is, for methods that need one.

    :raises Refusal: error 106; the general checks have made sure that it does not come to that.
    """
    if call.viewer is None:
        raise Refusal(106, GENERAL_ERRORS[106])
    return call.viewer


def not_blocked(call: Call, owner_id: str) -> None:
    """Checks that a member has not blocked the caller.

    :raises Refusal: error 109.
    """
    if caller(call).user_id in call.state.people[owner_id].blocked:
        raise Refusal(109, GENERAL_ERRORS[109])
