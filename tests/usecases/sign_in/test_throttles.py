"""Throttling that slows strangers and cannot be turned against an owner."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from idp.adapters.hasher import QuietHasher
from idp.domain.platform.instants import DAY, HOUR, MINUTE, SECOND
from idp.domain.platform.limits import Limit
from idp.domain.sign_in.password_triplet import Delayed, Refused, SignedIn, SignInOutcome
from idp.store.platform.rate_limits import rate_limits
from idp.store.sign_in.devices import devices
from tests.usecases.sign_in.conftest import Door


def count_of(door: Door, limit: Limit) -> int:
    with door.deps.read() as connection:
        query = select(func.max(rate_limits.c["count"])).where(rate_limits.c.bucket == limit)
        return connection.execute(query).scalar_one()


def kinds(outcomes: Sequence[SignInOutcome]) -> list[type]:
    return [type(outcome) for outcome in outcomes]


def attack(door: Door, prefixes: int, tries: int = 1, **other: str) -> None:
    """Guesses at Claire's door from this many networks."""
    for number in range(prefixes):
        for _ in range(tries):
            door.knock("guess", address=f"198.{18 + number // 250}.{number % 250}.1", **other)


def test_a_hundred_prefixes_do_not_stop_the_owners_browser(door: Door) -> None:
    known = door.sign_in().device_token
    attack(door, 100)
    assert isinstance(door.knock(device_token=known), SignedIn)


def test_without_that_cookie_they_would(door: Door) -> None:
    """The control."""
    attack(door, 100)
    assert isinstance(door.knock(), Delayed)


def test_one_accounts_cookie_is_worthless_at_another(door: Door) -> None:
    door.add_person("Sawyer")
    sawyers = door.sign_in(family_name="Sawyer").device_token
    attack(door, 100)
    attack(door, 100, family_name="Sawyer")
    assert isinstance(door.knock(device_token=sawyers), Delayed)
    assert isinstance(door.knock(device_token=sawyers, family_name="Sawyer"), SignedIn)


def test_one_browser_may_be_known_to_several_accounts(door: Door) -> None:
    door.add_person("Sawyer")
    token = door.sign_in().device_token
    assert token == door.sign_in(family_name="Sawyer", device_token=token).device_token
    attack(door, 100)
    attack(door, 100, family_name="Sawyer")
    assert isinstance(door.knock(device_token=token), SignedIn)
    assert isinstance(door.knock(device_token=token, family_name="Sawyer"), SignedIn)


def test_a_cookie_we_never_gave_is_never_taken_up(door: Door) -> None:
    assert "planted" != door.sign_in(device_token="planted").device_token


def test_a_known_browser_has_ten_failures_of_its_own(door: Door) -> None:
    known = door.sign_in().device_token
    attack(door, 30)
    assert [Refused] * 10 + [Delayed] == kinds([door.knock("guess", device_token=known) for _ in range(11)])
    assert isinstance(door.knock(device_token=known), Delayed)


def test_the_right_password_forgives_a_browsers_failures(door: Door) -> None:
    known = door.sign_in().device_token
    attack(door, 30)
    for _ in range(3):
        for _ in range(9):
            door.knock("guess", device_token=known)
        assert isinstance(door.knock(device_token=known), SignedIn)


def test_a_thief_of_the_cookie_gets_ten_parallel_guesses(door: Door) -> None:
    known = door.sign_in().device_token
    attack(door, 30)
    here = door.with_deps(hasher=QuietHasher(places=64))
    with ThreadPoolExecutor(16) as pool:
        outcomes = kinds(list(pool.map(lambda _: here.knock("guess", device_token=known), range(16))))
    assert (10, 6) == (outcomes.count(Refused), outcomes.count(Delayed))


@pytest.mark.parametrize("moved", ["valid_from"])
def test_a_password_change_ends_known_browsers(door: Door, moved: str) -> None:
    known = door.sign_in().device_token
    attack(door, 30)
    door.wait(SECOND)
    door.change("Moutin", **{moved: door.deps.clock.now()})
    assert isinstance(door.knock(device_token=known), Delayed)


def test_a_browser_is_known_for_180_days(door: Door) -> None:
    known = door.sign_in().device_token
    door.wait(180 * DAY - SECOND)
    attack(door, 30)
    assert isinstance(door.knock("guess", device_token=known), Refused)
    door.wait(SECOND)
    assert isinstance(door.knock("guess", device_token=known), Delayed)


