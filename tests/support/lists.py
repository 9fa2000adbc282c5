"""A service whose lists a test scripts, page by page."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = Callable[[dict[str, str]], Any]


class Lists:
    """Answers each call with what *answer* makes of its parameters.

    A dict is sent as JSON with the envelope of the API, bytes as they are with
    HTTP status 500, and ``None`` breaks the connection off.
    """

    def __init__(self, answer: Answer, latency: float = 0) -> None:
        self.answer = answer
        # seconds before a file is read
        self.stall = 0.0
        self.latency = latency
        self.calls: list[dict[str, str]] = []
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()

    @property
    def pages(self) -> list[int]:
        """The pages that were asked for."""
        return [int(call.get("page", 0)) for call in self.calls]


@contextmanager
def service(answer: Answer, latency: float = 0) -> Iterator[tuple[Lists, str]]:
    """Run the service, and yield it with its address."""
    lists = Lists(answer, latency)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self, form: bytes = b"") -> None:
            query = form.decode("latin-1") or urlsplit(self.path).query
            params = dict(parse_qsl(query, keep_blank_values=True))
            with lists.lock:
                lists.calls.append(params)
                lists.at_once += 1
                lists.most_at_once = max(lists.most_at_once, lists.at_once)
            time.sleep(lists.latency)
            with lists.lock:
                lists.at_once -= 1
            payload = lists.answer(params)
            if payload is None:
                self.close_connection = True
                return
            raw = isinstance(payload, bytes)
            envelope = {"api": {"status": "ok", "at": "1700000000"}}
            body = payload if raw else json.dumps({**envelope, **payload}).encode()
            self.send_response(500 if raw else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            has_file = self.headers["Content-Type"].startswith("multipart/")
            time.sleep(lists.stall if has_file else 0)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET(b"" if has_file else body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield lists, f"http://127.0.0.1:{server.server_port}/api/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def error(code: int, message: str = "no") -> dict[str, Any]:
    """Return an error of the API, in place of a payload."""
    return {"api": {"status": "error", "at": "1700000000", "code": str(code), "message": message}}


def documents(count: int, **changed: object) -> Answer:
    """Answer ``doc.getList`` of an account with *count* documents, numbered from 1.

    :param changed: keys of the listing; ``None`` leaves one out.
    """

    def answer(params: dict[str, str]) -> dict[str, Any]:
        page, per_page = int(params["page"]), int(params.get("per_page", 20))
        first = (page - 1) * per_page + 1
        ids = range(first, min(first + per_page, count + 1))
        listing: dict[str, Any] = {
            "total": str(count),
            "per_page": str(per_page),
            "page": str(page),
            "pages": str(-(-count // per_page)),
            **changed,
        }
        if ids:
            listing["doc"] = [{"doc_id": str(number)} for number in ids]
        return {"docs": {name: value for name, value in listing.items() if value is not None}}

    return answer
