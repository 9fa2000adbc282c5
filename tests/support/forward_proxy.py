"""An HTTP proxy that notes what it is asked for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.support.stub import Request


class ForwardingProxy:
    """Tunnels by CONNECT, and passes on requests with an absolute URL.

    :param names: the ports on this machine to which it connects for a name, if not to the
        one that it is asked for.
    :param refusal: what it answers to everything, in place of a connection.
    :param before: what it answers before it tunnels, and *after* with the same piece.
    """

    def __init__(
        self,
        names: Mapping[str, int],
        refusal: bytes | None = None,
        before: bytes = b"",
        after: bytes = b"",
    ) -> None:
        self._names = names
        self._refusal = refusal
        self._before = before
        self._after = after
        self.requests: list[Request] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(5)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, ValueError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(65536)
                if not piece:
                    return
                head += piece
            text, _, rest = head.partition(b"\r\n\r\n")
            first, *lines = text.decode("latin-1").split("\r\n")
            verb, target, _ = first.split()
            headers = {name.lower(): value for name, value in (one.split(": ") for one in lines)}
            self.requests.append(Request(verb, target, headers, rest))
            if self._refusal is not None:
                client.sendall(self._refusal)
                client.shutdown(socket.SHUT_WR)
                return
            if verb == "CONNECT":
                server = self._connect(*target.rsplit(":", 1))
                client.sendall(self._before + b"HTTP/1.1 200 Tunnel\r\n\r\n" + self._after)
            else:
                url = urlsplit(target)
                server = self._connect(url.hostname or "", url.port or 80)
                path = url.path + (f"?{url.query}" if url.query else "")
                kept = [line for line in lines if not line.lower().startswith("proxy-")]
                made = "\r\n".join([f"{verb} {path} HTTP/1.1", *kept]).encode("latin-1")
                server.sendall(made + b"\r\n\r\n" + rest)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join(5)

    def _connect(self, name: str, port: str | int) -> socket.socket:
        address = "127.0.0.1", self._names.get(name, int(port))
        server = socket.create_connection(address, 5)
        server.settimeout(None)
        self._open.append(server)
        return server


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
