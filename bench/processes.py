"""Starting servers on one core, and what the kernel says they used."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SERVER_CORE = 0
GENERATOR_CORE = 1
TICK = 1 / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, folder: Path, cores: str = str(SERVER_CORE)
) -> Iterator[int]:
    """The process id of `command`, pinned to these cores; ended, with its children, at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", cores, *command],
            env={**os.environ, **environment},
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until(answers: Callable[[], bool], *, seconds: float) -> float:
    """Seconds until `answers()` is true.

    Raises:
        TimeoutError: it never was.
    """
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if answers():
            return time.monotonic() - begun
        time.sleep(0.01)
    raise TimeoutError


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parents[int(entry.name)] = _parent(entry)
    members = [pid]
    for member in members:
        members += [child for child, parent in parents.items() if parent == member]
    return members


def cpu_seconds(pid: int) -> float:
    """Processor time of the process, its living descendants and its reaped children."""
    return sum(_ticks(member) for member in family(pid)) * TICK


def resident_megabytes(pid: int) -> float:
    """The largest resident set among the process and its descendants: one worker."""
    return max(_resident_kilobytes(member) for member in family(pid)) / 1024


def _fields(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _parent(entry: Path) -> int:
    fields = _fields(int(entry.name))
    return int(fields[1]) if fields else 0


def _ticks(pid: int) -> int:
    fields = _fields(pid)
    return sum(int(value) for value in fields[11:15]) if fields else 0


def _resident_kilobytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)
