"""Redis and Valkey as the store that ``IPERNITY_CACHE`` names; needs the package redis."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Collection
from math import inf
from time import monotonic
from typing import Any

from cachelib import RedisCache
from cachelib.serializers import BaseRedisSerializer
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import PubSub
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from .near_cache import NO_KEYS

#: Seconds in which Redis must connect, and answer.
REDIS_TIMEOUT = 1

#: Seconds until a watch that has failed is begun again.
RESUBSCRIBE_AFTER = 3.0

#: Seconds for which a watch is believed: its connection may be dead without a sign of it.
SUBSCRIPTION_LIFETIME = 60.0

# Changes that are listened to at a time; when there are more, anything may have changed.
_MAX_CHANGES = 1000

# What Redis calls the channel of its invalidation messages.
_CHANNEL = "__redis__:invalidate"


class _Plain(BaseRedisSerializer):
    """Lets texts be texts in Redis."""

    def dumps(self, value: Any, protocol: int = 0) -> bytes:
        return str(value).encode()

    def loads(self, value: bytes | None) -> Any:
        return None if value is None else value.decode(errors="replace")


class TextRedis(RedisCache):
    """A cache of cachelib that keeps texts as they are.

    :param url: address of the server.
    :raises ValueError: it is no address.
    """

    serializer = _Plain()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]

    def __init__(self, url: str) -> None:
        self._url = url.replace("valkey", "redis", 1) if url.startswith("valkey") else url
        # Once more, for a connection that Redis has closed meanwhile; by default it would be
        # tried for seconds.
        super().__init__(host=_client(self._url, retries=1))

    def add(self, key: str, value: Any, timeout: Any = None) -> Any:
        # In one step, or a process that dies in between would leave it for ever.
        return self._write_client.set(key, self.serializer.dumps(value), ex=timeout, nx=True)

    def watch(self, prefix: str) -> Invalidations:
        """Return what tells of changes of keys that start with *prefix*."""
        return Invalidations(self._url, prefix)


class Invalidations:
    """Hears from Redis which keys were changed: written, deleted, expired or evicted, by whomever.

    A :class:`.Watch`. The manual of Redis calls it client-side caching in broadcasting mode: a
    change is sent to those who listen before its maker has the answer (that all was flushed, right
    after). Redis has it since version 6, and Valkey; from another server nothing is ever known.

    :param url: address of the server.
    :param prefix: start of the keys.
    """

    def __init__(self, url: str, prefix: str) -> None:
        # In the older protocol these messages come as any others do.
        self._client = _client(url, retries=0, protocol=2)
        self._prefix = prefix
        self._heard: PubSub | None = None
        self._look: Callable[[int], object] = bool
        self._process: object = None
        self._until = 0.0
        self._again_at = 0.0

    def begin(self) -> None:
        """Begin to listen, if that can be done now; end it after :data:`SUBSCRIPTION_LIFETIME`."""
        now = monotonic()
        if self._heard is not None:
            if now >= self._until:
                # Whoever asks learns that anything may have changed; then it can begin anew.
                self._end()
            return
        if now < self._again_at:
            return
        self._again_at = now + RESUBSCRIBE_AFTER
        # redis-py has no types here.
        heard: Any = self._client.pubsub()  # type: ignore[no-untyped-call]
        try:
            heard.execute_command("CLIENT", "ID")
            own = heard.parse_response(block=False, timeout=REDIS_TIMEOUT)
            tracking = ("CLIENT", "TRACKING", "ON", "REDIRECT", own, "BCAST", "PREFIX")
            heard.execute_command(*tracking, self._prefix)
            heard.parse_response(block=False, timeout=REDIS_TIMEOUT)
            heard.subscribe(_CHANNEL)
            heard.get_message(timeout=REDIS_TIMEOUT)
        except (RedisError, OSError) as error:
            heard.close()
            if isinstance(error, ResponseError):
                # The server does not know this, or does not let this user.
                self._again_at = inf
        else:
            self._heard, self._process = heard, _this_process
            self._look = _looker(heard)
            self._until = monotonic() + SUBSCRIPTION_LIFETIME

    def changed(self) -> Collection[str] | None:
        """Return the keys that were changed since this was asked last; see :class:`.Watch`."""
        if self._heard is None:
            return None
        keys = None
        if self._process is _this_process:
            # Each cached call comes here: to look whether there is anything takes a
            # small part of the time of reading.
            if not self._look(0):
                return NO_KEYS
            keys = self._read(self._heard)
        if keys is None:
            self._end()
        return keys

    def _read(self, heard: PubSub) -> Collection[str] | None:
        keys: list[str] = []
        try:
            while message := heard.get_message(timeout=0):
                # Another kind of message comes when the connection was made anew.
                if (
                    message["type"] != "message"
                    or message["data"] is None
                    or len(keys) > _MAX_CHANGES
                ):
                    return None
                keys += (key.decode(errors="replace") for key in message["data"])
        except (RedisError, OSError):
            return None
        return keys

    def _end(self) -> None:
        # In a process that was forked, it is the other's connection.
        if self._heard is not None and self._process is _this_process:
            self._heard.close()
        self._heard, self._again_at = None, 0.0


#: Another object in each process; to ask for its number takes longer.
_this_process = object()


def _forked() -> None:
    global _this_process
    _this_process = object()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def _looker(heard: PubSub) -> Callable[[int], object]:
    """Return a function that tells whether there is something to read within milliseconds."""
    # redis-py has no public name for it.
    socket = getattr(heard.connection, "_sock", None)
    if socket is None or not hasattr(select, "poll"):
        return lambda _: True
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return poll.poll


def _client(url: str, retries: int, **settings: Any) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), retries, (NoConnection,)),
        **settings,
    )
