"""Other programs that a benchmark needs: find them, start them, end them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from benchmarks.processes import BenchmarkError, Missing


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until something listens on *port*.

    :raises BenchmarkError: nothing does within 30 seconds.
    """
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BenchmarkError(f"nothing listens on port {port}")


def program(name: str) -> str:
    """Return the path of a program.

    :raises Missing: it is not installed.
    """
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if path is None:
        raise Missing(f"{name} is not installed")
    return path


@contextmanager
def running(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End a process after the block."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis server on a free port and yield its URL.

    :raises Missing: ``redis-server`` is not installed.
    """
    port = free_port()
    with TemporaryDirectory() as folder:
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        command = [program("redis-server"), *options]
        with running(subprocess.Popen(command, stdout=subprocess.DEVNULL)):
            wait_for(port)
            yield f"redis://127.0.0.1:{port}/0"
