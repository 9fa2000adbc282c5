"""State of an application, and of a request.

This module does not know the others: each room defines its own :class:`Part` of an application's
state and its own :class:`PerRequest` value, and ``extension.Ipernity.init_app`` builds the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from flask import Flask, current_app, g, has_request_context, request

from .errors import ConfigurationError
from .settings import ReadSettings, Settings

T = TypeVar("T")


class Part(Generic[T]):
    """The state of one room, for each application. Call it to get the current application's.

    :param name: for the repr.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"<Part {self._name}>"

    def __call__(self) -> T:
        """Return the room's state for the current application.

        :raises ConfigurationError: ``Ipernity`` is not set up for the application.
        """
        return cast(T, current_state().parts[self])


@dataclass(frozen=True, slots=True)
class AppState:
    """The state of one application; ``app.extensions["ipernity"]``, frozen after ``init_app``."""

    #: The application itself, never a proxy; signals are sent with it.
    app: Flask
    read: ReadSettings = field(repr=False)
    #: The state of each room, under its :class:`Part`.
    parts: Mapping[Part[Any], Any] = field(repr=False)
    #: Reads the settings again and replaces this state; for the sandbox.
    reconnect: Callable[[], None] = field(repr=False)

    @property
    def settings(self) -> Settings:
        """The settings of the application."""
        return self.read.settings


def current_state() -> AppState:
    """Return the state of the current application.

    :raises ConfigurationError: ``Ipernity`` is not set up for the application.
    """
    state = current_app.extensions.get("ipernity")
    if not isinstance(state, AppState):
        raise ConfigurationError(
            "Flask-Ipernity is not set up for this application. Call Ipernity(app), or"
            " init_app(app), when you create the application."
        )
    return state


class PerRequest(Generic[T]):
    """A value for each request or, outside of requests, for each application context.

    Call it to get the current value, which is made at the first call.

    :param make: makes the value.
    """

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make

    def __call__(self) -> T:
        """Return the value for the current request.

        :raises RuntimeError: there is no application context.
        """
        kept = _kept()
        if self not in kept:
            kept[self] = self._make()
        return cast(T, kept[self])


def _kept() -> dict[PerRequest[Any], Any]:
    environ = request.environ if has_request_context() else None
    # An application context may outlive a request, so values in `g` belong to the request that
    # made them.
    if "_ipernity" not in g or g._ipernity[0] is not environ:
        g._ipernity = environ, {}
    return cast(dict[PerRequest[Any], Any], g._ipernity[1])
