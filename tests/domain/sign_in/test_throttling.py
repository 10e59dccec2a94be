"""Which counters a try meets."""

from __future__ import annotations

from idp.adapters.keyed_hash import KeyedHash
from idp.domain.people.triplets import triplet_key
from idp.domain.platform.instants import HOUR, Instant
from idp.domain.platform.limits import Counted, Limit, Try
from idp.domain.sign_in.throttling import TypedTriplet, allowed_from, tries_of, typed_triplet

KEY_OF = KeyedHash([b"k" * 32]).of


def typed(siret: str, family_name: str, given_name: str) -> TypedTriplet:
    return typed_triplet(triplet_key(siret, family_name, given_name), siret, family_name, given_name)


CLAIRE = typed("99900037500017", "MOUTIN", "CLAIRE")


def tries(who: TypedTriplet = CLAIRE, address: str = "203.0.113.7", *, passes: bool = False) -> dict[Limit, Try]:
    return {item.limit: item for item in tries_of(who, address, passes=passes, key_of=KEY_OF)}


def test_spellings_of_one_account_are_one_counter() -> None:
    assert tries() == tries(typed("999 000 375 00017", " moutin ", "Cläïre"))


def test_malformed_input_is_counted_like_any_other() -> None:
    assert set(tries()) == set(tries(typed("12", "4#", "")))
    assert tries(typed("12", "4#", "x")) == tries(typed(" 1 2", " 4# ", "X"))


def test_names_are_not_joined_into_one_another() -> None:
    first = tries(typed("99900037500017", "A B", "C"))
    assert first[Limit.TRIPLET].key != tries(typed("99900037500017", "A", "B C"))[Limit.TRIPLET].key


def test_another_prefix_shares_only_triplet_and_siret() -> None:
    here, there = tries(), tries(address="198.51.100.1")
    assert {Limit.TRIPLET, Limit.SIRET} == {limit for limit in here if here[limit] == there[limit]}


def test_a_neighbour_shares_the_wide_prefix() -> None:
    shared = {limit for limit, item in tries().items() if item == tries(address="203.0.113.8")[limit]}
    assert {Limit.TRIPLET, Limit.SIRET, Limit.WIDE_PREFIX} == shared
    six, neighbour = tries(address="2001:db8:1:2::1"), tries(address="2001:db8:1:3::1")
    assert six[Limit.PREFIX] == tries(address="2001:db8:1:2:ffff::1")[Limit.PREFIX]
    assert six[Limit.PREFIX] != neighbour[Limit.PREFIX]
    assert six[Limit.WIDE_PREFIX] == neighbour[Limit.WIDE_PREFIX]


def test_a_known_browser_is_counted_only_on_the_siret() -> None:
    assert {Limit.SIRET} == {limit for limit, item in tries(passes=True).items() if item.weight}


def test_a_known_browser_is_never_delayed_and_a_stranger_by_the_longest() -> None:
    counted = [
        Counted(Limit.TRIPLET, b"", 30, Instant(1), Instant(HOUR)),
        Counted(Limit.TRIPLET_AND_PREFIX, b"", 1, Instant(0), Instant(HOUR)),
    ]
    assert allowed_from(counted, passes=True) == 0
    assert 15 * 60_000 + 1 == allowed_from(counted, passes=False)


def test_counters_name_nobody_without_the_key() -> None:
    other = tries_of(CLAIRE, "203.0.113.7", passes=False, key_of=KeyedHash([b"x" * 32]).of)
    assert {item.key for item in other}.isdisjoint(item.key for item in tries().values())
