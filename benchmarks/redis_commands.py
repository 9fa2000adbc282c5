"""Count the commands that an application sends to Redis, and the round trips they take."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit


class CommandReader:
    """Find the names of commands in what a client sends, however it is cut into pieces."""

    def __init__(self) -> None:
        self._pending = b""
        #: Arguments that the current command still lacks; its name is the first.
        self._missing = 0
        self._name_is_next = False

    def names(self, piece: bytes) -> list[str]:
        """Return the names of the commands that are complete with *piece*, in their order."""
        self._pending += piece
        found: list[str] = []
        while (line_end := self._pending.find(b"\r\n")) >= 0:
            number = int(self._pending[1:line_end])
            start = line_end + 2
            if self._pending[:1] == b"*":
                self._missing, self._name_is_next = number, True
            else:
                if len(self._pending) < start + number + 2:
                    break
                if self._name_is_next:
                    found.append(self._pending[start : start + number].decode().upper())
                self._missing, self._name_is_next = self._missing - 1, False
                start += number + 2
            self._pending = self._pending[start:]
        return found


class RedisCounter:
    """Stand between an application and a Redis server, and count what passes.

    A round trip is counted each time that the client sends after the server has answered, or
    first on a connection: commands of one pipeline are one round trip. Safe to read while the
    client waits for nothing.

    :param target: port of the Redis server on this machine.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        #: The names of the commands of each round trip.
        self.round_trips: list[list[str]] = []
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def clear(self) -> None:
        """Count from zero again."""
        with self._lock:
            self.round_trips.clear()

    def close(self) -> None:
        """Close all connections."""
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._connections += [client, server]
                answered = threading.Event()
                answered.set()
                for copy in (self._copy_commands, self._copy_answers):
                    threading.Thread(
                        target=copy, args=(client, server, answered), daemon=True
                    ).start()

    def _copy_commands(
        self, client: socket.socket, server: socket.socket, answered: threading.Event
    ) -> None:
        reader = CommandReader()
        with suppress(OSError):
            while piece := client.recv(65536):
                names = reader.names(piece)
                with self._lock:
                    if answered.is_set() or not self.round_trips:
                        self.round_trips.append([])
                        answered.clear()
                    self.round_trips[-1] += names
                server.sendall(piece)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _copy_answers(
        self, client: socket.socket, server: socket.socket, answered: threading.Event
    ) -> None:
        with suppress(OSError):
            while piece := server.recv(65536):
                answered.set()
                client.sendall(piece)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def counted(redis_url: str) -> Iterator[tuple[str, RedisCounter]]:
    """Yield another URL of the Redis server at *redis_url*, and the counter of what passes it."""
    port = urlsplit(redis_url).port
    assert port is not None
    with ExitStack() as stack:
        counter = RedisCounter(port)
        stack.callback(counter.close)
        yield redis_url.replace(f":{port}", f":{counter.port}"), counter
