"""Servers of their own process, as an application has them in front of visitors."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent


class Running(NamedTuple):
    """A server that runs."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def worker(self) -> int:
        """Process id of gunicorn's one worker."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])

    def memory(self) -> int:
        """Return the resident bytes of the process that works."""
        for line in Path(f"/proc/{self.worker}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise LookupError("VmRSS")


def wait_for(port: int, seconds: float = 30) -> None:
    """Wait until something listens on *port*."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def gunicorn(
    config: dict[str, object], *options: str, threads: int = 16, grace: int = 5
) -> Iterator[Running]:
    """Run :mod:`tests.support.media_site` with *config* on one worker of kind gthread."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        command = [
            *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"),
            *("--worker-class", "gthread", "--workers", "1", "--threads", str(threads)),
            *("--graceful-timeout", str(grace), "--no-control-socket"),
            *(*options, "tests.support.media_site:application"),
        ]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "TEST_CONFIG": json.dumps(config)},
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
        )
        port = listener.getsockname()[1]
        try:
            yield Running(port, process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(grace + 5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
