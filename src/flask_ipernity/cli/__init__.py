"""The commands, as ``flask-ipernity …`` and ``flask ipernity …``.

Each module holds one group of commands. A command imports what it needs when it runs, so that
``flask`` starts quickly and works without the optional packages.
"""

from __future__ import annotations

import click

from .compare import compare
from .demo import demo
from .sandbox import sandbox
from .server_config import nginx, server_config


@click.version_option(package_name="Flask-Ipernity", message="%(package)s %(version)s")
@click.group(name="ipernity", help="A local Ipernity, a demo application, and tools for a site.")
def cli() -> None:
    """Group the commands."""


cli.add_command(sandbox)
cli.add_command(demo)
cli.add_command(compare)
cli.add_command(server_config)
cli.add_command(nginx)


def main() -> None:
    """Run the commands as ``flask-ipernity``."""
    cli(prog_name="flask-ipernity")
