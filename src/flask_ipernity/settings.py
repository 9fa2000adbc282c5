"""The settings: one table of keys, which are read and checked once, at start.

Each field of :class:`Settings` is a key of the application's configuration: ``app_key`` is
``IPERNITY_APP_KEY``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .http.forward_proxy import ForwardProxy
from .http.redaction import Secret
from .permissions import checked

PREFIX = "IPERNITY_"

_USER_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
_OFFLOAD = re.compile(r"x-accel:/([A-Za-z0-9._~-]+/)+", re.ASCII)

_NEVER_IN_PATH = re.compile(r"[<>?#%\\\s]|//")
_DOTS = {".", ".."}

_REDIS = ("redis", "rediss", "redis+unix", "unix", "valkey", "valkeys")

Check = Callable[[Any], Any]


def _text(value: Any) -> str:
    if isinstance(value, int | float):
        # as Flask reads a variable of digits from the environment
        raise ValueError("a string, in the environment with inner quotes: '\"123\"'")
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a string that is not empty")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("True or False")
    return value


def _number(value: Any, least: float = 0, *, above: bool = False) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or value < least
        or (above and value == least)
    ):
        raise ValueError(f"a number above {least}" if above else f"a number of at least {least}")
    return value


def _count(value: Any, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"a whole number of at least {least}")
    return value


def _url_prefix(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("/") or value.endswith("/"):
        raise ValueError("a path that starts with a slash and does not end with one")
    # "<" would begin a parameter, which our views do not take; no browser ever asks for the others.
    if _NEVER_IN_PATH.search(value) or not value.isprintable() or _DOTS & set(value.split("/")):
        raise ValueError("a path without < > ? # % \\, spaces, double slashes and segments of dots")
    return value


def _url(value: Any) -> str:
    parts = urlsplit(_text(value))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a URL that starts with https://")
    return str(value)


def _proxy(value: Any) -> str | None:
    try:
        if value is not None:
            ForwardProxy(_text(value))
    except ValueError:
        raise ValueError(
            'None, or the URL of an HTTP proxy such as "http://proxy.example:3128" or'
            ' "http://USER:PASSWORD@proxy.example:3128"'
        ) from None
    return None if value is None else str(value)


def _timeout(value: Any) -> tuple[float, float]:
    pair = tuple(value) if isinstance(value, list | tuple) else (value, value)
    try:
        connect, answer = (_number(part, above=True) for part in pair)
    except ValueError:
        raise ValueError("a number of seconds above 0, or two of them") from None
    return connect, answer


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise ValueError("a tuple of strings")
    return tuple(_text(part) for part in value)


def _paths(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(path, str) and path.startswith("/") and not path.startswith("//")
        for path in value
    ):
        raise ValueError('a tuple of paths, such as ("/blog",)')
    return tuple(value)


def _user_ids(value: Any) -> tuple[str, ...]:
    ids = tuple(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else ("",)
    if not all(_USER_ID.fullmatch(user_id) for user_id in ids):
        raise ValueError('a tuple of user ids, such as ("10175",)')
    return ids


def _offload(value: Any) -> str | None:
    if value is not None and not (isinstance(value, str) and _OFFLOAD.fullmatch(value)):
        raise ValueError('None, or "x-accel:" and a path between slashes: "x-accel:/_ipernity/"')
    return value


def _store(*names: str, redis: bool = False) -> Check:
    offered = ", ".join([f'"{name}"' for name in names])
    if redis:
        offered += (
            ', the URL of a Redis server such as "redis://localhost:6379/0" or'
            ' "unix:///run/redis/redis.sock",'
        )

    def check(value: Any) -> Any:
        if isinstance(value, str):
            scheme, colon, rest = value.partition("://")
            if value in names or (redis and colon and rest and scheme in _REDIS):
                return value
            if redis and "sentinel" in scheme:
                raise ValueError(
                    "an object where Sentinel names the server. With cachelib:"
                    " RedisCache(redis.Sentinel([(HOST, 26379)]).master_for(NAME))"
                )
        elif all(callable(getattr(value, name, None)) for name in ("get", "set", "delete")):
            return value
        raise ValueError(f"{offered} or an object with get, set and delete")

    return check


def _permissions(value: Any) -> Mapping[str, str]:
    try:
        return checked(value)
    except ConfigurationError as error:
        raise ValueError(f'a mapping such as {{"doc": "read"}}: {error}') from None


def _hidden(check: Check) -> Check:
    def checked_secret(value: Any) -> Any:
        found = check(value)
        return Secret(found) if isinstance(found, str) else found

    return checked_secret


def _key(check: Check, default: Any = ..., *, secret: bool = False) -> Any:
    metadata = {"check": _hidden(check) if secret else check, "secret": secret}
    if default is ...:
        return field(metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one application; the documentation explains each."""

    #: From Ipernity's application page.
    app_key: str = _key(_text)
    #: From Ipernity's application page.
    app_secret: str = _key(_text, secret=True)
    #: The permissions that a sign-in asks for.
    permissions: Mapping[str, str] = field(
        default_factory=dict, metadata={"check": _permissions, "secret": False}
    )
    #: Whether to register the callback view, and where.
    callback: bool = _key(_flag, True)
    callback_url_prefix: str = _key(_url_prefix, "/ipernity")
    #: Flask-Login integration.
    login: bool = _key(_flag, False)
    login_url_prefix: str = _key(_url_prefix, "/ipernity")
    #: Whether to register the media proxy, and where.
    proxy_docs: bool = _key(_flag, True)
    proxy_url_prefix: str = _key(_url_prefix, "/ipernity")
    #: Whether to cache API results, where, and for how many seconds.
    cache_requests: bool = _key(_flag, False)
    cache_max_age: float = _key(_number, 300)
    cache: Any = _key(_store("session", "memory", redis=True), "session", secret=True)
    cache_stale_age: float = _key(_number, 86400)
    #: Prefix of our keys in the session.
    session_prefix: str = _key(_text, "ipernity_")
    #: The base URL of the API.
    api_url: str = _key(_url, "https://api.ipernity.com/api/")
    #: The page at which visitors agree to a sign-in.
    authorize_url: str = _key(_url, "https://www.ipernity.com/apps/authorize")
    #: Sent as ``lg`` with every call and in the sign-in link; ``None`` leaves it out.
    lang: str | None = _key(_text_or_none, "en")
    #: The ``User-Agent`` of our requests.
    user_agent: str | None = _key(_text_or_none, None)
    #: Seconds to connect, and seconds until the response must be complete.
    timeout: tuple[float, float] = _key(_timeout, (5, 15))
    #: How often a reading call is repeated after a failure.
    retries: int = _key(_count, 2)
    #: Connections that a process keeps open to each host.
    pool_size: int = _key(lambda value: _count(value, 1), 16)
    #: The URL of an HTTP proxy through which the API and the media are reached.
    https_proxy: str | None = _key(_proxy, None, secret=True)
    #: The owner's token for ``ipernity.owner_api``.
    owner_token: str | None = _key(_text_or_none, None, secret=True)
    #: Where the tokens of visitors are stored.
    token_store: Any = _key(_store("session", "sealed", "server"), "session", secret=True)
    #: How many seconds a visitor has to finish a sign-in.
    sign_in_max_age: float = _key(lambda value: _number(value, above=True), 600)
    #: Whether every sign-in ends with a page that asks "Continue as …?".
    confirm_sign_in: bool = _key(_flag, False)
    #: Paths of the same origin outside of the application to which a sign-in may lead, with all
    #: that is below them.
    next_paths: tuple[str, ...] = _key(_paths, ())
    #: Hosts that media may come from; a leading dot means any subdomain.
    media_hosts: tuple[str, ...] = _key(_strings, (".ipernity.com",))
    #: How many seconds browsers and shared caches may keep public media.
    proxy_max_age: int = _key(_count, 86400)
    #: User ids. If there are any, only documents of these members are served.
    proxy_owners: tuple[str, ...] = _key(_user_ids, ())
    #: How many originals, audio and video files a process serves at the same time: fewer than a
    #: server has threads.
    proxy_streams: int = _key(lambda value: _count(value, 1), 4)
    #: ``x-accel:/prefix/`` lets nginx fetch the bytes.
    proxy_offload: str | None = _key(_offload, None)
    #: Size of the largest file that is served, in bytes; ``None`` for any.
    proxy_max_bytes: int | None = _key(
        lambda value: None if value is None else _count(value, 1), None
    )

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> Settings:
        """Return the settings in *config*.

        A key that starts with ``IPERNITY_`` and is not one of ours belongs to the application,
        unless it looks like a misspelt one of ours.

        :raises ConfigurationError: a key is missing, wrong or misspelt; the text names it and
            says what to write.
        """
        table = {PREFIX + row.name.upper(): row for row in fields(cls)}
        for key in config:
            if key.startswith(PREFIX) and key not in table:
                _refuse_misspelt(key, table)
        for key in (PREFIX + "APP_KEY", PREFIX + "APP_SECRET"):
            if config.get(key) is None:
                raise ConfigurationError(
                    f"{key} is missing. Write the value from Ipernity's application page"
                    f" (https://www.ipernity.com/apps/key) into app.config[{key!r}]."
                )
        return cls(
            **{
                row.name: _checked(key, config[key], row.metadata)
                for key, row in table.items()
                if key in config
            }
        )


