"""Counters that lose nothing and give back without a trace, on both engines."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

from sqlalchemy import delete, select

from idp.domain.platform.instants import HOUR, Instant
from idp.domain.platform.limits import Counted, Limit, Try
from idp.store.database import Database
from idp.store.platform.rate_limits import count_tries, rate_limits, uncount_tries
from tests.statements import counted

T = Try(Limit.TRIPLET_AND_PREFIX, b"t" * 32)
OTHERS = (Try(Limit.TRIPLET, b"t" * 32), Try(Limit.SIRET, b"s" * 32))


def count(database: Database, tries: Sequence[Try], now: int) -> dict[Limit, Counted]:
    with database.transaction() as connection:
        return {item.limit: item for item in count_tries(connection, tries, Instant(now))}


def give_back(database: Database, tries: Sequence[Try], counted_at: int) -> None:
    with database.transaction() as connection:
        uncount_tries(connection, tries, Instant(counted_at))


def test_each_try_gets_its_number_and_sees_when_the_one_before_was(database: Database) -> None:
    seen = [count(database, [T], now)[T.limit] for now in (10, 20, 30)]
    assert [(1, 0), (2, 10), (3, 20)] == [(item.count, item.previous_at) for item in seen]
    assert {10 + HOUR} == {item.ends_at for item in seen}


def test_a_window_that_ended_starts_again(database: Database) -> None:
    for _ in range(3):
        count(database, [T], 10)
    assert count(database, [T], 10 + HOUR - 1)[T.limit].count == 4
    again = count(database, [T], 10 + HOUR)[T.limit]
    assert (1, 0, 10 + 2 * HOUR) == (again.count, again.previous_at, again.ends_at)


def test_a_look_counts_nothing_and_moves_nothing(database: Database) -> None:
    look = Try(T.limit, T.key, 0)
    assert count(database, [look], 5)[T.limit].count == 0
    count(database, [T], 10)
    assert count(database, [look], 20)[T.limit].count == 1
    assert count(database, [T], 30)[T.limit].previous_at == 10


def test_a_try_given_back_leaves_no_trace(database: Database) -> None:
    count(database, [T], 10)
    count(database, [T], 20)
    give_back(database, [T], 20)
    after = count(database, [T], 30)[T.limit]
    assert (2, 10) == (after.count, after.previous_at)


def test_giving_back_keeps_what_was_counted_since(database: Database) -> None:
    for now in (10, 20, 30):
        count(database, [T], now)
    give_back(database, [T], 20)
    after = count(database, [T], 40)[T.limit]
    assert (3, 30) == (after.count, after.previous_at)


def test_giving_back_to_a_later_window_takes_nothing_from_it(database: Database) -> None:
    count(database, [T], 10)
    count(database, [T], 10 + HOUR)
    give_back(database, [T], 10)
    assert count(database, [T], 20 + HOUR)[T.limit].count == 2


def test_giving_back_what_housekeeping_has_swept_is_harmless(database: Database) -> None:
    count(database, [T], 10)
    with database.transaction() as connection:
        connection.execute(delete(rate_limits))
    give_back(database, [T], 10)
    assert count(database, [T], 20)[T.limit].count == 1


def test_sixteen_at_once_get_sixteen_numbers(database: Database) -> None:
    with ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(lambda _: count(database, [T, *OTHERS], 10)[T.limit].count, range(16)))
    assert list(range(1, 17)) == sorted(seen)


def test_tries_that_share_counters_in_any_order_never_wait_for_one_another(database: Database) -> None:
    orders = list(permutations([T, *OTHERS])) * 6

    def count_and_give_back(order: Sequence[Try]) -> None:
        count(database, order, 10)
        give_back(database, order[::-1], 10)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_and_give_back, orders))
    with database.read() as connection:
        assert {0} == set(connection.execute(select(rate_limits.c["count"])).scalars())


def test_all_counters_of_a_try_are_one_statement(database: Database) -> None:
    with counted(database) as statements:
        count(database, [T, *OTHERS], 10)
    assert 1 == len(statements)
