"""Running one operation for a while, and what it cost."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.operations import Operation, Visitor


@dataclass(frozen=True, slots=True)
class Cost:
    """What one operation took: CPU milliseconds of server and database, operations a second, latencies in ms."""

    cpu: float
    throughput: float
    p50: float
    p95: float
    p99: float
    count: int


def measure(operation: Operation, visitors: Sequence[Visitor], *, seconds: float, cpu: Callable[[], float]) -> Cost:
    """Every visitor repeats the operation until the time is up, after a short warm-up of a fifth of it."""
    _drive(operation, visitors, seconds / 5)
    before, begun = cpu(), time.monotonic()
    latencies = _drive(operation, visitors, seconds)
    used, took = cpu() - before, time.monotonic() - begun
    return summarise(latencies, used=used, took=took)


def summarise(latencies: Sequence[float], *, used: float, took: float) -> Cost:
    """The figures of a run of `latencies` seconds each."""
    cuts = statistics.quantiles(latencies, n=100)
    count = len(latencies)
    return Cost(used / count * 1000, count / took, cuts[49] * 1000, cuts[94] * 1000, cuts[98] * 1000, count)


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
