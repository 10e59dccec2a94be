"""The time."""

from __future__ import annotations

import time

from idp.domain.platform.instants import Instant


class Clock:
    """The machine's clock."""

    def now(self) -> Instant:
        """This instant."""
        return Instant(time.time_ns() // 1_000_000)


class QuietClock(Clock):
    """Stands still until it is moved."""

    def __init__(self, now: int = 1_790_000_000_000) -> None:
        self._now = now

    def now(self) -> Instant:
        return Instant(self._now)

    def advance(self, milliseconds: int) -> None:
        """Move forward."""
        self._now += milliseconds
