"""The rows about media: a gallery page, thumbnails a second, a long stream, and a drip."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.harness import LATENCY, Bench, Row, Samples, samples
from benchmarks.media_app import CONST, DOCUMENTS, SIZE
from benchmarks.media_service import DRIP_LENGTH, picture
from benchmarks.processes import HERE, BenchmarkError, LineProcess, Measurement
from benchmarks.programs import free_port, program, running, wait_for

#: Pictures that a browser fetches at once from one host.
AT_ONCE = 6

MIB = 1024 * 1024
BIG = 300 * MIB
#: Seconds for which each side's thumbnails are counted in a round.
LOAD_SECONDS = 3

NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off; types {{ image/jpeg jpg; }} sendfile on; keepalive_requests 1000000000;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    upstream source {{ server 127.0.0.1:{port}; keepalive 16; keepalive_requests 1000000000; }}
    server {{ listen 127.0.0.1:{port}; root {folder}; }}
    server {{
        listen 127.0.0.1:{proxy};
        location / {{
            proxy_pass http://source; proxy_http_version 1.1; proxy_set_header Connection "";
        }}
    }}
}}
"""


class Media(LineProcess):
    """The stand-in for the service with media, in a separate process."""

    def __init__(self, latency: float) -> None:
        super().__init__(sys.executable, "-m", "benchmarks.media_service", str(latency))
        started = self.read()
        self.port, self.drip_port = int(started["port"]), int(started["drip"])

    def calls(self) -> dict[str, int]:
        """Return the requests so far, by method."""
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/stats")
        counts: dict[str, int] = json.load(connection.getresponse())["by_method"]
        connection.close()
        return counts


