"""Broken rules. An outcome that business expects is a value, never one of these."""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """A broken rule with a stable `code` and plain `facts`; its text never reaches a browser or a client."""

    code: ClassVar[str] = "broken_rule"

    def __init__(self, **facts: str | int) -> None:
        super().__init__(self.code, facts)
        self.facts = facts
