"""The canonical key: every vector of DOMAIN section 4.2, the distinctions that survive, and its laws."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.people.person_names import InvalidName, canonical_key, registered_spelling
from idp.domain.people.triplets import triplet_key

VECTORS = [
    ("moutin", "MOUTIN"),
    ("MOUTIN", "MOUTIN"),
    (" Moutin ", "MOUTIN"),
    ("Moutin\u00a0", "MOUTIN"),
    ("\uff2d\uff2f\uff35\uff34\uff29\uff2e", "MOUTIN"),
    ("CLAIRE\u200b", "CLAIRE"),
    ("H\u00e9l\u00e8ne", "HELENE"),
    ("He\u0301le\u0300ne", "HELENE"),
    ("HELENE", "HELENE"),
    ("L\u0153titia", "LOETITIA"),
    ("LOETITIA", "LOETITIA"),
    ("\u00c6gidius", "AEGIDIUS"),
    ("Jean-Pierre", "JEAN PIERRE"),
    ("JEAN PIERRE", "JEAN PIERRE"),
    ("Jean\u2011Pierre", "JEAN PIERRE"),
    ("Jean\u2013Pierre", "JEAN PIERRE"),
    ("JEANPIERRE", "JEANPIERRE"),
    ("O'Brien", "O BRIEN"),
    ("O BRIEN", "O BRIEN"),
    ("OBRIEN", "OBRIEN"),
    ("D\u2019ALMEIDA", "D ALMEIDA"),
    ("d`Almeida", "D ALMEIDA"),
    ("DUPONT--MARTIN", "DUPONT MARTIN"),
    ("Dupont - Martin", "DUPONT MARTIN"),
    ("de La Tour", "DE LA TOUR"),
    ("DELATOUR", "DELATOUR"),
    ("LE ROY", "LE ROY"),
    ("LEROY", "LEROY"),
    ("M\u00fcller", "MULLER"),
    ("MUELLER", "MUELLER"),
    ("Stra\u00dfe", "STRASSE"),
    ("\u00c7elik", "CELIK"),
    ("\u0178sa\u00ff", "YSAY"),
    ("Nu\u00f1ez", "NUNEZ"),
    ("\u0141ukasz", "LUKASZ"),
    ("\u00d8deg\u00e5rd", "ODEGARD"),
    ("\u0130nan", "INAN"),
    ("St. Clair", "ST CLAIR"),
]
REFUSED = [
    "Dupont 2",
    "\u0414\u0443\u043f\u043e\u043d\u0442",
    "Dup\x00ont",
    "",
    "-",
    " ' ",
    "\ud800",
    "\ue000",
    "\u0378",
]


@pytest.mark.parametrize(("typed", "key"), VECTORS)
def test_every_vector_has_its_key(typed: str, key: str) -> None:
    assert canonical_key(typed) == key


@pytest.mark.parametrize("typed", REFUSED)
def test_what_is_no_name_is_refused(typed: str) -> None:
    with pytest.raises(InvalidName):
        canonical_key(typed)


def test_the_refusal_names_the_character() -> None:
    with pytest.raises(InvalidName) as caught:
        canonical_key("Dupont 2")
    assert caught.value.facts == {"reason": "character", "character": "2"}
    with pytest.raises(InvalidName) as caught:
        canonical_key("Dup\x00ont")
    assert caught.value.facts == {"reason": "character", "character": "U+0000"}


@pytest.mark.parametrize("apostrophe", "\u2018\u2019\u201b\u02bc\u02b9\u2032\u00b4\u0060\uff07'")
def test_every_apostrophe_is_one(apostrophe: str) -> None:
    assert canonical_key(f"O{apostrophe}Brien") == "O BRIEN"


@pytest.mark.parametrize("dash", "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d-")
def test_every_dash_is_one(dash: str) -> None:
    assert canonical_key(f"Jean{dash}Pierre") == "JEAN PIERRE"


@pytest.mark.parametrize(
    ("letter", "key"),
    [
        ("\u0153", "OE"), ("\u0152", "OE"), ("\u00e6", "AE"), ("\u00f8", "O"), ("\u0142", "L"), ("\u0111", "D"),
        ("\u00d0", "D"), ("\u00f0", "D"), ("\u00de", "TH"), ("\u00fe", "TH"), ("\u0131", "I"), ("\u0127", "H"),
        ("\u01fe", "O"), ("\u1e9e", "SS"),
    ],
)  # fmt: skip
def test_letters_without_decomposition_have_their_latin_ones(letter: str, key: str) -> None:
    assert canonical_key(letter) == key


@pytest.mark.parametrize("mark", ["\u200b", "\u200d", "\ufeff", "\u00ad"])
def test_invisible_marks_count_for_nothing(mark: str) -> None:
    assert canonical_key(f"CL{mark}AIRE") == "CLAIRE"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("JEAN PIERRE", "JEANPIERRE"),
        ("LE ROY", "LEROY"),
        ("DE LA TOUR", "DELATOUR"),
        ("O BRIEN", "OBRIEN"),
        ("MULLER", "MUELLER"),
        ("ST CLAIR", "SAINT CLAIR"),
        ("CLAIRE", "CLAIRE MARIE"),
        ("CLAIRE MARIE", "MARIE CLAIRE"),
    ],
)
def test_distinctions_survive(one: str, other: str) -> None:
    assert canonical_key(one) != canonical_key(other)


def test_family_and_given_name_are_never_swapped() -> None:
    siret = "99900037500017"
    assert triplet_key(siret, "CLAIRE", "MOUTIN") != triplet_key(siret, "MOUTIN", "CLAIRE")


def test_another_siret_is_another_identity() -> None:
    assert triplet_key("99900037500017", "MOUTIN", "CLAIRE") != triplet_key("99900027600017", "MOUTIN", "CLAIRE")


def test_a_malformed_part_makes_no_triplet() -> None:
    assert triplet_key("999000375", "MOUTIN", "CLAIRE") is None
    assert triplet_key("99900037500017", "MOUTIN 2", "CLAIRE") is None
    assert triplet_key("99900037500017", "MOUTIN", "") is None


def test_the_registered_spelling_is_composed_and_trimmed_and_nothing_else() -> None:
    assert registered_spelling(" d\u2019Almeida-He\u0301rault ", 64) == "d\u2019Almeida-H\u00e9rault"


def test_a_spelling_longer_than_its_limit_is_refused() -> None:
    assert registered_spelling("e\u0301" * 39, 39) == "\u00e9" * 39
    with pytest.raises(InvalidName):
        registered_spelling("a" * 40, 39)


def test_a_monstrous_name_is_refused_before_any_work() -> None:
    with pytest.raises(InvalidName):
        canonical_key("a" * 1_000_000)


LATIN = st.text(
    st.characters(max_codepoint=0x24F) | st.sampled_from("'-\u2019\u2011 .,_\u0301\u0308\u200b\u0130\u0131\u1e9e"),
    min_size=1,
    max_size=40,
)


def key_or_none(text: str) -> str | None:
    try:
        return canonical_key(text)
    except InvalidName:
        return None


@given(st.text() | LATIN)
def test_any_text_has_a_key_or_is_an_invalid_name(text: str) -> None:
    key = key_or_none(text)
    assert key is None or canonical_key(key) == key


@given(LATIN)
def test_composition_changes_nothing(text: str) -> None:
    assert key_or_none(unicodedata.normalize("NFC", text)) == key_or_none(unicodedata.normalize("NFD", text))


@given(LATIN, LATIN)
def test_the_order_of_words_is_kept(first: str, second: str) -> None:
    keys = key_or_none(first), key_or_none(second)
    if None not in keys:
        assert canonical_key(f"{first} {second}") == f"{keys[0]} {keys[1]}"


@given(LATIN)
def test_case_never_matters(text: str) -> None:
    if key_or_none(text) is not None:
        assert key_or_none(text.casefold()) == key_or_none(text)
