"""Redis and Valkey as the store that ``IPERNITY_CACHE`` names; needs the package redis."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from math import ceil, inf
from time import monotonic
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from .near_cache import NO_CHANGES

#: Seconds in which Redis must connect, and answer.
REDIS_TIMEOUT = 1

#: Seconds until a subscription that has failed is tried again.
RESUBSCRIBE_AFTER = 3.0

#: Seconds for which a subscription is trusted: its connection may be dead without a sign of it.
SUBSCRIPTION_LIFETIME = 60.0

#: Changed keys that one poll takes; when there are more, anything may have changed.
MAX_CHANGES = 1000

# What redis-py calls them.
_SCHEMES = {"valkey": "redis", "valkeys": "rediss", "redis+unix": "unix"}

# What Redis calls the channel of its invalidation messages.
_CHANNEL = "__redis__:invalidate"


class RedisTextStore:
    """Keeps texts in Redis; safe to use from several threads. A :class:`.TextStore`.

    :param url: address of the server.
    :raises ValueError: it is no address.
    """

    def __init__(self, url: str) -> None:
        scheme, colon, rest = url.partition("://")
        self._url = f"{_SCHEMES.get(scheme, scheme)}{colon}{rest}"
        # Once more, for a connection that Redis has closed meanwhile; by default it would be
        # tried for seconds.
        self._client = _client(self._url, retries=1)

    def get_many(self, *keys: str) -> list[str | None]:
        found: Any = self._client.mget(keys)
        return [None if text is None else text.decode(errors="replace") for text in found]

    def set(self, key: str, text: str, seconds: float) -> bool:
        return bool(self._client.set(key, text, ex=ceil(seconds)))

    def set_many(
        self, texts: Mapping[str, str], seconds: float, delete: Collection[str] = ()
    ) -> bool:
        pipeline = self._client.pipeline(transaction=False)
        for key, text in texts.items():
            pipeline.set(key, text, ex=ceil(seconds))
        if delete:
            pipeline.delete(*delete)
        pipeline.execute()
        return True

    def add(self, key: str, text: str, seconds: float) -> bool:
        return bool(self._client.set(key, text, ex=ceil(seconds), nx=True))

    def delete(self, *keys: str) -> None:
        self._client.delete(*keys)

    def listener(self, prefix: str) -> Invalidations:
        return Invalidations(self._url, prefix)


class Invalidations:
    """Receives the keys that anybody has written or deleted, or that have expired in Redis.

    A :class:`.ChangeListener`. The manual of Redis calls it client-side caching in broadcasting
    mode: those who listen are sent a change before the client that makes it has the answer (after
    a flush, right after the answer). Redis has it since version 6, and so has Valkey; from
    another server nothing is ever known.

    :param url: address of the server.
    :param prefix: start of the keys.
    """

    def __init__(self, url: str, prefix: str) -> None:
        # In the older protocol these messages come as any others do.
        self._client = _client(url, retries=0, protocol=2)
        self._prefix = prefix
        self._pubsub: PubSub | None = None
        self._pid = 0
        self._until = 0.0
        self._retry_at = 0.0

    def subscribe(self) -> None:
        """Start to listen, if that is possible now; stop after :data:`SUBSCRIPTION_LIFETIME`."""
        now = monotonic()
        if self._pubsub is not None:
            if now >= self._until:
                # The next poll returns None, and the next call here starts anew.
                self._end()
            return
        if now < self._retry_at:
            return
        self._retry_at = now + RESUBSCRIBE_AFTER
        # redis-py has no types here.
        pubsub: Any = self._client.pubsub()  # type: ignore[no-untyped-call]
        try:
            pubsub.execute_command("CLIENT", "ID")
            own_id = pubsub.parse_response(block=False, timeout=REDIS_TIMEOUT)
            tracking = ("CLIENT", "TRACKING", "ON", "REDIRECT", own_id, "BCAST", "PREFIX")
            pubsub.execute_command(*tracking, self._prefix)
            pubsub.parse_response(block=False, timeout=REDIS_TIMEOUT)
            pubsub.subscribe(_CHANNEL)
            pubsub.get_message(timeout=REDIS_TIMEOUT)
        except (RedisError, OSError) as error:
            pubsub.close()
            if isinstance(error, ResponseError):
                # The server does not know the command, or does not allow it to this user.
                self._retry_at = inf
        else:
            self._pubsub, self._pid = pubsub, os.getpid()
            self._until = monotonic() + SUBSCRIPTION_LIFETIME

    def poll(self) -> Collection[str] | None:
        """Return the keys that have changed since the last poll; see :class:`.ChangeListener`."""
        if self._pubsub is None:
            return None
        keys = self._read(self._pubsub) if self._pid == os.getpid() else None
        if keys is None:
            self._end()
        return keys

    def _read(self, pubsub: Any) -> Collection[str] | None:
        keys: list[str] = []
        try:
            # Each cached call comes here, and most often there is nothing.
            if not pubsub.connection.can_read(0):
                return NO_CHANGES
            while message := pubsub.get_message(timeout=0):
                # Another kind of message comes when the connection was made anew.
                if (
                    message["type"] != "message"
                    or message["data"] is None
                    or len(keys) > MAX_CHANGES
                ):
                    return None
                keys += (key.decode(errors="replace") for key in message["data"])
        except (RedisError, OSError):
            return None
        return keys

    def _end(self) -> None:
        # In a process that was forked, the connection is still the other's.
        if self._pubsub is not None and self._pid == os.getpid():
            self._pubsub.close()
        self._pubsub, self._retry_at = None, 0.0


def _client(url: str, retries: int, **settings: Any) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), retries, (NoConnection,)),
        **settings,
    )
