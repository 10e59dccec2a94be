"""Every refusal weighs the same: hashes and costs are counted, not timed."""

from __future__ import annotations

import unicodedata
from itertools import product

import pytest

from idp.adapters.password_hashes import Bcrypt, PasswordHashes, Pepper, QuietBcrypt, Verification, prehash
from idp.domain.people.password_hashes import StoredHash, cost_of

OLD_PEPPER, NEW_PEPPER = Pepper("p1", b"1" * 32), Pepper("p2", b"2" * 32)
TOP = 12


def hashes(bcrypt: Bcrypt, cost: int = TOP, *peppers: Pepper) -> PasswordHashes:
    return PasswordHashes(peppers or (NEW_PEPPER, OLD_PEPPER), cost, bcrypt)


def stored_at(cost: int, pepper: Pepper = NEW_PEPPER) -> str:
    return hashes(QuietBcrypt(), cost, pepper).make("right")


def costs_of_refusal(
    stored: str | None, password: str = "wrong", *, admissible: bool = True, highest: int = 0
) -> list[int]:
    bcrypt = QuietBcrypt()
    answer = hashes(bcrypt).verify(password, stored, highest_cost=highest, admissible=admissible)
    assert answer == Verification(False)
    return bcrypt.costs


def rounds(costs: list[int]) -> int:
    return sum(2**cost for cost in costs)


def test_an_unknown_triplet_costs_one_hash_at_the_highest_cost() -> None:
    assert costs_of_refusal(None) == [TOP]


def test_a_wrong_password_costs_one_hash_at_the_highest_cost() -> None:
    assert costs_of_refusal(stored_at(TOP)) == [TOP]


def test_an_older_hash_is_refused_after_one_more_hash_at_each_cost_up_to_the_highest_less_one() -> None:
    assert costs_of_refusal(stored_at(9)) == [9, 9, 10, 11]


@pytest.mark.parametrize("highest", [0, 10, 12, 14])
def test_every_refusal_weighs_the_same(highest: int) -> None:
    top = max(TOP, highest)
    stored = [None, *(stored_at(cost, pepper) for cost, pepper in product(range(4, top + 1), (OLD_PEPPER, NEW_PEPPER)))]
    kinds = [costs_of_refusal(each, highest=highest) for each in stored]
    kinds += [costs_of_refusal(each, "right", admissible=False, highest=highest) for each in stored]
    assert {rounds(costs) for costs in kinds} == {2**top}


def test_without_the_extra_hashes_an_older_hash_would_show() -> None:
    """The control: what a plain comparison spends tells the accounts apart."""
    bcrypt = QuietBcrypt()
    bcrypt.matches(prehash("wrong", NEW_PEPPER.value), StoredHash.parse(stored_at(9)).modular)
    assert rounds(bcrypt.costs) != rounds(costs_of_refusal(None))


def test_the_right_password_of_an_inadmissible_account_is_refused_as_a_wrong_one() -> None:
    assert costs_of_refusal(stored_at(9), "right", admissible=False) == costs_of_refusal(stored_at(9), "wrong")


def test_a_pepper_that_is_gone_is_refused_as_an_unknown_triplet() -> None:
    assert costs_of_refusal(stored_at(9, Pepper("p0", b"0" * 32)), "right") == [TOP]


def test_an_accepted_hash_of_today_is_not_renewed() -> None:
    bcrypt = QuietBcrypt()
    assert hashes(bcrypt).verify("right", stored_at(TOP)) == Verification(True)
    assert bcrypt.costs == [TOP]


@pytest.mark.parametrize(("cost", "pepper"), [(9, NEW_PEPPER), (13, NEW_PEPPER), (TOP, OLD_PEPPER)])
def test_an_accepted_hash_is_renewed_when_cost_or_pepper_changed(cost: int, pepper: Pepper) -> None:
    answer = hashes(QuietBcrypt()).verify("right", stored_at(cost, pepper))
    assert answer.accepted
    assert answer.renewed_hash is not None
    assert StoredHash.parse(answer.renewed_hash).pepper_id == NEW_PEPPER.id
    assert cost_of(answer.renewed_hash) == TOP
    assert hashes(QuietBcrypt(), TOP, NEW_PEPPER).verify("right", answer.renewed_hash) == Verification(True)


def test_a_refusal_renews_nothing() -> None:
    assert hashes(QuietBcrypt()).verify("wrong", stored_at(9)).renewed_hash is None
    assert hashes(QuietBcrypt()).verify("right", stored_at(9), admissible=False).renewed_hash is None


def test_real_bcrypt_keeps_its_word() -> None:
    real = hashes(Bcrypt(), 4)
    stored = real.make("Mire2026demo")
    assert stored.startswith("p2$$2b$04$")
    assert real.verify("Mire2026demo", stored) == Verification(True)
    assert real.verify("Mire2026Demo", stored) == Verification(False)
    assert real.verify("Mire2026demo", None) == Verification(False)
    assert hashes(Bcrypt(), 5).verify("Mire2026demo", stored).renewed_hash is not None


def test_a_password_is_the_same_from_every_keyboard() -> None:
    real = hashes(Bcrypt(), 4)
    stored = real.make(unicodedata.normalize("NFC", "\u00e9t\u00e9 2026"))
    assert real.verify(unicodedata.normalize("NFD", "\u00e9t\u00e9 2026"), stored).accepted


@pytest.mark.parametrize("other", ["mire2026demo", "Mire2026demo ", "Mire 2026demo", "\uff2dire2026demo"])
def test_nothing_but_composition_is_done_to_a_password(other: str) -> None:
    assert prehash(other, b"k") != prehash("Mire2026demo", b"k")


def test_a_long_password_counts_to_its_last_character() -> None:
    """The control beside it: bcrypt itself refuses what is longer than 72 bytes."""
    real = hashes(Bcrypt(), 4)
    stored = real.make("a" * 127 + "b")
    assert not real.verify("a" * 127 + "c", stored).accepted
    assert len(prehash("a" * 128, b"k")) == 44
    with pytest.raises(ValueError, match="72"):
        Bcrypt().make(b"a" * 128, 4)


def test_a_nul_ends_no_password() -> None:
    real = hashes(Bcrypt(), 4)
    assert not real.verify("right\x00b", real.make("right\x00a")).accepted
    assert b"\x00" not in prehash("\x00", b"k")


def test_another_pepper_makes_another_hash() -> None:
    stored = hashes(Bcrypt(), 4, OLD_PEPPER).make("right")
    assert not hashes(Bcrypt(), 4, Pepper(OLD_PEPPER.id, b"3" * 32)).verify("right", stored).accepted
