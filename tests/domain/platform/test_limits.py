"""How long each further try must wait."""

from __future__ import annotations

import pytest

from idp.domain.platform.instants import DAY, HOUR, MINUTE, SECOND, Instant
from idp.domain.platform.limits import LONGEST_DELAY, RULES, Counted, Limit, delay_after, opens_at

TABLE = [
    (Limit.TRIPLET_AND_PREFIX, 4, 0),
    (Limit.TRIPLET_AND_PREFIX, 5, 15 * SECOND),
    (Limit.TRIPLET_AND_PREFIX, 6, 30 * SECOND),
    (Limit.TRIPLET_AND_PREFIX, 7, MINUTE),
    (Limit.TRIPLET_AND_PREFIX, 10, 8 * MINUTE),
    (Limit.TRIPLET_AND_PREFIX, 11, 15 * MINUTE),
    (Limit.TRIPLET, 19, 0),
    (Limit.TRIPLET, 20, 15 * SECOND),
    (Limit.PREFIX, 49, 0),
    (Limit.PREFIX, 50, 15 * SECOND),
    (Limit.WIDE_PREFIX, 499, 0),
    (Limit.WIDE_PREFIX, 500, 15 * SECOND),
    (Limit.SIRET, 1_000_000, 0),
]


@pytest.mark.parametrize(("limit", "tries", "delay"), TABLE)
def test_delays_start_where_the_rule_says_and_double(limit: Limit, tries: int, delay: int) -> None:
    assert delay == delay_after(RULES[limit], tries)


@pytest.mark.parametrize("limit", Limit)
@pytest.mark.parametrize("tries", [0, 1, 100, 10**6, 10**12])
def test_no_delay_is_longer_than_fifteen_minutes(limit: Limit, tries: int) -> None:
    assert 0 <= delay_after(RULES[limit], tries) <= LONGEST_DELAY == 15 * MINUTE


@pytest.mark.parametrize("limit", [Limit.PREFIX, Limit.WIDE_PREFIX])
def test_prefixes_count_over_ten_minutes(limit: Limit) -> None:
    assert 10 * MINUTE == RULES[limit].window


def test_a_try_opens_after_the_delay_of_the_tries_before_it() -> None:
    counted = Counted(Limit.TRIPLET_AND_PREFIX, b"", 6, Instant(1_000), Instant(HOUR))
    assert 1_000 + 15 * SECOND == opens_at(counted)


def test_the_end_of_the_window_forgives_the_delay() -> None:
    counted = Counted(Limit.TRIPLET, b"", 40, Instant(DAY - 1_000), Instant(DAY))
    assert opens_at(counted) == DAY
