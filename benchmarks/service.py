"""A stand-in for Ipernity's API that costs time like a distant service and nearly no CPU.

It runs as a separate process, so that its work is not counted as the client's. A request costs
one round trip, a new connection two more (TCP and TLS 1.3). Signatures are not checked.

``/stats`` answers the connections and requests so far; it costs no latency and is not counted.
The process prints its port as one line of JSON and ends when its standard input is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import selectors
import sys
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from benchmarks.answers import ANSWERS, failure

CONNECT_ROUND_TRIPS = 2
#: Seconds by which a process may wake late: the service wakes earlier and watches the clock.
WAKE_EARLY = 0.0005

HEADERS_END = b"\r\n\r\n"


@dataclass
class Service:
    """The latency in seconds and the counters that all connections share."""

    latency: float
    connections: int = 0
    requests: Counter[str] = field(default_factory=Counter)

    def stats(self) -> bytes:
        """Return the counters as JSON."""
        by_method = dict(self.requests)
        counts = {"connections": self.connections, "requests": sum(by_method.values())}
        return json.dumps({**counts, "by_method": by_method}).encode()

    def answer(self, target: str, body: str) -> bytes:
        """Count and answer one API call, given its request target and form-encoded body."""
        url = urlsplit(target)
        _, _, called = url.path.partition("/api/")
        method = called.partition("/")[0]
        self.requests[method] += 1
        parameters = dict(parse_qsl(f"{url.query}&{body}"))
        if "api_key" not in parameters:
            return failure(100, "API key missing")
        if not (answerer := ANSWERS.get(method)):
            return failure(103, "Unknown method")
        return answerer(parameters)


class Connection(asyncio.Protocol):
    """One kept connection; requests are answered one after the other.

    asyncio sets TCP_NODELAY on every connection, and an answer leaves in one piece.
    """

    transport: asyncio.Transport

    def __init__(self, service: Service) -> None:
        self.service = service
        self.loop = asyncio.get_running_loop()
        self.received = bytearray()
        self.waiting = False
        self.is_first = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection and start its two round trips."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.service.connections += 1
        self.usable_at = self.loop.time() + CONNECT_ROUND_TRIPS * self.service.latency

    def data_received(self, data: bytes) -> None:
        """Collect data until a request is complete."""
        self.received += data
        self.next_request()

    def next_request(self) -> None:
        """Take one complete request, if there is one, and answer it when it is due."""
        if self.waiting or (end := self.received.find(HEADERS_END)) < 0:
            return
        head = self.received[:end].decode("latin-1")
        length = content_length(head)
        after = end + len(HEADERS_END) + length
        if len(self.received) < after:
            return
        body = self.received[after - length : after].decode("latin-1")
        del self.received[:after]
        target = head.split(" ", 2)[1]
        arrived = self.loop.time()
        if target == "/stats":
            self.service.connections -= self.is_first
            due, answer = 0.0, self.service.stats()
        else:
            due = max(arrived, self.usable_at) + self.service.latency
            answer = self.service.answer(target, body)
        self.is_first = False
        reply = http_ok(answer)
        if due > arrived and self.service.latency:
            self.waiting = True
            self.loop.call_at(due - WAKE_EARLY, self.send, due, reply)
        else:
            self.transport.write(reply)
            self.next_request()

    def send(self, due: float, reply: bytes) -> None:
        """Send a response that had to wait, not before it is due."""
        while self.loop.time() < due:
            pass
        self.waiting = False
        self.transport.write(reply)
        self.next_request()


def content_length(head: str) -> int:
    """Return the length of the body that a request's head announces."""
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            return int(value)
    return 0


def http_ok(body: bytes) -> bytes:
    """Return a whole HTTP response; the service sends its JSON as plain text."""
    return (
        b"HTTP/1.1 200 OK\r\nServer: stand-in\r\nDate: Sat, 01 Jan 2022 00:00:00 GMT\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\nCache-Control: private\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )


async def serve(latency: float) -> None:
    """Serve on a free loopback port until standard input ends."""
    loop = asyncio.get_running_loop()
    service = Service(latency)
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


def precise_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop on select(), which waits in microseconds.

    epoll, asyncio's default, rounds each wait up to whole milliseconds.
    """
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def main() -> None:
    """Run the service from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="service.py")
    parser.add_argument("--latency", type=float, default=0.04, help="seconds of a round trip")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=precise_loop) as runner:
        runner.run(serve(arguments.latency))


if __name__ == "__main__":
    main()
