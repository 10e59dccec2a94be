"""Rich authorization requests (RFC 9396): the types of authorization details that there are, and how they are read.

A type is three entries under one name: its schema here, its policy (usecases/portals/authorization_details.py) and its
words on the consent page (web/portals/detail_texts.py). A test counts them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from idp.domain.platform.errors import DomainError
from idp.domain.platform.plain_json import read_plain_json
from idp.domain.rights.acting_for import ACTING_FOR, contains, read_acting_for

MOST_DETAILS = 8
LONGEST = 4_096
"""Characters of the whole parameter."""
Detail = Mapping[str, Any]
Details = tuple[Detail, ...]


class InvalidDetails(DomainError):
    """Not what RFC 9396 section 5 lets a client ask; `problem` says why, for its developers."""

    code = "invalid_authorization_details"


@dataclass(frozen=True, slots=True)
class DetailType:
    """How details of one type are read, and when one contains another."""

    read: Callable[[Detail], Detail]
    """The detail in its one spelling. Raises DomainError with `problem`: an unknown, missing or wrong member."""
    contains: Callable[[Detail, Detail], bool]


TYPES: Mapping[str, DetailType] = {ACTING_FOR: DetailType(read_acting_for, contains)}


def parse_details(text: str, types: Collection[str]) -> Details:
    """What `authorization_details` asks, each detail once and in its one spelling; "" asks nothing.

    Raises:
        InvalidDetails: not JSON of section 2, too much of it, or of a type that is not among these.
    """
    if not text:
        return ()
    if len(text) > LONGEST:
        raise InvalidDetails(problem="they are too long")
    try:
        sent = read_plain_json(text)
    except ValueError:
        raise InvalidDetails(problem="they are no JSON") from None
    if not isinstance(sent, list) or not 0 < len(sent) <= MOST_DETAILS:
        raise InvalidDetails(problem=f"they are an array of one to {MOST_DETAILS} objects")
    read = [_read(item, types) for item in sent]
    return tuple(item for index, item in enumerate(read) if item not in read[:index])


def _read(item: Any, types: Collection[str]) -> Detail:
    name = item.get("type") if isinstance(item, dict) else None
    if not isinstance(name, str):
        raise InvalidDetails(problem="each is an object with a type")
    if name not in TYPES or name not in types:
        raise InvalidDetails(problem="a type is unknown, or not registered for this client")
    try:
        return TYPES[name].read(item)
    except DomainError as error:
        raise InvalidDetails(problem=str(error.facts["problem"])) from error


def narrowed(granted: Sequence[Detail], wanted: Details, types: Collection[str]) -> Details | None:
    """What a token request gets of what was granted: all of it when it asks nothing; None when it asks for more
    (section 6.1)."""
    held = tuple(item for item in granted if item["type"] in TYPES and item["type"] in types)
    if not wanted:
        return held
    return wanted if all(any(holds(item, asked) for item in held) for asked in wanted) else None


def holds(granted: Detail, wanted: Detail) -> bool:
    """Whether the first contains the second."""
    return bool(granted["type"] == wanted["type"] and TYPES[wanted["type"]].contains(granted, wanted))


def details_text(details: Sequence[Detail]) -> str:
    """As JSON, for the audit trail."""
    return json.dumps([dict(item) for item in details], separators=(",", ":"))
