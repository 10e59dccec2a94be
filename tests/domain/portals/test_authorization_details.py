"""The authorization_details parameter (RFC 9396 sections 2, 5 and 6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from idp.domain.portals.authorization_details import (
    LONGEST,
    MOST_DETAILS,
    TYPES,
    InvalidDetails,
    narrowed,
    parse_details,
)
from idp.usecases.portals.authorization_details import POLICIES
from idp.web.portals.detail_texts import DETAIL_TEXTS

ALL = ("acting_for",)
OWN = {"type": "acting_for", "siret": "99900037500017", "e_service": "paie"}
WHOLE = {"type": "acting_for", "siren": "999000375", "e_service": "paie"}


def test_each_type_has_a_schema_a_policy_and_words() -> None:
    assert set(TYPES) == set(POLICIES) == set(DETAIL_TEXTS)


def test_details_are_an_array_each_once() -> None:
    assert (OWN, WHOLE) == parse_details(json.dumps([OWN, WHOLE, OWN]), ALL)
    assert () == parse_details("", ALL)


WRONG: dict[str, str] = {
    "no JSON": "acting_for",
    "an object": json.dumps(OWN),
    "an empty array": "[]",
    "too many": json.dumps([OWN] * (MOST_DETAILS + 1)),
    "too long": json.dumps([OWN]) + " " * LONGEST,
    "too deep": "[" * 2_000 + "]" * 2_000,
    "no type": json.dumps([{"siret": "99900037500017"}]),
    "a type that is no text": json.dumps([{"type": ["acting_for"]}]),
    "an unknown type": json.dumps([{**OWN, "type": "payment_initiation"}]),
    "an unknown member": json.dumps([{**OWN, "actions": ["write"]}]),
    "a member twice": '[{"type":"acting_for","siret":"99900037500017","siret":"11111111111111","e_service":"paie"}]',
    "not a number": '[{"type":"acting_for","siret":NaN,"e_service":"paie"}]',
    "a text": '["acting_for"]',
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_section_5_refuses_is_refused(text: str) -> None:
    """RFC 9396 section 5."""
    with pytest.raises(InvalidDetails):
        parse_details(text, ALL)


def test_a_type_that_the_client_did_not_register_is_refused() -> None:
    """RFC 9396 section 10."""
    with pytest.raises(InvalidDetails):
        parse_details(json.dumps([OWN]), ())


@pytest.mark.parametrize(
    ("granted", "wanted", "given"),
    [
        ([WHOLE], (), (WHOLE,)),
        ([WHOLE], (OWN,), (OWN,)),
        ([OWN], (WHOLE,), None),
        ([], (OWN,), None),
        ([], (), ()),
        ([OWN, WHOLE], (WHOLE,), (WHOLE,)),
    ],
)
def test_a_token_gets_what_was_granted_or_less(granted: list[Any], wanted: Any, given: Any) -> None:
    """RFC 9396 section 6.1."""
    assert given == narrowed(granted, wanted, ALL)


def test_a_type_that_was_taken_from_the_client_is_given_no_more() -> None:
    assert () == narrowed([OWN], (), ())