class Visitor:
    """A browser: some kept connections to one port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.local = threading.local()
        self.connections: list[HTTPConnection] = []

    def get(self, path: str) -> bytes:
        """Return the body at *path*.

        :raises BenchmarkError: the status is not 200.
        """
        if not hasattr(self.local, "connection"):
            self.local.connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.connections.append(self.local.connection)
        connection: HTTPConnection = self.local.connection
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise BenchmarkError(f"{path} was answered {response.status}")
        return body

    def page(self, pool: ThreadPoolExecutor) -> float:
        """Return the seconds of the gallery page with all its pictures."""
        start = perf_counter()
        docs = json.loads(self.get("/"))["docs"]
        bodies = list(pool.map(lambda doc: self.get(f"/ipernity/doc/{doc}/240"), docs))
        seconds = perf_counter() - start
        if len(docs) != DOCUMENTS or bodies != [picture(doc) for doc in docs]:
            raise BenchmarkError("the gallery has wrong pictures")
        return seconds

    def close(self) -> None:
        """Close the connections."""
        for connection in self.connections:
            connection.close()


def gallery(bench: Bench) -> list[Row]:
    """Measure a list and its thumbnails, for the first visitor of a process and for the next."""

    def measure() -> Measurement:
        with (
            Media(LATENCY) as media,
            LineProcess(sys.executable, "-I", HERE / "media_app.py", str(media.port)) as app,
            ThreadPoolExecutor(AT_ONCE) as pool,
        ):
            measured, port = Measurement(), int(app.read()["port"])
            before: dict[str, int] = {}
            for name in ("first", "next"):
                visitor = Visitor(port)
                measured[name] = visitor.page(pool)
                visitor.close()
                counts = media.calls()
                new = {key: counts[key] - before.get(key, 0) for key in counts}
                measured[f"{name} calls"] = sum(new.values()) - new["media"]
                measured[f"{name} medias"] = new.get("doc.getMedias", 0)
                before = counts
            return measured

    ours = bench.interleave({"ours": measure})["ours"]
    rounds = -(-DOCUMENTS // AT_ONCE)

    def row(work: str, key: str, floor: float, bar: str, most: float) -> Row:
        seconds, calls = samples(ours, key, 1.0), samples(ours, f"{key} calls")
        return Row(
            work=work,
            unit="s",
            digits=3,
            ours=seconds,
            theirs=None,
            floor=Samples((floor,)),
            bar=bar,
            holds=seconds.median <= most
            and max(samples(ours, f"{key} medias").values) <= DOCUMENTS,
            note=f"{calls.shown(0)} API calls; the URLs are those of the list. The published "
            "version has no proxy; its repository's was measured at 2.40 s and 101 requests.",
        )

    first = row("gallery: list, 50 thumbnails", "first", (rounds + 1) * LATENCY, "≤ 0.65 s", 0.65)
    again = row("  the same for the next visitor", "next", rounds * LATENCY, "≤ 0.45 s", 0.45)
    calls = samples(ours, "next calls")
    none = Row(
        work="  its API calls",
        unit="",
        digits=0,
        ours=calls,
        theirs=None,
        floor=None,
        bar="0",
        holds=set(calls.values) == {0},
    )
    return [first, again, none]


def gunicorn(stack: ExitStack, api: int, source: int) -> tuple[int, int]:
    """Run the application on one worker; return its port and the id of the worker's parent.

    :param api: port of the API.
    :param source: port of what the bare view fetches from.
    """
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
    command = [
        *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"),
        *("--worker-class", "gthread", "--workers", "1", "--threads", "8"),
        *("--no-control-socket", "benchmarks.media_app:from_environment()"),
    ]
    bare = f"http://127.0.0.1:{source}/thumbnail.jpg"
    process = subprocess.Popen(
        command,
        env={**os.environ, "BENCH_API": str(api), "BENCH_SOURCE": bare},
        cwd=HERE.parent,
        pass_fds=[listener.fileno()],
        stderr=subprocess.DEVNULL,
    )
    stack.enter_context(running(process))
    return int(listener.getsockname()[1]), process.pid


class Stage:
    """nginx as source and as proxy of it, and gunicorn with the application before it.

    The worker has the first processor for itself; all other processes share the others.
    """

    def __init__(self, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        folder.chmod(0o755)
        self.thumbnail, self.big = os.urandom(SIZE), os.urandom(MIB)
        (folder / "thumbnail.jpg").write_bytes(self.thumbnail)
        with (folder / "big.jpg").open("wb") as file:
            for _ in range(BIG // MIB):
                file.write(self.big)
        self.source, self.proxy = free_port(), free_port()
        text = NGINX.format(folder=folder, port=self.source, proxy=self.proxy)
        (folder / "nginx.conf").write_text(text)
        self.processors = os.sched_getaffinity(0)
        if len(self.processors) > 1:
            os.sched_setaffinity(0, self.processors - {min(self.processors)})
            stack.callback(os.sched_setaffinity, 0, self.processors)
        nginx = [program("nginx"), "-p", os.fspath(folder), "-c", "nginx.conf"]
        stack.enter_context(running(subprocess.Popen(nginx, stderr=subprocess.DEVNULL)))
        wait_for(self.source)
        self.service = stack.enter_context(Files(self.source))
        self.port, process = gunicorn(stack, self.service.port, self.source)
        if self.check(self.port, "/const") != CONST:
            raise BenchmarkError("gunicorn does not answer")
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
        self.worker = int(children.split()[0])
        for task in Path(f"/proc/{self.worker}/task").iterdir():
            os.sched_setaffinity(int(task.name), {min(self.processors)})

    def check(self, port: int, path: str) -> bytes:
        """Return the body at *path* on *port*.

        :raises BenchmarkError: the status is not 200.
        """
        visitor = Visitor(port)
        try:
            return visitor.get(path)
        finally:
            visitor.close()

    def memory(self) -> int:
        """Return the resident bytes of the worker."""
        status = Path(f"/proc/{self.worker}/status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) * 1024


class Files(LineProcess):
    """An API whose documents' files are those of nginx, or drip."""

    def __init__(self, source: int, drip: int = 0) -> None:
        super().__init__(sys.executable, "-c", FILES, str(source), str(drip))
        self.port = int(self.read()["port"])


FILES = """
import json, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
source, drip = sys.argv[1:]
url = f"http://127.0.0.1:{source}/thumbnail.jpg"
files = {"thumbs": {"thumb": [{"label": "240", "url": url}]},
         "original": {"url": f"http://127.0.0.1:{source}/big.jpg"},
         "medias": {"media": [{"label": "mp4", "url": f"http://127.0.0.1:{drip}/drip"}]},
         "api": {"status": "ok"}}
if int(drip):
    files["original"]["url"] = f"http://127.0.0.1:{drip}/drip"
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = json.dumps(files).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"port": server.server_port}), flush=True)
sys.stdin.read()
"""


def thumbnails(bench: Bench) -> list[Row]:
    """Measure thumbnails of 20 kB whose URL is known, beside a view that returns as many bytes."""
    wrk = program("wrk")
    paths = {"ours": "/ipernity/doc/1/240", "floor": "/bare", "const": "/const"}
    with ExitStack() as stack:
        stage = Stage(stack)

        def measure(path: str, expected: bytes) -> Measurement:
            if stage.check(stage.port, path) != expected:
                raise BenchmarkError(f"{path} has the wrong bytes")
            url = f"http://127.0.0.1:{stage.port}{path}"
            command = [wrk, "-t", "1", "-c", "8", "-d", f"{LOAD_SECONDS}s", url]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            if "Non-2xx" in said or "Socket errors" in said:
                raise BenchmarkError(f"{path}: {said}")
            rate = float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0])
            received = re.findall(r"(\d+) requests in", said)
            return {"rate": rate, "requests": float(received[0])}

        results = bench.interleave(
            {
                side: lambda path=path, expected=expected: measure(path, expected)  # type: ignore[misc]
                for side, path in paths.items()
                for expected in [CONST if side == "const" else stage.thumbnail]
            }
        )
    const = samples(results["const"], "rate")
    ours, floor = (samples(results[side], "rate").over(const) for side in ("ours", "floor"))
    return [
        Row(
            work="thumbnails/s of a view with 20 kB",
            unit="",
            digits=2,
            ours=ours,
            theirs=None,
            floor=floor,
            bar="≥ 0.40",
            holds=ours.median >= 0.40,
            note=f"the view answers {const.shown(0)}/s, ours "
            f"{samples(results['ours'], 'rate').shown(0)}/s; the floor is urllib3 in a view.",
        )
    ]


