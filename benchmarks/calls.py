"""The rows about API calls: their time, their CPU, and what importing the extension costs."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.harness import LATENCY, Bench, Row, Samples, samples
from benchmarks.processes import BenchmarkError, Measurement, Service, Worker, distant_service

CALLS_IN_VIEW = 20
#: Calls in one short round; a round has five, so that the sides alternate quickly.
CALLS_FOR_CPU = 400
MILLISECONDS = 1000.0


def calls_in_view(bench: Bench) -> list[Row]:
    """Measure twenty API calls in one view, in an application that has no connection yet."""
    with distant_service(LATENCY) as service, bench.workers("ours", "theirs", "floor") as workers:
        results = bench.interleave(
            {
                side: counted(service, worker, "view", CALLS_IN_VIEW)
                for side, worker in workers.items()
            }
        )
    seconds = samples(results["ours"], "seconds")
    connections = samples(results["ours"], "connections")
    return [
        Row(
            work=f"{CALLS_IN_VIEW} API calls in one view",
            unit="s",
            digits=4,
            ours=seconds,
            theirs=samples(results.get("theirs"), "seconds"),
            floor=Samples((CALLS_IN_VIEW * LATENCY,)),
            bar="≤ 0.90 s",
            holds=seconds.median <= 0.90,
            note=f"the floor counts no connection and no work; urllib3 alone, which must open one, "
            f"takes {samples(results['floor'], 'seconds').shown(4, 's')} for the same calls here.",
        ),
        Row(
            work="  connections they open",
            unit="",
            digits=0,
            ours=connections,
            theirs=samples(results.get("theirs"), "connections"),
            floor=Samples((1.0,)),
            bar="1",
            holds=set(connections.values) == {1},
        ),
    ]


def counted(service: Service, worker: Worker, task: str, calls: int) -> Callable[[], Measurement]:
    """Return a task whose measurement includes what the service has counted meanwhile."""

    def measure() -> Measurement:
        with service.counting() as counts:
            measured = worker.ask(task, url=service.api_url, calls=calls)
        if counts["requests"] != measured["calls"]:
            seen, made = counts["requests"], measured["calls"]
            raise BenchmarkError(f"{task}: {made:.0f} calls made {seen:.0f} requests")
        return {**measured, **counts}

    return measure


def cpu_of_call(bench: Bench) -> list[Row]:
    """Measure the CPU time of one ``doc.getList`` of 20 records; the service has no latency."""
    with Service(latency=0) as service, bench.workers("ours", "theirs", "floor") as workers:
        results = bench.interleave(
            {
                side: counted(service, worker, "cpu", CALLS_FOR_CPU)
                for side, worker in workers.items()
            },
            finer=5,
        )
    ours = samples(results["ours"], "seconds", MILLISECONDS)
    floor = samples(results["floor"], "seconds", MILLISECONDS)
    return [
        Row(
            work="CPU of one API call",
            unit="ms",
            digits=3,
            ours=ours,
            theirs=samples(results.get("theirs"), "seconds", MILLISECONDS),
            floor=floor,
            bar="≤ 0.45 ms or ≤ 1.5 × floor",
            holds=ours.median <= 0.45 or ours.over(floor).median <= 1.5,
        )
    ]


def import_time(bench: Bench) -> list[Row]:
    """Measure what ``import flask_ipernity`` adds to a process that has Flask and urllib3."""
    with bench.workers("ours", "theirs") as workers:
        results = bench.interleave(
            {side: worker.task("imports") for side, worker in workers.items()}
        )
    ours = samples(results["ours"], "seconds", MILLISECONDS)
    return [
        Row(
            work="import flask_ipernity beyond Flask and urllib3",
            unit="ms",
            digits=1,
            ours=ours,
            theirs=samples(results.get("theirs"), "seconds", MILLISECONDS),
            floor=None,
            bar="≤ 20 ms",
            holds=ours.median <= 20,
        )
    ]
