"""The shape of one member of a client's metadata, as JSON brings it: by the same table as clients.yaml."""

from __future__ import annotations

import re
from typing import Any

from idp.domain.portals.file_fields import Field, Kind, instead_of

LONGEST_TEXT = 2_048
MOST_ITEMS = 50


def shape_problem(field: Field, value: Any) -> str:
    """What to send instead of this value, or ""."""
    match field.kind:
        case Kind.TEXT | Kind.WORDS:
            return _text_problem(field, value)
        case Kind.LIST:
            return _list_problem(field, value)
        case Kind.FLAG:
            return "" if isinstance(value, bool) else "send true or false"
        case Kind.COUNT:
            return _count_problem(field, value)
        case Kind.JWKS:
            return "" if isinstance(value, dict) else "send a JWK Set: an object with keys"
    return "cannot be registered here"


def _text_problem(field: Field, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return f"send {instead_of(field)}"
    if (field.choices and value not in field.choices) or not re.fullmatch(field.pattern or "(?s:.*)", value):
        return f"{value[:100]} cannot be used; send {instead_of(field)}"
    return ""


def _list_problem(field: Field, value: Any) -> str:
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        return f"send a list of at most {MOST_ITEMS} texts"
    problems = (_text_problem(field, item) for item in value)
    found = next(filter(None, problems), "")
    return found or ("" if len(set(value)) == len(value) else "holds one text twice; send each once")


def _count_problem(field: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        return f"send {instead_of(field)}"
    within = field.least <= value <= (2**31 if field.most is None else field.most)
    return "" if within else f"send {instead_of(field)}"
