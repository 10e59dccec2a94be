"""What is wrong with what somebody typed: a value, one per field, that each door words in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from idp.domain.platform.errors import DomainError


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that cannot be taken: `code` is stable, `facts` are for the sentence."""

    name: str
    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, error: DomainError) -> FieldProblem:
        """The broken rule as a problem of that field."""
        return cls(name, error.code, error.facts)
