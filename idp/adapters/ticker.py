"""One background thread that does the same thing again and again."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread


class Ticker:
    """Calls `step` now and then every `seconds`, until it is stopped or the process ends."""

    def __init__(self, name: str, seconds: float, step: Callable[[], None]) -> None:
        self._seconds = seconds
        self._step = step
        self._stopping = Event()
        self._thread = Thread(name=name, target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the step under way."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._step()
            self._stopping.wait(self._seconds)