def test_ten_browsers_an_account_the_least_used_goes(door: Door) -> None:
    tokens = []
    for _ in range(10):
        tokens.append(door.sign_in().device_token)
        door.wait(SECOND)
    door.sign_in(device_token=tokens[0])
    door.wait(SECOND)
    door.sign_in()
    attack(door, 30)
    assert isinstance(door.knock(device_token=tokens[0]), SignedIn)
    assert isinstance(door.knock(device_token=tokens[1]), Delayed)
    with door.deps.read() as connection:
        assert 10 == connection.execute(select(func.count()).select_from(devices)).scalar_one()


def test_sixteen_parallel_guesses_count_sixteen(door: Door) -> None:
    here = door.with_deps(hasher=QuietHasher(places=64))
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda n: here.knock("guess", address=f"198.51.{n}.1"), range(16)))
    assert [Refused] * 16 == kinds(outcomes)
    assert (16, 16, 16) == (count_of(here, Limit.TRIPLET), count_of(here, Limit.SIRET), len(here.hasher.costs))


def test_parallel_guesses_get_no_more_hashes_than_guesses_in_a_row(door: Door) -> None:
    here = door.with_deps(hasher=QuietHasher(places=64))
    with ThreadPoolExecutor(16) as pool:
        outcomes = kinds(list(pool.map(lambda _: here.knock("guess"), range(16))))
    assert (5, 11, 5) == (outcomes.count(Refused), outcomes.count(Delayed), len(here.hasher.costs))


def test_a_delayed_try_is_neither_hashed_nor_counted_so_the_said_moment_holds(door: Door) -> None:
    for _ in range(5):
        door.knock("guess")
    first = door.knock()
    door.hasher.forget()
    for _ in range(20):
        assert first == door.knock()
    assert [] == door.hasher.costs
    assert isinstance(first, Delayed)
    door.wait(first.retry_at - door.deps.clock.now())
    assert isinstance(door.knock(), SignedIn)


def test_no_delay_is_longer_than_a_quarter_of_an_hour(door: Door) -> None:
    longest = 0
    for _ in range(40):
        outcome = door.knock("guess")
        if isinstance(outcome, Delayed):
            longest = max(longest, outcome.retry_at - door.deps.clock.now())
            door.wait(outcome.retry_at - door.deps.clock.now())
    assert 15 * MINUTE == longest


def test_a_prefix_waits_after_fifty_refusals_in_ten_minutes(door: Door) -> None:
    for number in range(50):
        assert Refused() == door.knock(family_name=f"Nobody {'x' * (number + 1)}")
    assert isinstance(door.knock(), Delayed)
    assert isinstance(door.knock(address="198.51.100.1"), SignedIn)
    door.wait(10 * MINUTE)
    assert isinstance(door.knock(), SignedIn)


def test_a_wide_prefix_waits_after_five_hundred(door: Door) -> None:
    for number in range(500):
        assert Refused() == door.knock(address=f"203.0.113.{number % 250}", family_name=f"N {'x' * (number + 1)}")
    assert isinstance(door.knock(address="203.0.113.251"), Delayed)
    assert isinstance(door.knock(address="203.0.114.1"), SignedIn)


def test_a_prefix_where_many_sign_in_well_never_waits(door: Door) -> None:
    for _ in range(60):
        door.sign_in()
    assert 0 == count_of(door, Limit.PREFIX)


def test_a_siret_never_delays(door: Door) -> None:
    for number in range(150):
        door.knock(family_name=f"N {'x' * (number + 1)}", address=f"198.51.{number}.1")
    assert 150 == count_of(door, Limit.SIRET)
    assert isinstance(door.knock(), SignedIn)


def test_a_strangers_guesses_are_forgotten_after_a_day(door: Door) -> None:
    attack(door, 40)
    assert isinstance(door.knock(), Delayed)
    door.wait(DAY)
    assert isinstance(door.knock("guess"), Refused)
    assert 1 == count_of(door, Limit.TRIPLET)


def test_one_networks_guesses_are_forgotten_after_an_hour(door: Door) -> None:
    for _ in range(5):
        door.knock("guess")
    assert isinstance(door.knock(), Delayed)
    door.wait(HOUR)
    assert isinstance(door.knock(), SignedIn)


def test_counters_hold_no_name_no_siret_and_no_address(door: Door) -> None:
    door.knock("guess")
    with door.deps.read() as connection:
        written = repr(connection.execute(select(rate_limits)).all())
    assert not any(word in written for word in ("MOUTIN", "99900037500017", "203.0.113"))
