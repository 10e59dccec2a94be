"""Acting for somebody: the legal unit or the establishment, and the e-service, that a token is to speak for.

Owns what such a wish looks like and when one contains another. Does not own who may have it granted
(usecases/rights/acting_for.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from idp.domain.people.siret import InvalidSiren, InvalidSiret, parse_siren, parse_siret
from idp.domain.platform.errors import DomainError

ACTING_FOR = "acting_for"
E_SERVICE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


class InvalidActingFor(DomainError):
    """Not one SIREN or one SIRET, each of digits alone, and one e-service."""

    code = "invalid_acting_for"


def read_acting_for(members: Mapping[str, Any]) -> dict[str, str]:
    """The wish in its one spelling: `siren` or `siret`, and `e_service`.

    Raises:
        InvalidActingFor: anything is missing, unknown, or not as it must be.
    """
    service = members.get("e_service")
    if not isinstance(service, str) or not E_SERVICE.fullmatch(service):
        raise InvalidActingFor(problem="e_service must be the name of an e-service")
    named = members.keys() - {"type", "e_service"}
    if named not in ({"siren"}, {"siret"}):
        raise InvalidActingFor(problem="write siren or siret, e_service, and nothing else")
    name = named.pop()
    return {"type": ACTING_FOR, name: _digits(name, members[name]), "e_service": service}


def _digits(name: str, value: Any) -> str:
    """Machines write digits alone: what people may type is not for tokens."""
    parse = parse_siret if name == "siret" else parse_siren
    try:
        read = str(parse(value)) if isinstance(value, str) else ""
    except (InvalidSiret, InvalidSiren):
        read = ""
    if not read or read != value:
        raise InvalidActingFor(problem=f"{name} must be its digits")
    return read


def contains(granted: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether who has the first has the second: the same, or an establishment of the same legal unit."""
    if granted["e_service"] != wanted["e_service"]:
        return False
    if "siret" in granted:
        return bool(granted["siret"] == wanted.get("siret"))
    return bool(granted["siren"] == wanted.get("siren", wanted.get("siret", "")[:9]))
