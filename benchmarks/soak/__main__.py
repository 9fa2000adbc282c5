"""Let visitors use an application on each server: ``python -m benchmarks.soak [SERVER …]``.

Every answer is checked: whose it is, and whether a file is the one that was asked for. Meanwhile
the service answers 503 or resets connections, its media host cuts files short, and Redis is
killed. Outside of that, and some seconds after it, nothing may fail.
"""

from __future__ import annotations

import argparse
import threading
import time
from pathlib import Path

from benchmarks.processes import HERE, BenchmarkError
from benchmarks.soak.servers import SERVERS, serving
from benchmarks.soak.trouble import Trouble, surroundings
from benchmarks.soak.truth import Who, truth
from benchmarks.soak.visitors import RevokingVisitor, Tally, Visitor

#: Who comes, each with a browser of their own; the last person revokes tokens.
VISITORS: list[Who] = [None, None, None, 0, 0, 1, 1]
REVOKES = 2

FAULTS = ("wrong", "failed", "broken")
KINDS = ("right", "excused", *FAULTS)


def soak(name: str, minutes: float, log: Path, source: Path | None) -> Tally:
    """Let visitors use one server, and return what they saw."""
    with surroundings() as (sandbox, gate, redis):
        known = truth(sandbox)
        config: dict[str, object] = {
            **sandbox.config(),
            "SECRET_KEY": "soak",
            "IPERNITY_PERMISSIONS": {"doc": "delete"},
            "IPERNITY_CACHE": redis.url,
            "IPERNITY_CACHE_REQUESTS": True,
            "IPERNITY_TOKEN_STORE": "server",
        }
        trouble = Trouble(sandbox, gate, redis)
        with serving(name, config, log, source) as urls:
            sandbox.callback_url = f"{urls[0]}/ipernity/cb"
            tally = Tally(trouble)
            visitors = [Visitor(who, urls, known, tally) for who in VISITORS]
            visitors.append(RevokingVisitor(REVOKES, urls, known, tally, sandbox))
            stop = threading.Event()
            runs = [trouble.run, *(visitor.run for visitor in visitors)]
            threads = [threading.Thread(target=run, args=(stop,)) for run in runs]
            for thread in threads:
                thread.start()
            # What a thread dies of must not look like calm.
            end = time.monotonic() + 60 * minutes
            while time.monotonic() < end and all(thread.is_alive() for thread in threads):
                stop.wait(1)
            if not all(thread.is_alive() for thread in threads):
                tally.add("broken", "a visitor or the trouble has died")
            stop.set()
            for thread in threads:
                thread.join()
        return tally


def main() -> int:
    """Return 1 if any answer was not as it must be."""
    parser = argparse.ArgumentParser(prog="benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="for each server (default: 5)")
    parser.add_argument(
        "--source", type=Path, metavar="FOLDER", help="run the package of this folder instead"
    )
    parser.add_argument(
        "servers", nargs="*", metavar="SERVER", help=f"only these: {', '.join(SERVERS)}"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.servers) - set(SERVERS):
        parser.error(f"no such server: {', '.join(sorted(unknown))}")
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    print(f"{'server':<18}{'requests':>9}" + "".join(f"{kind:>9}" for kind in KINDS), flush=True)
    failed = False
    for name in arguments.servers or SERVERS:
        log = folder / f"soak-{name}.log"
        try:
            tally = soak(name, arguments.minutes, log, arguments.source)
        except BenchmarkError as error:
            failed = True
            print(f"{name}: {error}", flush=True)
            continue
        cells = (tally.counts[kind] for kind in KINDS)
        total = tally.counts.total()
        print(f"{name:<18}{total:>9}" + "".join(f"{cell:>9}" for cell in cells), flush=True)
        if tally.notes:
            failed = True
            print(*(f"  {note}" for note in tally.notes), f"  its log: {log}", sep="\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
