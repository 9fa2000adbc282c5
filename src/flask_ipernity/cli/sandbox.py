"""``sandbox``: run a local Ipernity."""

from __future__ import annotations

import json
import shlex
from typing import Any

import click

from .serving import PORT, VERBOSE, people, running_sandbox, stop_signals

#: The callback of an application that ``flask run`` serves.
_CALLBACK = "http://127.0.0.1:5000/ipernity/cb"


@click.command()
@click.option("--port", type=PORT, default=5050, show_default=True, help="0 chooses a free one.")
@click.option("--photos", metavar="DIR", help="Serve this folder's photos, videos and sounds.")
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
@VERBOSE
def sandbox(**options: Any) -> None:
    """Run a local Ipernity, to develop and test against."""
    with stop_signals() as stopped, running_sandbox(**options) as running:
        click.echo(f"The sandbox runs at {running.url}/\n")
        click.echo(f"People:    {people(running)}")
        click.echo(f"Key:       {running.app_key}")
        click.echo(f"Secret:    {running.app_secret}")
        click.echo(f"Callback:  {running.callback_url}\n")
        click.echo("Settings, for a shell or .env, and app.config.from_prefixed_env():\n")
        for name, value in running.config().items():
            click.echo(f"export FLASK_{name}={shlex.quote(_plain(value))}")
        click.echo("\nCtrl-C stops it.")
        stopped()


def _plain(value: object) -> str:
    """Return *value* as ``from_prefixed_env`` reads it: as JSON, or unchanged if it is not JSON."""
    if not isinstance(value, str):
        return json.dumps(value)
    try:
        json.loads(value)
    except ValueError:
        return value
    return json.dumps(value)
