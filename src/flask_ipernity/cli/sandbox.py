"""``sandbox``: run a local Ipernity."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .serving import PORT, VERBOSE, people, running_sandbox, stop_signals

F = TypeVar("F", bound=Callable[..., Any])

#: The callback of an application that ``flask run`` serves.
_CALLBACK = "http://127.0.0.1:5000/ipernity/cb"


#: What nobody knows of the service; the first one is the default.
EMPTY_LISTS = ("absent", "list", "mixed")
CONSENT = ("ask", "remember")
DENIAL = ("callback", "empty", "error", "page")
LG = ("optional", "error", "empty")
READS = ("both", "get", "post")

SECONDS = click.FloatRange(0)

#: What the printed token of the first person may do: everything.
OWNER_PERMISSIONS = {
    "doc": "delete",
    "blog": "delete",
    "post": "delete",
    "network": "delete",
    "profile": "write",
}


def _unknown(name: str, text: str, choices: tuple[str, ...]) -> Callable[[F], F]:
    """Return an option for what nobody knows of the service."""
    return click.option(
        name, type=click.Choice(choices), default=choices[0], show_default=True, help=text
    )


@click.command()
@click.option("--port", type=PORT, default=5050, show_default=True, help="0 chooses a free one.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on. Whoever reaches it can use all accounts.",
)
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
@click.option(
    "--processing",
    type=SECONDS,
    default=1,
    show_default=True,
    metavar="S",
    help="How long an upload takes to become a document.",
)
@click.option(
    "--extra-documents", type=click.IntRange(0), default=0, metavar="N", help="Further photos."
)
@_unknown("--empty-lists", "Empty lists, where nobody knows.", EMPTY_LISTS)
@_unknown("--consent", "Whether people are asked again to allow the same.", CONSENT)
@_unknown("--denial", "Where people who refuse are sent to.", DENIAL)
@_unknown("--lg", "What becomes of a call without a language.", LG)
@_unknown("--reads", "The HTTP methods of reading calls with a token.", READS)
@click.option(
    "--eta", type=click.IntRange(0), metavar="S", help="What uploads say is left, true or not."
)
@click.option(
    "--reads-metadata",
    is_flag=True,
    help="Describe uploaded photos by their EXIF, IPTC and XMP.",
)
@click.option("--token-life", type=SECONDS, metavar="S", help="Tokens end after S seconds.")
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
        # So that the pages of a site's owner can be tried at once.
        owner = {"IPERNITY_OWNER_TOKEN": running.sign_in(0, OWNER_PERMISSIONS)}
        for name, value in {**running.config(), **owner}.items():
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
