"""JSON that every reader reads alike (RFC 8259 section 4), and that can be written again wherever it is kept."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

MOST_NESTED = 32
"""Levels; nothing that is sent to us needs half of them."""


def read_plain_json(text: str | bytes) -> Any:
    """What this text says: each name of an object once, each number a number, and no deeper than MOST_NESTED.

    Raises:
        ValueError
    """
    try:
        read = json.loads(text, object_pairs_hook=_members, parse_constant=_number, parse_float=_number)
    except RecursionError as error:
        raise ValueError("nested without end") from error
    if not _is_within(MOST_NESTED, read):
        raise ValueError("nested too deep")
    return read


def _is_within(levels: int, value: Any) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_within(levels - 1, item) for item in inner)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):  # two readers could believe two things
        raise ValueError("a name is written twice")
    return members


def _number(text: str) -> float:
    number = float(text)
    if not isfinite(number):  # NaN, Infinity, 1e999
        raise ValueError("no number")
    return number
