"""The commands ``flask-ipernity sandbox`` and ``demo``, also as ``flask ipernity …``.

A command imports what it needs when it runs, so that ``flask`` starts quickly and works without
the optional packages.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from flask import Flask

    from .sandbox import Sandbox

#: Where the demo looks for a free port; ``flask run`` uses the first one.
_PORTS = range(5000, 5020)

#: The callback of an application that ``flask run`` serves.
_CALLBACK = "http://127.0.0.1:5000/ipernity/cb"

_port = click.IntRange(0, 65535)


@click.group(name="ipernity", help="A local Ipernity, and a demo application.")
def cli() -> None:
    """Group the commands."""


def main() -> None:
    """Run the commands as ``flask-ipernity``."""
    cli(prog_name="flask-ipernity")


@cli.command()
@click.option("--port", type=_port, default=5050, show_default=True, help="0 chooses a free one.")
@click.option("--photos", metavar="DIR", help="Serve this folder's JPEG and PNG files.")
@click.option("--latency", type=float, default=0, metavar="MS", help="Delay each answer.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="METHOD=KIND[:N]",
    help="Make (the next N) calls fail: an error code, an HTTP status, html, list, empty, cut,"
    " hang or reset. METHOD may be *. Can be repeated.",
)
@click.option("--rate", type=int, metavar="N", help="Limit the calls per second.")
@click.option(
    "--callback",
    "callback_url",
    default=_CALLBACK,
    show_default=True,
    metavar="URL",
    help="Where visitors return after a sign-in.",
)
def sandbox(**options: Any) -> None:
    """Run a local Ipernity, to develop and test against."""
    with _stop_signals() as stopped, _running_sandbox(**options) as running:
        click.echo(f"The sandbox runs at {running.url}/\n")
        click.echo(f"People:    {_people(running)}")
        click.echo(f"Key:       {running.app_key}")
        click.echo(f"Secret:    {running.app_secret}")
        click.echo(f"Callback:  {running.callback_url}\n")
        click.echo("Settings, for a shell or .env, and app.config.from_prefixed_env():\n")
        for name, value in running.config().items():
            click.echo(f"export FLASK_{name}={shlex.quote(_plain(value))}")
        click.echo("\nCtrl-C stops it.")
        stopped()


@cli.command()
@click.option("--photos", metavar="DIR", help="Show this folder's JPEG and PNG files.")
@click.option("--port", type=_port, help="0 chooses a free one; by default 5000 or the next.")
@click.option("--host", type=click.Choice(["127.0.0.1", "localhost"]), default="127.0.0.1")
def demo(photos: str | None, port: int | None, host: str) -> None:
    """Run a gallery on a local Ipernity.

    With IPERNITY_APP_KEY and IPERNITY_APP_SECRET in the environment, and no
    --photos, the gallery shows photos of the real service: those of the member
    IPERNITY_USER (an id or alias), or what is popular.
    """
    config = {} if photos else _real_config(os.environ)
    # The callback of a real key is fixed, so another port would not work.
    ports = _PORTS if port is None and not config else [_PORTS[0] if port is None else port]
    with _stop_signals() as stopped, _bound(host, ports) as listening:
        address = f"http://{host}:{listening.getsockname()[1]}"
        callback_url = f"{address}/ipernity/cb"
        if config:
            with _serving(_real_gallery(config), listening):
                click.echo(f"Gallery:   {address}/   (photos of the real Ipernity)")
                click.echo(f"Callback:  {callback_url}   (must be registered with your key)\n")
                click.echo("Open the gallery in a browser. Ctrl-C stops it.")
                stopped()
            return
        from .demo import create_app

        with _running_sandbox(photos=photos, host=host, callback_url=callback_url) as running:
            owner = running.people[0]
            app = create_app({**running.config(), "DEMO_USER": owner.user_id})
            with _serving(app, listening):
                click.echo(f"Gallery:   {address}/")
                click.echo(f"Sandbox:   {running.url}/   (a local Ipernity: {_people(running)})\n")
                why = "whose photos these are" if photos else "who also has private photos"
                click.echo(
                    f"Open the gallery in a browser and sign in as {owner.username}, {why}."
                    " Ctrl-C stops both."
                )
                stopped()


def _real_config(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings for the real service, or an empty mapping without a key.

    The URLs can be set as well, for another installation of the service.
    """
    names = ("APP_KEY", "APP_SECRET", "API_URL", "AUTHORIZE_URL")
    config: dict[str, Any] = {
        f"IPERNITY_{name}": value for name in names if (value := environ.get(f"IPERNITY_{name}"))
    }
    if not config.keys() & {"IPERNITY_APP_KEY", "IPERNITY_APP_SECRET"}:
        return {}
    if hosts := environ.get("IPERNITY_MEDIA_HOSTS"):
        config["IPERNITY_MEDIA_HOSTS"] = tuple(hosts.split(","))
    return {**config, "DEMO_USER": environ.get("IPERNITY_USER")}


def _real_gallery(config: Mapping[str, Any]) -> Flask:
    """Return the gallery of the real service, after a call that checks the key."""
    from . import IpernityError, ipernity
    from .demo import create_app

    try:
        app = create_app(config)
        with app.app_context():
            api = ipernity.api_for(None)
            if name := config["DEMO_USER"]:
                app.config["DEMO_USER"] = api.user.get(user_id=name)["user"]["user_id"]
            else:
                api.explore.docs.getPopular(per_page=1)
    except IpernityError as error:
        raise click.ClickException(str(error)) from None
    return app


@contextmanager
def _running_sandbox(**options: Any) -> Iterator[Sandbox]:
    """Run a sandbox.

    :raises click.ClickException: it cannot be started with these options.
    """
    try:
        from .sandbox import Sandbox
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "PIL":
            raise
        raise click.ClickException(
            'The sandbox needs Pillow, which is not installed: pip install "Flask-Ipernity[demo]"'
        ) from None
    try:
        running = Sandbox(**options)
        running.start()
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise _unusable(options.get("port", 0), error) from None
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def _bound(host: str, ports: Iterable[int]) -> Iterator[socket.socket]:
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


def _unusable(port: int, error: OSError) -> click.ClickException:
    if error.errno == errno.EADDRINUSE:
        return click.ClickException(f"Port {port} is in use. Choose another with --port.")
    return click.ClickException(f"Port {port} cannot be used: {error.strerror}.")


@contextmanager
def _serving(app: Flask, listening: socket.socket) -> Iterator[None]:
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
def _stop_signals() -> Iterator[Callable[[], None]]:
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


def _people(running: Sandbox) -> str:
    return ", ".join(f"{person.username} ({person.user_id})" for person in running.people)


def _plain(value: object) -> str:
    """Return *value* as ``from_prefixed_env`` reads it: as JSON, or unchanged if it is not JSON."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        json.loads(value)
    except ValueError:
        return value
    return json.dumps(value)
