"""The servers, each with two processes, as their documentation says to start them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.processes import HERE
from benchmarks.programs import free_port, wait_for

APP = "benchmarks.soak.app:application"
BIN = Path(sys.prefix) / "bin"

_GUNICORN = ("gunicorn", "--bind", "{address}", "--workers", "2", "--log-level", "warning")
_UWSGI = (
    *("uwsgi", "--http-socket", "{address}", "--virtualenv", sys.prefix, "--module", APP),
    *("--master", "--processes", "2", "--threads", "4", "--need-app", "--die-on-term"),
    "--disable-logging",
)

#: The command lines; where there are several, each runs one process of its own.
SERVERS: dict[str, list[tuple[str, ...]]] = {
    "uwsgi": [_UWSGI],
    "uwsgi-lazy": [(*_UWSGI, "--lazy-apps")],
    "gunicorn-gthread": [(*_GUNICORN, "--worker-class", "gthread", "--threads", "8", APP)],
    "gunicorn-preload": [
        (*_GUNICORN, "--worker-class", "gthread", "--threads", "8", "--preload", APP)
    ],
    "gunicorn-gevent": [(*_GUNICORN, "--worker-class", "gevent", APP)],
    "waitress": [("waitress-serve", "--listen", "{address}", "--threads", "8", APP)] * 2,
    "asgi": [
        (
            *("uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--workers", "2"),
            *("--log-level", "warning", "--factory", "benchmarks.soak.app:asgi"),
        )
    ],
}


@contextmanager
def serving(
    name: str, config: dict[str, object], log: Path, source: Path | None = None
) -> Iterator[list[str]]:
    """Run a server; yield the URLs of its instances, without a slash at the end.

    :param config: the application's configuration.
    :param log: the file for what the server writes.
    :param source: a folder with another version of the package.
    :raises BenchmarkError: it does not listen.
    """
    folders = [HERE.parent, *([source.resolve()] if source else [])]
    path = os.pathsep.join(map(str, folders))
    environment = {**os.environ, "SOAK_CONFIG": json.dumps(config), "PYTHONPATH": path}
    urls = []
    with ExitStack() as stack, log.open("wb") as output:
        for command in SERVERS[name]:
            port = free_port()
            address = f"127.0.0.1:{port}"
            program, *rest = (part.format(address=address, port=port) for part in command)
            process = subprocess.Popen(
                [BIN / program, *rest],
                cwd=HERE.parent,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            stack.callback(_stop, process)
            wait_for(port)
            urls.append(f"http://{address}")
        yield urls


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
