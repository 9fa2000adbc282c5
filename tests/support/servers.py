"""Servers of their own process, as an application has them in front of visitors."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

#: Below the ports that systems give to whoever asks for any, so that a connection of another
#: test does not take one between :func:`free_port` and its use.
PORTS = range(15_000, 32_000)


class Running(NamedTuple):
    """A server that runs."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Its URL, without a slash at the end."""
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


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Wait until something listens on *port*.

    :raises OSError: nothing does, or the process has ended.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def web_server(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a web server whose configuration and logs are in *folder*, until it listens and after."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        try:
            wait_for(port, process)
        except OSError:
            process.kill()
            _, said = process.communicate()
            logs = [path.read_text() for path in folder.glob("*.log")]
            raise AssertionError(f"{command[0]} does not start: {said!r} {logs}") from None
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


def free_port() -> int:
    """Return a port for a program that cannot be given a socket."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


@contextmanager
def refusing_port(port: int = 0) -> Iterator[int]:
    """Yield a port at which every connection is refused, and that nobody else can take.

    :param port: that of a server which has ended; 0 takes a free one.
    """
    with socket.socket() as taken:
        # Connections of a server that has ended are remembered for a while.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        yield taken.getsockname()[1]


@contextmanager
def gunicorn(
    config: dict[str, object],
    *,
    site: str = "media_site",
    workers: int = 1,
    threads: int = 16,
    grace: int = 5,
) -> Iterator[Running]:
    """Run an application of :mod:`tests.support` on gunicorn, with workers of kind gthread.

    :param config: its further configuration.
    :param site: the module of the application.
    :param grace: seconds that it has to end its requests when it is stopped.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        command = [
            *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"),
            *("--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
            *("--graceful-timeout", str(grace), "--timeout", "120", "--no-control-socket"),
            *("--log-level", "error", f"tests.support.{site}:application"),
        ]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "TEST_CONFIG": json.dumps(config)},
            pass_fds=[listener.fileno()],
        )
        port = listener.getsockname()[1]
        try:
            yield Running(port, process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(grace + 30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
