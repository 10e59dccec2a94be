"""How fast this process may hope to hash: what decides how many may wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

SMOOTHING = 0.2
"""How much a quicker task counts in the estimate; a slower one counts wholly, at once."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that one task kept its thread: waiting for the slot, then working."""

    waiting: float
    working: float


class Pace:
    """Seconds from one served task to the next, estimated from above.

    Of a machine whose `sharers` processes are all busy, each gets its part of the slots: that much is reckoned from
    the start, so that together they never admit more than the machine serves. What is measured can only slow it:
    a machine under load, or somebody else who hashes (an import).
    """

    def __init__(self, slots: int, sharers: int, first_guess: Callable[[], float]) -> None:
        self._slots = slots
        self._sharers = sharers
        self._first_guess = first_guess
        self._working: float | None = None
        self._in_all = 0.0

    def note(self, spent: Spent) -> None:
        """Learn from a task that is done."""
        self._working = _towards(self._working or spent.working, spent.working)
        self._in_all = _towards(self._in_all, spent.waiting + spent.working)

    def seconds_per_task(self, under_way: float) -> float:
        """`under_way`: how long the oldest task that has a thread has kept it so far."""
        if self._working is None:
            self._working = self._first_guess()
        return max(self._working * self._sharers, self._in_all, under_way) / self._slots


def _towards(estimate: float, seconds: float) -> float:
    return seconds if seconds > estimate else estimate + SMOOTHING * (seconds - estimate)


def guess_from(make_cheapest: Callable[[], object], doublings: int) -> Callable[[], float]:
    """A first guess: the time of the cheapest hash there is, doubled for each step of cost."""

    def guess() -> float:
        started = time.perf_counter()
        make_cheapest()
        return (time.perf_counter() - started) * float(2**doublings)

    return guess
