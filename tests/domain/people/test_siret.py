"""SIRET and SIREN: shape, check digits, and who has the last word (DOMAIN section 3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.people.siret import (
    InvalidSiren,
    InvalidSiret,
    Siret,
    Standing,
    arbitrate,
    display_siret,
    is_usable_here,
    luhn_sum,
    parse_siren,
    parse_siret,
    passes_luhn,
)


@pytest.mark.parametrize(
    ("siret", "luhn"),
    [
        ("99900037500017", 50),
        ("99900027600017", 50),
        ("97050551700072", 40),
        ("39491558100034", 60),
        ("73282932000074", 50),
        ("12345678200002", 40),
    ],
)
def test_the_luhn_sums_of_real_sirets_are_those_of_the_table(siret: str, luhn: int) -> None:
    assert luhn_sum(siret) == luhn
    assert arbitrate(parse_siret(siret), known_to_registry=False) is Standing.LUHN


@pytest.mark.parametrize("siret", ["99900000300015", "18751249600022"])
def test_the_kit_s_fixtures_pass_luhn(siret: str) -> None:
    assert passes_luhn(siret)


@pytest.mark.parametrize(
    ("siren", "luhn"),
    [
        ("999000375", 40),
        ("999000276", 40),
        ("970505517", 30),
        ("394915581", 40),
        ("518315411", 30),
        ("613456789", 50),
        ("123456789", 47),
        ("213456789", 46),
        ("313456789", 47),
        ("413456789", 48),
        ("513456789", 49),
        ("713456789", 51),
        ("1324567891234", 62),
        ("1324567891324", 61),
    ],
)
def test_the_luhn_sums_of_the_seeds_other_numbers(siren: str, luhn: int) -> None:
    assert luhn_sum(siren) == luhn


@pytest.mark.parametrize(
    ("siret", "luhn", "standing"),
    [
        ("35600000000048", 30, Standing.LUHN),
        ("35600000049837", 48, Standing.LA_POSTE),
        ("35600000009075", 33, Standing.LA_POSTE),
    ],
)
def test_la_poste_s_other_establishments_have_digits_that_sum_to_a_multiple_of_five(
    siret: str, luhn: int, standing: Standing
) -> None:
    assert luhn_sum(siret) == luhn
    assert arbitrate(Siret(siret), known_to_registry=False) is standing


def test_la_poste_s_rule_is_for_la_poste_alone() -> None:
    siret = Siret("12345678000004")
    assert sum(map(int, siret)) % 5 == 0
    with pytest.raises(InvalidSiret):
        arbitrate(siret, known_to_registry=False)


def test_a_number_of_la_poste_that_meets_neither_rule_is_refused() -> None:
    with pytest.raises(InvalidSiret):
        arbitrate(Siret("35600000000049"), known_to_registry=False)


def test_the_registry_has_the_last_word_on_a_real_siret_that_fails_luhn() -> None:
    siret = parse_siret("889742876 00009")
    assert luhn_sum(siret) == 67
    assert arbitrate(siret, known_to_registry=True) is Standing.REGISTRY
    with pytest.raises(InvalidSiret):
        arbitrate(siret, known_to_registry=False)


@pytest.mark.parametrize(
    "typed",
    [
        "99900037500017",
        "999 000 375 00017",
        "999\u00a0000\u00a0375\u00a000017",
        "999\u202f000\u202f375\u202f00017",
        " 999000375 00017 ",
        "\ufeff99900037500017",
    ],
)
def test_spaces_of_every_kind_are_accepted(typed: str) -> None:
    assert parse_siret(typed) == "99900037500017"


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("518315411", "siren"),
        ("518 315 411", "siren"),
        ("1324567891234", "shape"),
        ("1324567891324", "shape"),
        ("999000375000170", "shape"),
        ("MONACOCONFO001", "shape"),
        ("٩٩٩٠٠٠٣٧٥٠٠٠١٧", "shape"),
        ("99900037500017\x00", "shape"),
        ("999-000-375-00017", "shape"),
        ("", "shape"),
    ],
)
def test_what_is_not_fourteen_digits_is_refused(typed: str, reason: str) -> None:
    with pytest.raises(InvalidSiret) as caught:
        parse_siret(typed)
    assert caught.value.facts == {"reason": reason}


def test_a_siret_is_shown_in_groups_that_do_not_break() -> None:
    assert display_siret(Siret("99900037500017")) == "999\u00a0000\u00a0375\u00a000017"


def test_a_siret_names_its_legal_unit() -> None:
    siret = parse_siret("97050551700072")
    assert (siret.siren, siret.nic) == ("970505517", "00072")


def test_a_siren_has_nine_digits() -> None:
    assert parse_siren("970 505 517") == "970505517"
    with pytest.raises(InvalidSiren):
        parse_siren("97050551700072")


def test_test_companies_are_taken_only_where_the_settings_name_them() -> None:
    test_company, real_company = Siret("99900037500017"), Siret("97050551700072")
    assert not is_usable_here(test_company, ())
    assert is_usable_here(test_company, ("999000",))
    assert is_usable_here(test_company, ("999000375",))
    assert not is_usable_here(test_company, ("999000276",))
    assert is_usable_here(real_company, ())


@given(st.text())
def test_any_text_is_a_siret_or_an_invalid_siret(text: str) -> None:
    try:
        siret = parse_siret(text)
    except InvalidSiret:
        return
    assert len(siret) == 14
    assert parse_siret(siret) == siret
    assert parse_siret(display_siret(siret)) == siret


@given(st.text(alphabet="0123456789", min_size=13, max_size=13))
def test_exactly_one_last_digit_passes_luhn(first: str) -> None:
    assert sum(passes_luhn(first + str(last)) for last in range(10)) == 1
