"""Doing several slow things at once, and waiting only so long for their answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Answer = TypeVar("Answer")


class Couriers:
    """A few threads that carry messages to partners; what is late goes on after the wait."""

    def __init__(self, threads: int = 16) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="courier")

    def carry(self, errands: Sequence[Callable[[], Answer]], *, within: int) -> list[Answer | None]:
        """The errands' answers in order; None for one that has none after `within` milliseconds."""
        running = [self._pool.submit(errand) for errand in errands]
        wait(running, timeout=within / 1000)
        return [task.result() if task.done() else None for task in running]

    def dispatch(self, errands: Sequence[Callable[[], object]]) -> None:
        """Start the errands; nobody waits for them."""
        for errand in errands:
            self._pool.submit(errand)


class QuietCouriers(Couriers):
    """Does one errand after the other, to the end, before it returns."""

    def carry(self, errands: Sequence[Callable[[], Answer]], *, within: int) -> list[Answer | None]:
        return [errand() for errand in errands]

    def dispatch(self, errands: Sequence[Callable[[], object]]) -> None:
        for errand in errands:
            errand()
