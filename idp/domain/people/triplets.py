"""The triplet: SIRET, family name and given name, by which a person is found at sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from idp.domain.people.person_names import InvalidName, canonical_key
from idp.domain.people.siret import InvalidSiret, Siret, parse_siret


@dataclass(frozen=True, slots=True)
class TripletKey:
    """The canonical triplet: unique among accounts, and what throttles count by."""

    siret: Siret
    family_name_key: str
    given_name_key: str


def triplet_key(siret_text: str, family_name: str, given_name: str) -> TripletKey | None:
    """The key of what was typed; None when a part is malformed, which sign-in treats as an unknown triplet."""
    try:
        return TripletKey(parse_siret(siret_text), canonical_key(family_name), canonical_key(given_name))
    except (InvalidSiret, InvalidName):
        return None
