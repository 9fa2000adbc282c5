"""What belongs to one application, and to one request.

This module names no other room: each room defines its own :class:`Part` of an application's
state and its own :class:`PerRequest` value, and ``extension.Ipernity.init_app`` builds the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from flask import Flask, current_app, g, has_request_context, request

from .errors import ConfigurationError
from .settings import Settings

T = TypeVar("T")


class Part(Generic[T]):
    """What one room keeps for each application; call it to get the current application's.

    :param name: shown in reprs.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<Part {self._name}>"

    def __call__(self) -> T:
        """Return the current application's.

        :raises ConfigurationError: ``Ipernity`` was not set up for it.
        """
        return cast(T, current_state().parts[self])


@dataclass(frozen=True, slots=True)
class AppState:
    """The state of one application; ``app.extensions["ipernity"]``, frozen after ``init_app``."""

    #: The application itself, never a proxy; signals are sent with it.
    app: Flask
    settings: Settings
    #: What the rooms keep, each under its own :class:`Part`.
    parts: Mapping[Part[Any], Any] = field(repr=False)


def current_state() -> AppState:
    """Return the state of the current application.

    :raises ConfigurationError: ``Ipernity`` was not set up for it.
    """
    state = current_app.extensions.get("ipernity")
    if not isinstance(state, AppState):
        raise ConfigurationError(
            "Flask-Ipernity is not set up for this application. Call Ipernity(app), or"
            " init_app(app), once when the application is made."
        )
    return state


class PerRequest(Generic[T]):
    """What one room keeps for each request; outside of requests, for an application context.

    Call it to get the current one, which is made when it is first asked for.

    :param make: makes it.
    """

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make

    def __call__(self) -> T:
        """Return what is kept for the current request.

        :raises RuntimeError: there is no application context.
        """
        kept = _kept()
        if self not in kept:
            kept[self] = self._make()
        return cast(T, kept[self])


def _kept() -> dict[PerRequest[Any], Any]:
    environ = request.environ if has_request_context() else None
    # An application context may outlive the request, so what lies in `g` counts only for the
    # request that it was made for.
    if "_ipernity" not in g or g._ipernity[0] is not environ:
        g._ipernity = environ, {}
    return cast(dict[PerRequest[Any], Any], g._ipernity[1])
