"""Reading a file that somebody else named: a regular one, up to a limit. A pipe or a device could last for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST = 4 * 1024 * 1024
"""Bytes. Nothing that an operator writes for us is as large."""


def read_regular(path: Path, largest: int = LARGEST) -> bytes:
    """The content of `path`, links followed.

    Raises:
        OSError: it is absent, unreadable, no regular file or too large; `strerror` says which.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        content = file.read(largest + 1)
    if len(content) > largest:
        raise OSError(errno.EFBIG, f"More than {largest} bytes", str(path))
    return content


def _without_waiting(path: str, flags: int) -> int:
    """Opening a pipe that nobody writes to would last until somebody does."""
    return os.open(path, flags | os.O_NONBLOCK)
