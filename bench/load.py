"""Driving one operation for a while, and what it cost."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.operations import Operation, Visitor


@dataclass(frozen=True, slots=True)
class Turn:
    """What one server did while it was its turn: latencies and the whole of it in seconds, CPU in milliseconds."""

    latencies: Sequence[float]
    took: float
    cpu: float
    """Per operation, of server and database."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operation took: CPU milliseconds of server and database, operations a second, latencies in ms."""

    cpu: float
    """The median of all turns."""
    throughput: float
    p50: float
    p95: float
    p99: float
    count: int
    turns: tuple[float, ...] = ()
    """CPU of each turn, in order."""

    def times(self, other: Cost) -> float:
        """CPU as a multiple of the other's: the median over what each pair of turns, one soon after the other, says."""
        return statistics.median(mine / its for mine, its in zip(self.turns, other.turns, strict=True))


def take_turn(operation: Operation, visitors: Sequence[Visitor], *, seconds: float, cpu: Callable[[], float]) -> Turn:
    """Every visitor repeats the operation until the time is up, after a short warm-up of a fifth of it."""
    _drive(operation, visitors, seconds / 5)
    before, begun = cpu(), time.monotonic()
    latencies = _drive(operation, visitors, seconds)
    used, took = cpu() - before, time.monotonic() - begun
    return Turn(latencies, took, used / len(latencies) * 1000)


def less(turn: Turn, milliseconds: float) -> Turn:
    """The same without so much CPU in each operation."""
    return replace(turn, cpu=turn.cpu - milliseconds)


def summarise(turns: Sequence[Turn]) -> Cost:
    """The figures of all turns together."""
    latencies = [one for turn in turns for one in turn.latencies]
    cuts = [cut * 1000 for cut in statistics.quantiles(latencies, n=100)]
    costs = tuple(turn.cpu for turn in turns)
    throughput = len(latencies) / sum(turn.took for turn in turns)
    return Cost(statistics.median(costs), throughput, cuts[49], cuts[94], cuts[98], len(latencies), costs)


def _drive(operation: Operation, visitors: Sequence[Visitor], seconds: float) -> list[float]:
    latencies: list[float] = []
    problems: list[BaseException] = []
    end = time.monotonic() + seconds

    def work(visitor: Visitor) -> None:
        try:
            while (begun := time.monotonic()) < end:
                operation.call(visitor)
                latencies.append(time.monotonic() - begun)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return latencies
