"""Rounds, statistics and rows: what every line of the benchmark is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import overload

from benchmarks.processes import Measurement, Worker

#: Seconds of one round trip to the service; the bars are for this one.
LATENCY = 0.04


@dataclass(frozen=True)
class Samples:
    """The values of one side, one per counted round, in the order of the rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the value to compare."""
        return median(self.values)

    def shown(self, digits: int, unit: str = "") -> str:
        """Return the median, and the least and the greatest value if they differ from it."""
        low, middle, high = (
            f"{number:.{digits}f}" for number in (min(self.values), self.median, max(self.values))
        )
        text = f"{middle} {unit}".rstrip()
        return text if low == middle == high else f"{text} ({low}–{high})"

    def over(self, other: Samples) -> Samples:
        """Return the ratios, round by round, so that changes of the machine's load cancel out."""
        if len(other.values) == 1:
            return Samples(tuple(a / other.values[0] for a in self.values))
        return Samples(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))


@dataclass(frozen=True)
class Row:
    """One line of the table.

    :param digits: decimal places of the values, which are in ``unit``.
    :param floor: what the best possible program would need; one value when it is computed.
    :param bar: what ours must reach, as shown.
    :param holds: whether ours reaches it.
    :param note: what a reader must know to judge the row, shown below the table.
    """

    work: str
    unit: str
    digits: int
    ours: Samples
    theirs: Samples | None
    floor: Samples | None
    bar: str
    holds: bool
    note: str = ""


class Bench:
    """One run of the benchmark.

    :param rounds: how many rounds count; one more is run first and discarded.
    :param pythons: the sides that can be measured, each with the Python that has its library.
    """

    def __init__(self, rounds: int, pythons: Mapping[str, Path]) -> None:
        self.rounds = rounds
        self.pythons = pythons

    @contextmanager
    def workers(self, *sides: str) -> Iterator[dict[str, Worker]]:
        """Run a worker for each of these sides that can be measured."""
        with ExitStack() as stack:
            yield {
                side: stack.enter_context(Worker(self.pythons[side], side))
                for side in sides
                if side in self.pythons
            }

    def interleave(
        self, sides: Mapping[str, Callable[[], Measurement]], finer: int = 1
    ) -> dict[str, list[Measurement]]:
        """Measure all sides in turn, round after round, and discard the first round.

        :param finer: into how many short rounds each round is divided.
        """
        results: dict[str, list[Measurement]] = {name: [] for name in sides}
        for number in range(self.rounds * finer + 1):
            for name, measure in sides.items():
                measured = measure()
                if number:
                    results[name].append(measured)
        return results


@overload
def samples(measured: list[Measurement], key: str, factor: float = ...) -> Samples: ...
@overload
def samples(measured: None, key: str, factor: float = ...) -> None: ...
@overload
def samples(
    measured: list[Measurement] | None, key: str, factor: float = ...
) -> Samples | None: ...
def samples(measured: list[Measurement] | None, key: str, factor: float = 1.0) -> Samples | None:
    """Return one quantity of one side's measurements; ``None`` if the side was not measured."""
    if measured is None:
        return None
    return Samples(tuple(one_round[key] * factor for one_round in measured))
