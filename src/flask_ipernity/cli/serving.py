"""What commands that serve share: a port, a sandbox, an application in threads, a way to stop."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from flask import Flask

    from ..sandbox import Sandbox

PORT = click.IntRange(0, 65535)


VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Name the files that are left out.")


@contextmanager
def running_sandbox(verbose: bool = False, **options: Any) -> Iterator[Sandbox]:
    """Run a sandbox; what it has to say about a folder of photos goes to stderr.

    :param verbose: name each file that is left out.
    :raises click.ClickException: it cannot be started with these options.
    """
    try:
        from ..sandbox import Sandbox
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "PIL":
            raise
        raise click.ClickException(str(error)) from None
    if options.get("photos"):
        from ..sandbox.thumbnail_cache import user_cache_folder

        options["thumbnails"] = user_cache_folder()
        _say_what_is_left_out(verbose)
    try:
        running = Sandbox(**options)
        running.start()
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise _unusable(options.get("port", 0), error, options.get("host", "")) from None
    try:
        yield running
    finally:
        running.stop()


def _say_what_is_left_out(verbose: bool) -> None:
    log = logging.getLogger("flask_ipernity.sandbox")
    log.addHandler(logging.StreamHandler())
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    log.propagate = False
    # Pillow tells of every oddity of a file, with a line of its source.
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"PIL\.")


@contextmanager
def bound(host: str, ports: Iterable[int]) -> Iterator[socket.socket]:
    """Listen on the first free port of *ports*.

    :raises click.ClickException: there is none.
    """
    failure = None
    for port in ports:
        try:
            listening = socket.create_server((host, port), backlog=128)
        except OSError as error:
            failure = failure or _unusable(port, error)
            continue
        with listening:
            yield listening
        return
    raise failure or click.ClickException("There is no port to try.")


def _unusable(port: int, error: OSError, host: str = "") -> click.ClickException:
    if host and error.errno == errno.EADDRNOTAVAIL:
        return click.ClickException(f"{host} is no address of this machine.")
    if error.errno == errno.EADDRINUSE:
        return click.ClickException(f"Port {port} is in use. Choose another with --port.")
    return click.ClickException(f"Port {port} cannot be used: {error.strerror}.")


@contextmanager
def serving(app: Flask, listening: socket.socket) -> Iterator[None]:
    """Serve *app* in background threads."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        """Logs no requests, because the URL of a callback contains a frob."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    host, port = listening.getsockname()[:2]
    server = make_server(
        host, port, app, threaded=True, request_handler=Quiet, fd=listening.fileno()
    )
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def stop_signals() -> Iterator[Callable[[], None]]:
    """Handle Ctrl-C and SIGTERM; yield a function that waits for one of them."""
    # Not an Event: a signal that arrives while its lock is held would never return.
    asked: SimpleQueue[int] = SimpleQueue()

    def wait() -> None:
        # Without a time-out, Windows would not deliver the signal.
        while True:
            with suppress(Empty):
                asked.get(timeout=1)
                return

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda number, _: asked.put(number)) for number in numbers]
    try:
        yield wait
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def people(running: Sandbox) -> str:
    return ", ".join(f"{person.username} ({person.user_id})" for person in running.people)
