"""``demo``: run the gallery, on a local Ipernity or the real one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from .environment import from_environment
from .serving import PORT, VERBOSE, bound, people, running_sandbox, serving, stop_signals

if TYPE_CHECKING:
    from flask import Flask

#: Where the demo looks for a free port; ``flask run`` uses the first one.
_PORTS = range(5000, 5020)

#: A number may stand for another photo at the next start, and a photo may change: browsers ask
#: every time. A large one takes a while to draw.
_FROM_A_SANDBOX = {"IPERNITY_PROXY_MAX_AGE": 0, "IPERNITY_TIMEOUT": (5, 60)}


@click.command()
@click.option("--photos", metavar="DIR", help="Show this folder's photos, videos and sounds.")
@click.option("--port", type=PORT, help="0 chooses a free one; by default 5000 or the next.")
@click.option("--host", type=click.Choice(["127.0.0.1", "localhost"]), default="127.0.0.1")
@VERBOSE
def demo(photos: str | None, port: int | None, host: str, verbose: bool) -> None:
    """Run a gallery on a local Ipernity.

    With IPERNITY_APP_KEY and IPERNITY_APP_SECRET in the environment, and no
    --photos, the gallery shows photos of the real service: those of the member
    IPERNITY_USER (an id or alias), or what is popular.
    """
    config = {} if photos else _real_config(os.environ)
    # The callback of a real key is fixed, so another port would not work.
    ports = _PORTS if port is None and not config else [_PORTS[0] if port is None else port]
    with stop_signals() as stopped, bound(host, ports) as listening:
        address = f"http://{host}:{listening.getsockname()[1]}"
        callback_url = f"{address}/ipernity/cb"
        if config:
            config["DEMO_ADDRESS"] = address
            with serving(_real_gallery(config), listening):
                click.echo(f"Gallery:   {address}/   (photos of the real Ipernity)")
                click.echo(f"Callback:  {callback_url}   (must be registered with your key)\n")
                click.echo("Open the gallery in a browser. Ctrl-C stops it.")
                stopped()
            return
        from ..demo import create_app

        options = {"photos": photos, "host": host, "callback_url": callback_url}
        with running_sandbox(verbose, **options) as running:
            owner = running.people[0]
            about: dict[str, object] = {
                "DEMO_USER": owner.user_id,
                "DEMO_LOCAL": bool(photos),
                "DEMO_ADDRESS": address,
            }
            app = create_app({**running.config(), **_FROM_A_SANDBOX, **about})
            with serving(app, listening):
                click.echo(f"Gallery:   {address}/")
                click.echo(f"Sandbox:   {running.url}/   (a local Ipernity: {people(running)})\n")
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
    # Not those of an application, which may be those of a sandbox.
    config = from_environment({k: v for k, v in environ.items() if k.startswith("IPERNITY_")})
    if not config.keys() & {"IPERNITY_APP_KEY", "IPERNITY_APP_SECRET"}:
        return {}
    return {**config, "DEMO_USER": environ.get("IPERNITY_USER")}


def _real_gallery(config: Mapping[str, Any]) -> Flask:
    """Return the gallery of the real service, after a call that checks the key."""
    from .. import IpernityError, ipernity
    from ..demo import create_app

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
