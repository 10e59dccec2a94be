"""What new passwords must be, under both policies."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.people.common_passwords import is_common
from idp.domain.people.password_context import PasswordContext
from idp.domain.people.passwords import (
    MODERNE,
    NET_ENTREPRISES,
    POLICIES,
    CharacterClass,
    Criterion,
    Gauge,
    PasswordPolicy,
    PolicyName,
    assess,
)

NOBODY = PasswordContext()
CLAIRE = PasswordContext(
    siret="99900037500017",
    names=("Moutin", "Claire-Am\u00e9lie"),
    organisation="GIP MDS TEST PROJET",
    email="c.moutin@gip.example",
)


def unmet(
    password: str, policy: PasswordPolicy = NET_ENTREPRISES, context: PasswordContext = NOBODY
) -> tuple[str, ...]:
    return assess(password, policy, context).unmet


@pytest.mark.parametrize(
    "password", ["Mire2026demo", "Refonte01x", "Vqkzru47", "\u00c9l\u00e8veZut12", "Zut alors 42 !"]
)
def test_these_please_net_entreprises(password: str) -> None:
    assert unmet(password) == ()


@pytest.mark.parametrize(
    ("password", "criteria"),
    [
        ("Vqkzr47", (Criterion.LONG_ENOUGH, Criterion.LETTERS)),
        ("Vqkzru4", (Criterion.LONG_ENOUGH, Criterion.DIGITS)),
        ("Vqkzru4!", (Criterion.DIGITS,)),
        ("Vqkz4747", (Criterion.LETTERS,)),
        ("vqkzru47", (Criterion.BOTH_CASES,)),
        ("VQKZRU47", (Criterion.BOTH_CASES,)),
        ("Vqkzru47Vqkzru47Bxwtz", (Criterion.NOT_TOO_LONG,)),
        ("Vqkzru\u0664\u0667", (Criterion.DIGITS,)),
        ("Vqkzru47\x07", (Criterion.PRINTABLE,)),
        ("Bonjour2026", (Criterion.NOT_COMMON,)),
    ],
)
def test_each_criterion_of_net_entreprises_refuses_on_its_own(password: str, criteria: tuple[Criterion, ...]) -> None:
    assert unmet(password) == criteria


def test_length_is_counted_in_code_points_of_the_composed_form() -> None:
    twenty = "Vqkzr47" + "\u00e9" * 13
    assert unmet(twenty) == ()
    assert unmet(unicodedata.normalize("NFD", twenty)) == ()
    assert unmet(twenty + "\u00e9") == (Criterion.NOT_TOO_LONG,)
    assert Criterion.NOT_TOO_LONG not in unmet("Vqkzru47" + "\U0001f600" * 12)


def test_moderne_asks_for_length_and_no_composition() -> None:
    assert unmet("quinze lettres!", MODERNE) == ()
    assert unmet("quatorze moins", MODERNE) == (Criterion.LONG_ENOUGH,)
    assert unmet("qz wx" * 25 + "end", MODERNE) == ()
    assert unmet("qz wx" * 25 + "ends", MODERNE) == (Criterion.NOT_TOO_LONG,)


@pytest.mark.parametrize(
    "password",
    [
        "Password12", "P4ssw0rd12", "p@$$w0rd", "Motdepasse1", "M0td3p4ss3", "MotDePasse2026!", "Azerty123",
        "azertyuiop",
        "AzertyAzerty12", "qwerty1234", "Bonjour2024", "Soleil75", "2026Janvier", "Marseille13", "Bonjour1Soleil2",
        "abcdefgh12", "hgfedcba12", "123456789012345", "111111111111111", "abcabcabcabcabc", "aaaaaaaaaaaaaaa",
        "Ch\u00e9rie2026", "azerty12345", "NetEntreprises1", "Urssaf2026",
    ],
)  # fmt: skip
def test_what_everyone_tries_is_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    ["Mire2026demo", "Vqkzru47", "Refonte01", "K9#2v8!x7", "cheval correct pile agrafe", "794138205614", ""],
)
def test_what_nobody_tries_is_not(password: str) -> None:
    assert not is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "Moutin2026", "xxMOUTINxx12", "M0ut1n2026", "Amelie-2026", "Am\u00e9lieZut12", "Zut99900037500017",
        "Zut999000375z",
        "Zutalors500017", "Projet2026zz", "NetEntreprises75", "net-entreprises-2026",
    ],
)  # fmt: skip
def test_what_says_who_one_is_is_refused(password: str) -> None:
    assert CLAIRE.is_named_in(password)


@pytest.mark.parametrize("password", ["Mire2026demo", "Vqkzru47", "Gipsy12345zz", "Zut37500"])
def test_what_only_resembles_it_is_not(password: str) -> None:
    assert not CLAIRE.is_named_in(password)


def test_a_short_name_is_refused_only_alone() -> None:
    context = PasswordContext(names=("L\u00e9o",))
    assert context.is_named_in("Leo2026")
    assert not context.is_named_in("Galileo2026")


@pytest.mark.parametrize(
    ("password", "gauge"),
    [
        ("Vqkzr4", Gauge.RED),
        ("Bonjour2026", Gauge.RED),
        ("Vqkzru47", Gauge.ORANGE),
        ("Mire2026demo", Gauge.GREEN),
        ("Vqkzru47!\u00e9", Gauge.GREEN),
    ],
)
def test_the_gauge_is_red_exactly_when_refused(password: str, gauge: Gauge) -> None:
    assert assess(password, NET_ENTREPRISES, NOBODY).gauge is gauge


def test_repeats_and_runs_add_nothing_to_the_gauge() -> None:
    assert assess("Vqkzru47", NET_ENTREPRISES, NOBODY).bits == assess("Vqkzruuuu47", NET_ENTREPRISES, NOBODY).bits


def test_an_accent_or_a_sign_is_a_wish_and_no_demand() -> None:
    results = {result.criterion: result for result in assess("Vqkzru47", NET_ENTREPRISES, NOBODY).results}
    assert (results[Criterion.SPECIAL].met, results[Criterion.SPECIAL].required) == (False, False)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=str)
def test_a_page_can_tick_what_is_counted_and_asks_for_the_rest(policy: PasswordPolicy) -> None:
    data = {rule.criterion: rule.as_data() for rule in policy.rules}
    asked = {criterion for criterion, described in data.items() if not described["counts"]}
    assert asked == {Criterion.PRINTABLE, Criterion.NOT_COMMON, Criterion.NOT_ABOUT_YOU}
    assert [result.criterion for result in assess("", policy, NOBODY).results] == list(data)


def test_the_two_policies_have_the_names_of_the_setting() -> None:
    assert {name.value for name in POLICIES} == {"net-entreprises", "moderne"}
    assert POLICIES[PolicyName.MODERNE].count(Criterion.LONG_ENOUGH).at_least == 15
    assert NET_ENTREPRISES.count(Criterion.LETTERS).of is CharacterClass.LETTER


@given(st.text(max_size=40))
def test_any_text_is_assessed(password: str) -> None:
    for policy in POLICIES.values():
        assessment = assess(password, policy, CLAIRE)
        assert assessment.accepted == (assessment.gauge is not Gauge.RED)
        assert assessment.bits >= 0


@given(st.text(max_size=30))
def test_both_forms_of_a_password_are_assessed_alike(password: str) -> None:
    forms = [assess(unicodedata.normalize(form, password), NET_ENTREPRISES, CLAIRE) for form in ("NFC", "NFD")]
    assert forms[0] == forms[1]
