"""Run the benchmarks and print one table: ``python -m benchmarks [--rounds N] [ROW …]``."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import caching, calls, media, theirs, walking
from benchmarks.harness import LATENCY, Bench, Row
from benchmarks.processes import BenchmarkError, Missing, Worker, distant_service
from benchmarks.programs import program

#: What can be measured, in the order of the table.
ROWS: dict[str, Callable[[Bench], list[Row]]] = {
    "calls": calls.calls_in_view,
    "walk": walking.walk,
    "cpu": calls.cpu_of_call,
    "import": calls.import_time,
    "cached": caching.cached_calls,
    "redis": caching.redis_commands,
    "gallery": media.gallery,
    "thumbnails": media.thumbnails,
    "streams": media.streams,
    "first-byte": media.first_byte,
}

#: The programs that rows need beyond Python, and the rows that are skipped without them.
NEEDS = {
    "wrk": ("cached", "thumbnails"),
    "redis-server": ("cached", "redis"),
    "nginx": ("streams",),
}

HEAD = ("work", "ours", "theirs", "floor", "ours/floor", "ours/theirs", "bar", "holds")


def cells(row: Row) -> tuple[str, ...]:
    """Return the texts of one line of the table, in the order of the head."""
    sides = (row.ours, row.theirs, row.floor)
    values = (side.shown(row.digits, row.unit) if side else "-" for side in sides)
    ratios = (row.ours.over(side).shown(2) if side else "-" for side in (row.floor, row.theirs))
    return (row.work, *values, *ratios, row.bar, "yes" if row.holds else "NO")


def print_table(rows: list[Row]) -> None:
    """Print the rows under their head, in columns as wide as they need to be."""
    lines = [HEAD, *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, tuple("-" * width for width in widths))
    for line in lines:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip())
    for row in rows:
        if row.note:
            print(f"\n{row.work}: {row.note}")


def print_setting(bench: Bench, without: str | None) -> None:
    """Print what was measured where, and how exact the stand-in for the service is."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} CPUs,", end=" ")
    print(f"{os.getloadavg()[0]:.1f} other processes running (mean of a minute)")
    print(f"median (min–max) of {bench.rounds} interleaved rounds, one more discarded")
    with distant_service(LATENCY) as service:
        measured = service.round_trip()
    print(f"service: {LATENCY * 1000:.0f} ms a request, two more for a connection;", end=" ")
    print(f"a bare socket sees {measured * 1000:.1f} ms a request")
    for side, python in bench.pythons.items():
        with Worker(python, side) as worker:
            versions = (f"{name} {version}" for name, version in worker.versions.items())
            print(f"{side}: {', '.join(versions)}")
    if without:
        print(f"theirs: - ({without})")
    print()


def print_missing() -> None:
    """Print what can be installed to measure more, before minutes are spent without it."""
    for name, rows in NEEDS.items():
        try:
            program(name)
        except Missing as error:
            print(f"{error}: {', '.join(rows)} will be skipped (Debian: apt install {name})")


def reference(pythons: dict[str, Path]) -> str | None:
    """Add the published reference to the sides, or return why it cannot be had."""
    try:
        pythons["theirs"] = theirs.prepare()
    except (BenchmarkError, OSError) as error:
        return str(error)
    return None


def main() -> int:
    """Return 1 if a row went wrong; else 0, whether or not the bars are reached.

    Rows that need a program which is not installed are skipped, with the reason.
    """
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count (default: 5)")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"only these: {', '.join(ROWS)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    if arguments.rounds < 1:
        parser.error("at least one round must count")
    print_missing()
    pythons = {"ours": Path(sys.executable), "floor": Path(sys.executable)}
    without = reference(pythons)
    bench = Bench(arguments.rounds, pythons)
    print_setting(bench, without)
    rows: list[Row] = []
    skipped: list[str] = []
    failures: list[str] = []
    for name in arguments.rows or ROWS:
        try:
            rows += ROWS[name](bench)
        except Missing as error:
            skipped.append(f"{name}: skipped: {error}")
        except BenchmarkError as error:
            failures.append(f"{name}: not measured: {error}")
    print_table(rows)
    for line in [*skipped, *failures]:
        print(line)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
