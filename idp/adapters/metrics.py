"""Counters of one process, in a file that the operations process sums with those of the other workers."""

from __future__ import annotations

import os
from collections import Counter as Tally
from pathlib import Path
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector

from idp.domain.platform.metrics import Metric

Series = tuple[Metric, tuple[str, ...]]


class Metrics:
    """Counts; one memory-mapped file a process, so a killed worker loses nothing and nobody waits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._file: MmapedDict | None = None
        self._pid = 0
        self._keys: dict[Series, str] = {}
        self._values: dict[str, float] = {}

    def count(self, metric: Metric, **labels: str) -> None:
        """Add one. The labels are exactly those of the metric's definition."""
        series = (metric, tuple(labels[name] for name in metric.value.labels))
        with self._lock:
            if self._pid != os.getpid():  # first count of this process, or a fork: never share a file
                self._open()
            key = self._keys.get(series) or self._key(series)
            self._values[key] += 1
            self._file.write_value(key, self._values[key], 0.0)  # type: ignore[union-attr]

    def exposition(self) -> bytes:
        """Every process's counts, summed, in Prometheus's text format."""
        registry = CollectorRegistry()
        self._folder.mkdir(parents=True, exist_ok=True)
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def close(self) -> None:
        """Give the file back; a later count opens it again."""
        with self._lock:
            if self._file is not None:
                self._file.close()  # type: ignore[no-untyped-call]
            self._file, self._pid = None, 0

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._pid = os.getpid()
        self._file = MmapedDict(str(self._folder / f"counter_{self._pid}.db"))  # type: ignore[no-untyped-call]
        self._keys.clear()
        self._values.clear()

    def _key(self, series: Series) -> str:
        counter = series[0].value
        key: str = mmap_key(counter.name, f"{counter.name}_total", list(counter.labels), list(series[1]), counter.help)
        self._keys[series] = key
        self._values[key] = self._file.read_value(key)[0]  # type: ignore[union-attr]
        return key


class QuietMetrics(Metrics):
    """Keeps its counts in memory: `counts[Metric.X, ("label",)]`."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))
        self.counts: Tally[Series] = Tally()

    def count(self, metric: Metric, **labels: str) -> None:
        self.counts[metric, tuple(labels[name] for name in metric.value.labels)] += 1

    def exposition(self) -> bytes:
        return b""


def forget_dead_processes(folder: Path) -> None:
    """Remove the files of processes that are gone; counters start again, as Prometheus expects after a restart."""
    for path in folder.glob("counter_*.db"):
        pid = path.stem.removeprefix("counter_")
        if not (pid.isdigit() and Path(f"/proc/{pid}").exists()):
            path.unlink(missing_ok=True)
