"""The rows about going through long lists."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.answers import DOCUMENTS
from benchmarks.harness import LATENCY, Bench, Row, Samples, samples
from benchmarks.processes import Measurement, Service, Worker, distant_service


def walk(bench: Bench) -> list[Row]:
    """Measure a walk over all documents of an account, in an application without a connection."""
    with distant_service(LATENCY) as service, bench.workers("ours", "theirs") as workers:
        results = bench.interleave(
            {side: counted(service, worker) for side, worker in workers.items()}
        )
    seconds = samples(results["ours"], "seconds")
    requests = samples(results["ours"], "requests")
    return [
        Row(
            work=f"walk {DOCUMENTS:,} documents",
            unit="s",
            digits=3,
            ours=seconds,
            theirs=samples(results.get("theirs"), "seconds"),
            # the first page says how many there are; the others can be requested together
            floor=Samples((2 * LATENCY,)),
            bar="≤ 0.35 s",
            holds=seconds.median <= 0.35,
            note="the floor counts no connection; the first page needs one, which is three round "
            "trips, and so does each of those that bring pages at the same time.",
        ),
        Row(
            work="  calls they make",
            unit="",
            digits=0,
            ours=requests,
            theirs=samples(results.get("theirs"), "requests"),
            floor=Samples((20.0,)),
            bar="20–21",
            holds=set(requests.values) <= {20, 21},
        ),
    ]


def counted(service: Service, worker: Worker) -> Callable[[], Measurement]:
    """Return a task whose measurement includes what the service has counted meanwhile."""

    def measure() -> Measurement:
        with service.counting() as counts:
            measured = worker.ask("walk", url=service.api_url, documents=DOCUMENTS)
        return {**measured, **counts}

    return measure
