"""State of an application, and of a request; settings that have changed since they were read.

This module does not know the others: each room defines its own :class:`Part` of an application's
state and its own :class:`PerRequest` value, and ``extension.Ipernity.init_app`` builds the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, fields
from itertools import repeat
from typing import Any, Generic, TypeVar, cast

from flask import Flask, current_app, g, has_request_context, request

from .errors import ConfigurationError
from .settings import PREFIX, Settings

T = TypeVar("T")


#: Settings of views and of the session, which an application can have only once.
_ONCE = frozenset(
    {
        "callback",
        "callback_url_prefix",
        "login",
        "login_url_prefix",
        "proxy_docs",
        "proxy_url_prefix",
        "session_prefix",
    }
)

_MISSING = object()


class ReadSettings:
    """The settings as they were read from a configuration, to notice later changes of it.

    :param config: the configuration of an application.
    :raises ConfigurationError: as :meth:`Settings.read` does.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.settings = Settings.read(config)
        self._config = config
        self._keys = [PREFIX + row.name.upper() for row in fields(Settings)]
        # Nothing is known to be the same until the first comparison.
        self._seen: list[Any] = []

    def check(self) -> None:
        """Check that the configuration has not changed since.

        :raises ConfigurationError: it has; the text names the keys.
        """
        config = self._config
        # With each request, so without a loop in Python. The length, because a misspelt key may
        # have been added.
        now = [len(config), *map(config.get, self._keys, repeat(_MISSING))]
        if now == self._seen:
            return
        if changed := self._changed(Settings.read(config)):
            keys = ", ".join(PREFIX + name.upper() for name in changed)
            raise ConfigurationError(
                f"{keys} changed after Ipernity(app), which had read the settings by then. Set"
                " them before Ipernity(app) or init_app(app). In tests, sandbox.use(app) connects"
                " an application that is set up already."
            )
        # Copies of what can change in place.
        self._seen = [copy(one) if isinstance(one, dict | list | set) else one for one in now]

    def again(self) -> ReadSettings:
        """Read the configuration again.

        :raises ConfigurationError: a setting is missing or wrong, or one that an application has
            only once has changed.
        """
        now = ReadSettings(self._config)
        if once := [name for name in self._changed(now.settings) if name in _ONCE]:
            keys = ", ".join(PREFIX + name.upper() for name in once)
            raise ConfigurationError(f"{keys} cannot change after Ipernity(app).")
        return now

    def _changed(self, now: Settings) -> list[str]:
        pairs = [(row.name, getattr(self.settings, row.name)) for row in fields(Settings)]
        return [
            name
            for name, value in pairs
            if getattr(now, name) is not value and getattr(now, name) != value
        ]


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
