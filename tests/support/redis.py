"""A real Redis, which a test may kill and start again."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

from tests.support import needs
from tests.support.servers import free_port, wait_for


class RedisServer:
    """A Redis on a free port of this machine; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._program = needs.program("redis-server")
        self._folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        # The path of a socket has at most 107 bytes.
        self.socket = Path(mkdtemp(prefix="redis-")) / "socket"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, on the same port as before, with nothing in it."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        options += ["--unixsocket", str(self.socket)]
        self._process = subprocess.Popen(
            [self._program, *options, "--dir", str(self._folder)], stdout=subprocess.DEVNULL
        )
        wait_for(self.port, self._process)

    def flush(self) -> None:
        """Delete all that is in it."""
        from redis import Redis

        with Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        """Die, as in a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        shutil.rmtree(self.socket.parent, ignore_errors=True)
