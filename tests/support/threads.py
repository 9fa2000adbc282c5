"""Threads that start together, and replies that wait for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from flask_ipernity.client import Transport


def at_once(threads: int, work: Callable[[], object]) -> list[Any]:
    """Do *work* in so many threads that start together; return results and errors."""
    start = threading.Barrier(threads)

    def one(_: int) -> object:
        start.wait(20)
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


def hold_first_reply(transport: Transport, method: str) -> tuple[threading.Event, threading.Event]:
    """Hold back the first reply to *method*, once Ipernity has sent it.

    :returns: what is set when the reply is there, and what lets it go on, within 20 seconds.
    """
    send, came, go_on = transport.send, threading.Event(), threading.Event()

    def slow(name: str, *args: Any, **kwargs: Any) -> Any:
        reply = send(name, *args, **kwargs)
        if name == method and not came.is_set():
            came.set()
            go_on.wait(20)
        return reply

    transport.send = cast(Any, slow)  # type: ignore[method-assign]
    return came, go_on
