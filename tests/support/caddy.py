"""A real Caddy, with a configuration that the package prints."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import needs
from tests.support.servers import wait_for

MAIN = """
{{
	admin off
	# Another port than 80 would have to be free for it.
	auto_https disable_redirects
	storage file_system {folder}/storage
}}
import site.caddy
"""


@contextmanager
def printed(folder: Path, text: str, own_port: int) -> Iterator[None]:
    """Run Caddy with *text* as a file that its Caddyfile imports.

    :param own_port: where Caddy listens, as *text* says.
    """
    program = needs.program("caddy")
    (folder / "site.caddy").write_text(text, encoding="utf-8")
    (folder / "Caddyfile").write_text(MAIN.format(folder=folder), encoding="utf-8")
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "run", "--config", "Caddyfile"],
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
            stdout=log,
            stderr=log,
        )
        try:
            try:
                wait_for(own_port, process)
            except OSError:
                said = (folder / "caddy.log").read_text()
                raise AssertionError(f"Caddy does not start: {said}") from None
            yield
        finally:
            process.terminate()
            process.wait(20)
