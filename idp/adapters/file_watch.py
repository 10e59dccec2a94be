"""Looking at files again and again: cheaply by what the system says of them, surely by their content."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from idp.adapters.regular_files import read_regular

SETTLED_SECONDS = 1.0
Stamp = tuple[tuple[str, int, int, int, int], ...]


class FileWatch:
    """Some files, which may come and go. Their content is read only when the system says they were touched."""

    def __init__(self, paths: Callable[[], Iterable[Path]], now: Callable[[], float] = time.time) -> None:
        self._paths = paths
        self._now = now
        self._stamp: Stamp | None = None
        self._digest = b""

    def changed(self) -> bool:
        """Whether the content differs from what it was at the last True.

        A file touched less than a second ago waits for the next look: an editor may still be writing it, and half a
        clients.yaml can be a valid one without the last partners, whose tokens would end.
        """
        stamp = self._look()
        if stamp == self._stamp:
            return False
        if self._stamp is not None and self._is_young(stamp):
            return False
        self._stamp = stamp
        digest = self._content()
        if digest == self._digest:
            return False
        self._digest = digest
        return True

    def _look(self) -> Stamp:
        return tuple(_stamp(path) for path in sorted(set(self._paths())))

    def _is_young(self, stamp: Stamp) -> bool:
        newest = max((modified for _, modified, *_ in stamp), default=0) / 1e9
        return 0 <= self._now() - newest < SETTLED_SECONDS

    def _content(self) -> bytes:
        digest = hashlib.sha256()
        for path in sorted(set(self._paths())):
            try:
                content = read_regular(path)
            except OSError:
                content = b""
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
        return digest.digest()


def _stamp(path: Path) -> tuple[str, int, int, int, int]:
    """A file put in another's place may have its time and size: the inode and ctime differ."""
    try:
        seen = path.stat()
    except OSError:
        return (str(path), 0, 0, 0, 0)
    return (str(path), seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino)
