"""The stand-in for the service that has media too: the pictures of its one account, and a drip.

It is :mod:`benchmarks.service` with ``/media/<doc_id>.jpg``, which costs a round trip as a call
does, ``/drip``, which sends a byte every 50 ms, and ``doc.getMedias``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from urllib.parse import parse_qsl, urlsplit

from benchmarks import service
from benchmarks.answers import document, envelope
from benchmarks.media_app import DOCUMENTS, SIZE

DRIP_PAUSE = 0.05
DRIP_LENGTH = 3


def picture(doc_id: str) -> bytes:
    """Return the bytes of a document's picture; no two documents have the same."""
    return hashlib.sha256(doc_id.encode()).digest() * (SIZE // 32)


def image(content: bytes) -> bytes:
    """Return a whole HTTP response with a picture."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


class MediaService(service.Service):
    """Answer with whole HTTP responses, since media have other headers than calls."""

    port = 0

    def answer(self, target: str, body: str) -> bytes:
        """Count and answer one request."""
        path = urlsplit(target).path
        if path.startswith("/media/"):
            self.requests["media"] += 1
            return image(picture(path.removeprefix("/media/").partition(".")[0]))
        method = path.removeprefix("/api/").partition("/")[0]
        if method == "doc.getMedias":
            self.requests[method] += 1
            doc_id = dict(parse_qsl(f"{urlsplit(target).query}&{body}"))["doc_id"]
            return http_ok(envelope({"thumbs": {"thumb": [self.thumb(doc_id)]}}))
        if method == "doc.getList":
            self.requests[method] += 1
            return http_ok(envelope({"docs": self.listing()}))
        return http_ok(super().answer(target, body))

    def stats(self) -> bytes:
        """Return the counters."""
        return http_ok(super().stats())

    def thumb(self, doc_id: str) -> dict[str, str]:
        """Return the record of a document's one size."""
        url = f"http://127.0.0.1:{self.port}/media/{doc_id}.a1b2c3d4.240.jpg"
        return {"label": "240", "url": url, "ext": "jpg", "w": "240", "h": "161"}

    def listing(self) -> dict[str, object]:
        """Return the one page of the account's documents."""
        docs = [document(number) for number in range(DOCUMENTS)]
        for doc in docs:
            doc["thumb"] = self.thumb(str(doc["doc_id"]))
        count = str(DOCUMENTS)
        return {"total": count, "per_page": count, "page": "1", "pages": "1", "doc": docs}


http_ok = service.http_ok


def whole(body: bytes) -> bytes:
    """Return a response that has its headers already."""
    return body


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer requests with a file that comes byte by byte."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {DRIP_LENGTH}\r\n\r\n"
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(head.encode() + b"x")
            for _ in range(DRIP_LENGTH - 1):
                await asyncio.sleep(DRIP_PAUSE)
                writer.write(b"x")
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()


async def serve(latency: float) -> None:
    """Serve on two free loopback ports until standard input ends."""
    loop = asyncio.get_running_loop()
    own = MediaService(latency)
    server = await loop.create_server(lambda: service.Connection(own), "127.0.0.1", 0, backlog=1024)
    own.port = server.sockets[0].getsockname()[1]
    dripping = await asyncio.start_server(drip, "127.0.0.1", 0)
    drip_port = dripping.sockets[0].getsockname()[1]
    print(json.dumps({"port": own.port, "drip": drip_port}), flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()
    dripping.close()


def main() -> None:
    """Run the service from the command line: ``media_service.py LATENCY``."""
    service.http_ok = whole
    with asyncio.Runner(loop_factory=service.precise_loop) as runner:
        runner.run(serve(float(sys.argv[1])))


if __name__ == "__main__":
    main()
