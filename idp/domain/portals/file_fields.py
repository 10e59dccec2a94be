"""The shape of one key of a file an operator writes. The reader, the JSON Schema and the reference page all use it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a key holds."""

    TEXT = "text"
    WORDS = "words"
    """Words in one text, separated by spaces (RFC 7591: `scope`)."""
    FLAG = "flag"
    COUNT = "count"
    LIST = "list"
    """A list of texts."""
    MAPPING = "mapping"
    SECRETS = "secrets"
    """One or two texts: env:NAME, file:PATH or sha256:DIGEST."""
    JWKS = "jwks"
    """A JWK Set written out, or file:PATH."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key. `pattern` holds for the text, or for each text of a list; `instead` says what to write otherwise."""

    name: str
    kind: Kind
    doc: str
    choices: tuple[str, ...] = ()
    pattern: str = ""
    instead: str = ""
    required: bool = False
    fields: tuple[Field, ...] = ()
    least: int = 0
    most: int | None = None


def instead_of(field: Field) -> str:
    """What to write for this key."""
    if field.choices:
        return f"one of {', '.join(field.choices)}" if len(field.choices) > 1 else field.choices[0]
    if field.kind is Kind.COUNT and not field.instead:
        return f"a whole number from {field.least}" + ("" if field.most is None else f" to {field.most}")
    return field.instead or "a text"
