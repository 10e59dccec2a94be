"""One entry of clients.yaml as it was written: plain values, and the line of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """A client or a resource as written. `lines` has one line per key, `key.0` per item and `key.sub` per sub-key."""

    line: int
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)

    def line_of(self, key: str, index: int | str | None = None) -> int:
        """Where a key, or an item of it, is written; the entry's own line when it is absent."""
        precise = f"{key}.{index}" if index is not None else key
        return self.lines.get(precise) or self.lines.get(key) or self.line

    def items(self, key: str) -> list[str]:
        """The texts of a list; empty when absent."""
        return list(self.values.get(key, ()))

    def text(self, key: str, default: str = "") -> str:
        """The text of a key."""
        return str(self.values.get(key, default))


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong at a line, and what to write instead."""

    line: int
    message: str