def secret_keys(config: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return the application's secret keys, the current one first.

    Everything of ours that is signed or encrypted gets its keys here. ``SECRET_KEY_FALLBACKS`` as
    a single text would make each of its letters a key, and an empty key is known to everybody.

    :param config: the application's configuration.
    :raises ConfigurationError: there is no ``SECRET_KEY``, or one of the two has another shape.
    """
    key, fallbacks = config.get("SECRET_KEY"), config.get("SECRET_KEY_FALLBACKS")
    if not _is_key(key):
        found = "empty" if key in (None, "", b"") else f"of type {type(key).__name__}"
        raise ConfigurationError(
            f"SECRET_KEY must be a string that is not empty; it is {found}. Make one with:"
            " python -c 'import secrets; print(secrets.token_hex())'"
        )
    keys: list[str | bytes] = [key, *_old_keys(fallbacks)]
    return tuple(part.encode() if isinstance(part, str) else part for part in keys)


def check_secret_keys(config: Mapping[str, Any]) -> None:
    """Check what :func:`secret_keys` reads, as far as it is set already.

    :raises ConfigurationError: ``SECRET_KEY`` or ``SECRET_KEY_FALLBACKS`` has the wrong shape.
    """
    if config.get("SECRET_KEY") in (None, "", b""):
        _old_keys(config.get("SECRET_KEY_FALLBACKS"))
    else:
        secret_keys(config)


def _is_key(value: Any) -> TypeGuard[str | bytes]:
    return isinstance(value, str | bytes) and len(value) > 0


def _old_keys(fallbacks: Any) -> list[str | bytes]:
    if fallbacks is None:
        return []
    if isinstance(fallbacks, list | tuple | set | frozenset) and all(map(_is_key, fallbacks)):
        return list(fallbacks)
    raise ConfigurationError(
        "SECRET_KEY_FALLBACKS must be a list of keys, none of them empty, such as"
        ' ["the old key"]; in the environment: \'["the old key"]\'.'
    )


def _checked(key: str, value: Any, metadata: Mapping[str, Any]) -> Any:
    try:
        checked = metadata["check"](value)
    except ValueError as error:
        found = _found(value) if metadata["secret"] else repr(value)
        raise ConfigurationError(f"{key} must be {error}; it is {found}.") from None
    return Secret(checked) if metadata["secret"] and isinstance(checked, str) else checked


def _found(secret: Any) -> str:
    """Return what a wrong value is, without showing it."""
    if isinstance(secret, str) and not secret.strip():
        return "blank" if secret else "empty"
    return f"of type {type(secret).__name__}"


#: Names that other clients use.
_OTHER_NAMES = {
    "IPERNITY_API_KEY": "IPERNITY_APP_KEY",
    "IPERNITY_API_SECRET": "IPERNITY_APP_SECRET",
    "IPERNITY_TOKEN": "IPERNITY_OWNER_TOKEN",
}


#: How alike two names are, as ``difflib`` counts it, when one is taken for the other misspelt.
_MISSPELT = 0.75


def _refuse_misspelt(key: str, table: Mapping[str, object]) -> None:
    names = [known.removeprefix(PREFIX) for known in table]
    near = get_close_matches(key.removeprefix(PREFIX), names, n=1, cutoff=_MISSPELT)
    nearest = _OTHER_NAMES.get(key) or (PREFIX + near[0] if near else None)
    if nearest is not None:
        raise ConfigurationError(
            f"{key} is not a setting of Flask-Ipernity. Did you mean {nearest}? If it is a"
            " setting of your own, give it another name."
        )
