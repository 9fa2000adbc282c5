"""The processes of a benchmark: the stand-in for the service, and a worker for each side."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from time import perf_counter
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
#: Seconds after which a process that has not answered is killed.
ANSWER_TIMEOUT = 300.0

Measurement = dict[str, float]


class BenchmarkError(Exception):
    """Something could not be measured; the message says what."""


class Missing(BenchmarkError):
    """A program or package that a measurement needs is not installed."""


class LineProcess:
    """A child process that speaks lines of JSON; closing its standard input ends it."""

    def __init__(self, *command: str | Path) -> None:
        self.process = subprocess.Popen(
            [os.fspath(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=HERE.parent,
            text=True,
        )

    def read(self) -> dict[str, Any]:
        """Return the next line.

        :raises BenchmarkError: the process has ended, hangs, or reports an error.
        """
        assert self.process.stdout
        watch = threading.Timer(ANSWER_TIMEOUT, self.process.kill)
        watch.start()
        try:
            line = self.process.stdout.readline()
        finally:
            watch.cancel()
        if not line:
            raise BenchmarkError(f"{self.process.args!r} ended without an answer")
        answer: dict[str, Any] = json.loads(line)
        if error := answer.get("error"):
            raise BenchmarkError(str(error))
        return answer

    def write(self, message: Mapping[str, object]) -> None:
        """Send one line; :meth:`read` notices a process that has ended."""
        assert self.process.stdin
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process.stdin
        assert self.process.stdout
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Worker(LineProcess):
    """A process that does the work of one side: ``ours``, ``theirs`` or ``floor``.

    It runs isolated (``-I``), so that neither the environment nor the directory decides which
    library is imported.
    """

    def __init__(self, python: Path, side: str) -> None:
        super().__init__(python, "-I", HERE / "worker.py", side)
        self.versions: dict[str, str] = self.read()["versions"]

    def task(self, name: str, **options: object) -> Callable[[], Measurement]:
        """Return a task to be done once per round."""
        return lambda: self.ask(name, **options)

    def ask(self, task: str, **options: object) -> Measurement:
        """Do one task and return what was measured.

        :raises BenchmarkError: an answer was wrong, or the task failed.
        """
        self.write({"task": task, **options})
        measured = self.read()
        if wrong := measured["wrong"]:
            raise BenchmarkError(f"{task}: {wrong} wrong answers")
        return measured


class Service(LineProcess):
    """The stand-in for Ipernity, in a separate process."""

    def __init__(self, latency: float) -> None:
        super().__init__(sys.executable, "-m", "benchmarks.service", "--latency", str(latency))
        self.port = int(self.read()["port"])
        self.api_url = f"http://127.0.0.1:{self.port}/api/"

    def stats(self) -> dict[str, int]:
        """Return how many connections and requests there have been."""
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/stats")
        counts: dict[str, int] = json.load(connection.getresponse())
        connection.close()
        return counts

    @contextmanager
    def counting(self) -> Iterator[Measurement]:
        """Yield a measurement that holds the connections and requests of the block at its end."""
        before, counts = self.stats(), Measurement()
        yield counts
        after = self.stats()
        counts.update({key: after[key] - before[key] for key in ("connections", "requests")})

    def round_trip(self, times: int = 20) -> float:
        """Return the median seconds of a call on a kept connection, as a bare socket sees it."""
        request = b"GET /api/test.hello/json?api_key=bench HTTP/1.1\r\nHost: bench\r\n\r\n"
        seconds = []
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            for _ in range(times + 1):
                start = perf_counter()
                connection.sendall(request)
                connection.recv(65536)
                seconds.append(perf_counter() - start)
        return median(seconds[1:])


def distant_service(latency: float) -> Service:
    """Start a stand-in whose round trip is *latency* seconds as a bare socket sees it.

    Its work and the waking of both processes take time, too: that is measured first, and the
    latency is shortened by it.
    """
    with Service(latency) as trial:
        excess = trial.round_trip() - latency
    return Service(latency - max(0.0, excess))
