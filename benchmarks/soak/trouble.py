"""What goes wrong meanwhile: at the service, at its media host, and in Redis."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory

from benchmarks.programs import free_port, program, wait_for
from flask_ipernity.sandbox import Sandbox

#: Seconds that trouble lasts, seconds after which it must be over for visitors, and seconds from
#: one to the next.
LASTS, GRACE, EVERY = 5.0, 6.0, 25.0


class MediaGate:
    """Leads to the media host, or cuts its responses."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.target = 0
        self.is_cutting = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                threading.Thread(target=self._lead, args=(client,), daemon=True).start()

    def _lead(self, client: socket.socket) -> None:
        address = ("127.0.0.1", self.target)
        with suppress(OSError), client, socket.create_connection(address, 5) as host:
            host.settimeout(None)
            back = threading.Thread(target=self._pass_on, args=(host, client, True))
            back.start()
            self._pass_on(client, host, False)
            back.join()

    def _pass_on(self, source: socket.socket, sink: socket.socket, may_cut: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if may_cut and self.is_cutting:
                    sink.sendall(piece[: len(piece) // 2])
                    break
                sink.sendall(piece)
        for one in (sink, source):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


class GatedSandbox(Sandbox):
    """A sandbox whose files come through a gate."""

    def __init__(self, gate: MediaGate) -> None:
        # What is under way for a while at once can be mixed up.
        super().__init__(latency=40, processing=0.2)
        self._gate = gate

    @property
    def media_url(self) -> str:
        """The URL of the gate, which leads to the media host."""
        self._gate.target = self._ports[1]
        return self._gate.url


class Redis:
    """A Redis that keeps what it has confirmed, also if it is killed."""

    def __init__(self, folder: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._command = [
            *(program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1"),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", folder),
        ]
        self.start()

    def start(self) -> None:
        """Start, with what was kept."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        wait_for(self.port)

    def kill(self) -> None:
        """Die at once."""
        self._process.kill()
        self._process.wait()


class Trouble:
    """Plants trouble of each kind in turns, and knows when there was any."""

    def __init__(self, sandbox: Sandbox, gate: MediaGate, redis: Redis) -> None:
        self._sandbox = sandbox
        self._gate = gate
        self._redis = redis
        self._spans: list[list[float]] = []
        self.kinds: dict[str, Callable[[], Callable[[], None]]] = {
            "service 503": lambda: self._fault("503"),
            "media cut": self._cut,
            "Redis killed": self._kill,
            "service resets": lambda: self._fault("reset"),
        }
        self.counts = dict.fromkeys(self.kinds, 0)

    def _fault(self, kind: str) -> Callable[[], None]:
        self._sandbox.fault("*", kind)
        return self._sandbox.clear_faults

    def _cut(self) -> Callable[[], None]:
        self._gate.is_cutting = True
        return lambda: setattr(self._gate, "is_cutting", False)

    def _kill(self) -> Callable[[], None]:
        self._redis.kill()
        return self._redis.start

    def run(self, stop: threading.Event) -> None:
        """Plant trouble until *stop* is set, and mend it."""
        while True:
            for name, begin in self.kinds.items():
                if stop.wait(EVERY - LASTS):
                    return
                # So that hours fit into memory.
                self._sandbox.clear_calls()
                self._sandbox.media_requests.clear()
                span = [time.monotonic(), float("inf")]
                self._spans.append(span)
                end = begin()
                self.counts[name] += 1
                stop.wait(LASTS)
                end()
                span[1] = time.monotonic() + GRACE

    def explains(self, began: float, ended: float) -> bool:
        """Whether there was trouble at some time between two."""
        return any(began <= last and first <= ended for first, last in list(self._spans))


@contextmanager
def surroundings() -> Iterator[tuple[Sandbox, MediaGate, Redis]]:
    """Run all that an application needs beside its server."""
    gate = MediaGate()
    with TemporaryDirectory(prefix="soak-") as folder, GatedSandbox(gate) as sandbox:
        redis = Redis(folder)
        try:
            yield sandbox, gate, redis
        finally:
            redis.kill()
            gate.close()
