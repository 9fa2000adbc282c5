"""The rows about cached calls: in memory, in Redis, and in the session."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks import trips
from benchmarks.harness import Bench, Row, Samples, samples
from benchmarks.processes import HERE, BenchmarkError, Measurement, Service
from benchmarks.programs import program, redis_server, running

#: Commands of Redis that change nothing.
READING_COMMANDS = {"EXISTS", "GET", "MGET", "PTTL", "TTL"}

#: Seconds for which the requests of each side are counted in a short round.
LOAD_SECONDS = 1

#: Short rounds in each round, because the load of the machine changes within seconds.
SHORT_ROUNDS = 4

#: Requests in a round to the application that keeps results in the session.
REQUESTS = 300


@contextmanager
def application(service: Service, cache: str) -> Iterator[str]:
    """Run the application on one worker, which has a processor for itself, and yield its URL."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener, ExitStack() as stack:
        processors = os.sched_getaffinity(0)
        command = [
            *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"),
            *("--worker-class", "gthread", "--workers", "1", "--threads", "4"),
            *("--no-control-socket", "benchmarks.caching_app:from_environment()"),
        ]
        if len(processors) > 1:
            # The load and Redis share the others.
            os.sched_setaffinity(0, processors - {min(processors)})
            stack.callback(os.sched_setaffinity, 0, processors)
            command = ["taskset", "-c", str(min(processors)), *command]
        process = subprocess.Popen(
            command,
            env={**os.environ, "BENCH_API": service.api_url, "BENCH_CACHE": cache},
            cwd=HERE.parent,
            pass_fds=[listener.fileno()],
            stderr=subprocess.DEVNULL,
        )
        stack.enter_context(running(process))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def rate(url: str) -> Measurement:
    """Return the milliseconds that a request to *url* takes while the worker is fully loaded."""
    command = [program("wrk"), "-t", "1", "-c", "4", "-d", f"{LOAD_SECONDS}s", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise BenchmarkError(f"{url}: {said}")
    return {"milliseconds": 1000 / float(found[1])}


def cached_calls(bench: Bench) -> list[Row]:
    """Measure a view that returns a cached result, beside one that returns the same JSON."""
    with Service(latency=0) as service, redis_server() as redis_url:
        rows = []
        for name, cache in (("memory", "memory"), ("Redis", redis_url)):
            with application(service, cache) as site:
                before = service.stats()["requests"]
                results = bench.interleave(
                    {side: lambda side=side: rate(f"{site}/{side}") for side in ("cached", "same")},  # type: ignore[misc]
                    finer=SHORT_ROUNDS,
                )
                calls = service.stats()["requests"] - before
            if calls > 1:
                raise BenchmarkError(f"{calls} calls were made that should be cached")
            ours, floor = (samples(results[side], "milliseconds") for side in ("cached", "same"))
            rows.append(
                Row(
                    work=f"a view with a cached call, {name}",
                    unit="ms",
                    digits=3,
                    ours=ours,
                    theirs=None,
                    floor=floor,
                    bar="≤ 1.2 × floor",
                    holds=ours.over(floor).median <= 1.2,
                    note="20 documents, 12 kB; the floor is a view that returns the same JSON. "
                    "Each caller gets its own copy. What is in Redis is read again once a second, "
                    "and when Redis reports a change.",
                )
            )
    return [*rows, in_session(bench)]


def in_session(bench: Bench) -> Row:
    """Measure the same call with its result in the session, as in the published version."""
    with Service(latency=0) as service, bench.workers("ours", "theirs") as workers:
        results = bench.interleave(
            {
                side: worker.task("cached", url=service.api_url, requests=REQUESTS)
                for side, worker in workers.items()
            }
        )
    ours = samples(results["ours"], "seconds", 1000.0)
    theirs = samples(results.get("theirs"), "seconds", 1000.0)
    return Row(
        work="  in the session (cookie)",
        unit="ms",
        digits=2,
        ours=ours,
        theirs=theirs,
        floor=None,
        bar="≤ theirs",
        holds=theirs is None or ours.median <= theirs.median,
        note="through Flask's test client, which has no limit of 4096 bytes for a cookie.",
    )


def redis_commands(bench: Bench) -> list[Row]:
    """Count the commands of a cache miss in Redis, and the round trips in which a write writes.

    They do not differ from round to round, so each is counted once, by :mod:`benchmarks.trips`.
    """
    miss = trips.walk("redis-miss").round_trips or []
    write = trips.walk("redis-write").round_trips or []
    writing = [names for names in write if not READING_COMMANDS.issuperset(names)]
    commands = sum(map(len, miss))
    return [
        Row(
            work="Redis commands of a cache miss",
            unit="",
            digits=0,
            ours=Samples((float(commands),)),
            theirs=None,
            floor=None,
            bar="≤ 4",
            holds=0 < commands <= 4,
            note=f"in {len(miss)} round trips.",
        ),
        Row(
            work="Redis round trips in which a write writes",
            unit="",
            digits=0,
            ours=Samples((float(len(writing)),)),
            theirs=None,
            floor=None,
            bar="1",
            holds=len(writing) == 1,
            note=f"doc.set with the owner's token; {len(write) - len(writing)} more only read.",
        ),
    ]
