"""Large pages for what a process has loaded (Linux; madvise(2)).

A request walks through some ten megabytes of objects. In pages of 4 KiB the processor keeps asking where they are, in a
virtual machine twice over: some 4 % of a sign-in (measured).
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path

MAPS = Path("/proc/self/maps")
OWN_MEMORY = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw-p [0-9a-f]+ 00:00 0 *(?:\[heap\])?$", re.MULTILINE)
LARGE = 2 << 20
MADV_HUGEPAGE, MADV_COLLAPSE = 14, 25


def use_large_pages(maps: Path = MAPS) -> None:
    """Ask the kernel to keep what this process has in memory now in large pages. It may decline: only speed depends
    on it."""
    try:
        madvise = ctypes.CDLL(None).madvise
        mapped = maps.read_text()
    except (OSError, AttributeError):
        return
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for start, length in large_ranges(mapped):
        madvise(start, length, MADV_HUGEPAGE)
        madvise(start, length, MADV_COLLAPSE)


def large_ranges(maps: str) -> Iterator[tuple[int, int]]:
    """Start and length of what of the process's own memory, as /proc/PID/maps tells it, large pages could hold."""
    for first, end in OWN_MEMORY.findall(maps):
        start = -(-int(first, 16) // LARGE) * LARGE
        length = int(end, 16) // LARGE * LARGE - start
        if length > 0:
            yield start, length
