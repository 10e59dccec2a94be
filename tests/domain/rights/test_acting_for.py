"""Acting for a legal unit or an establishment: one spelling, and what contains what."""

from __future__ import annotations

from typing import Any

import pytest

from idp.domain.rights.acting_for import InvalidActingFor, contains, read_acting_for
from idp.usecases.rights.acting_for import may_act_for

SIREN, SIRET, SISTER = "999000375", "99900037500017", "99900037500025"


def wish(**members: Any) -> dict[str, Any]:
    return {"type": "acting_for", "e_service": "paie", **members}


@pytest.mark.parametrize("members", [{"siren": SIREN}, {"siret": SIRET}], ids=["siren", "siret"])
def test_a_wish_names_one_of_them_and_an_e_service(members: dict[str, str]) -> None:
    assert wish(**members) == read_acting_for(wish(**members))


WRONG: dict[str, dict[str, Any]] = {
    "neither": {},
    "both": {"siren": SIREN, "siret": SIRET},
    "unknown member": {"siret": SIRET, "privileges": ["admin"]},
    "spaces": {"siret": "999 000 375 00017"},
    "a siren as siret": {"siret": SIREN},
    "a number": {"siret": 99900037500017},
    "a list": {"siret": [SIRET]},
    "other digits": {"siret": "٩٩٩٠٠٠٣٧٥٠٠٠١٧"},
    "no e-service": {"siret": SIRET, "e_service": ""},
    "markup as e-service": {"siret": SIRET, "e_service": "<b>paie</b>"},
    "capitals": {"siret": SIRET, "e_service": "Paie"},
    "a line more": {"siret": SIRET, "e_service": "paie\n"},
    "an object as e-service": {"siret": SIRET, "e_service": {}},
}


@pytest.mark.parametrize("members", WRONG.values(), ids=WRONG)
def test_anything_else_is_refused(members: dict[str, Any]) -> None:
    """RFC 9396 section 5: unknown fields, wrong types and values, missing fields."""
    with pytest.raises(InvalidActingFor):
        read_acting_for(wish(**members))


@pytest.mark.parametrize(
    ("granted", "wanted", "expected"),
    [
        ({"siren": SIREN}, {"siren": SIREN}, True),
        ({"siren": SIREN}, {"siret": SIRET}, True),
        ({"siret": SIRET}, {"siret": SIRET}, True),
        ({"siret": SIRET}, {"siret": SISTER}, False),
        ({"siret": SIRET}, {"siren": SIREN}, False),
        ({"siren": SIREN}, {"siret": "12345678200010"}, False),
        ({"siren": SIREN}, {"siren": SIREN, "e_service": "other"}, False),
    ],
)
def test_a_legal_unit_contains_its_establishments(
    granted: dict[str, str], wanted: dict[str, str], expected: bool
) -> None:
    assert expected == contains(wish(**granted), wish(**wanted))


def test_a_person_acts_for_the_own_establishment_and_its_legal_unit() -> None:
    allowed = [
        may_act_for(SIRET, wish(**members))
        for members in ({"siret": SIRET}, {"siren": SIREN}, {"siret": SISTER}, {"siren": "123456782"})
    ]
    assert [True, True, False, False] == allowed