def streams(bench: Bench) -> list[Row]:
    """Measure a file of 300 MiB, beside nginx as a proxy of the same source."""
    with ExitStack() as stack:
        stage = Stage(stack)
        expected = hashlib.sha256(stage.big * (BIG // MIB)).hexdigest()
        sides = {
            "ours": (stage.port, "/ipernity/doc/1/original"),
            "floor": (stage.proxy, "/big.jpg"),
        }
        grown: list[float] = []

        def fetch(side: str, *, digest: bool = False) -> Measurement:
            port, path = sides[side]
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            buffer, size, hashed = bytearray(MIB), 0, hashlib.sha256()
            before, most, done = stage.memory(), [0], threading.Event()

            def watch() -> None:
                while not done.wait(0.01):
                    most[0] = max(most[0], stage.memory())

            watcher = threading.Thread(target=watch)
            watcher.start()
            start = perf_counter()
            connection.request("GET", path)
            response = connection.getresponse()
            while count := response.readinto(buffer):
                size += count
                if digest:
                    hashed.update(memoryview(buffer)[:count])
            seconds = perf_counter() - start
            done.set()
            watcher.join()
            connection.close()
            if size != BIG or (digest and hashed.hexdigest() != expected):
                raise BenchmarkError(f"{path} has the wrong bytes")
            if side == "ours":
                grown.append(max(0, most[0] - before) / MIB)
            return {"seconds": seconds}

        stage.check(stage.port, "/ipernity/doc/1/240")
        for side in sides:
            fetch(side, digest=True)
        measures: dict[str, Callable[[], Measurement]] = {
            side: lambda side=side: fetch(side)  # type: ignore[misc]
            for side in sides
        }
        results = bench.interleave(measures)
    ours, floor = (samples(results[side], "seconds") for side in sides)
    memory = Samples(tuple(grown))
    return [
        Row(
            work="300 MiB through the proxy",
            unit="s",
            digits=2,
            ours=ours,
            theirs=None,
            floor=floor,
            bar="≤ 1.3 × nginx",
            holds=ours.over(floor).median <= 1.3,
            note="the floor is nginx's proxy_pass before the same source.",
        ),
        Row(
            work="  more memory",
            unit="MiB",
            digits=1,
            ours=memory,
            theirs=None,
            floor=None,
            bar="≤ 16 MiB",
            holds=max(memory.values) <= 16,
        ),
    ]


def first_byte(bench: Bench) -> list[Row]:
    """Measure the first byte of a source that sends one every 50 ms."""
    with ExitStack() as stack:
        media = stack.enter_context(Media(0))
        service = stack.enter_context(Files(media.port, media.drip_port))
        own_port, _ = gunicorn(stack, service.port, media.port)
        sides = {
            "ours": (own_port, "/ipernity/doc/1/original"),
            "floor": (media.drip_port, "/"),
        }

        def measure(side: str) -> Measurement:
            port, path = sides[side]
            times = []
            for _ in range(5):
                connection = HTTPConnection("127.0.0.1", port, timeout=60)
                start = perf_counter()
                connection.request("GET", path)
                response = connection.getresponse()
                first = response.read(1)
                times.append(perf_counter() - start)
                if first + response.read() != b"x" * DRIP_LENGTH:
                    raise BenchmarkError("the drip has the wrong bytes")
                connection.close()
            return {"seconds": median(times)}

        results = bench.interleave(
            {side: lambda side=side: measure(side) for side in sides}  # type: ignore[misc]
        )
    ours, floor = (samples(results[side], "seconds", 1000) for side in sides)
    later = Samples(tuple(a - b for a, b in zip(ours.values, floor.values, strict=True)))
    return [
        Row(
            work="first byte of a drip",
            unit="ms",
            digits=1,
            ours=ours,
            theirs=None,
            floor=floor,
            bar="≤ floor + 10 ms",
            holds=later.median <= 10,
        )
    ]
