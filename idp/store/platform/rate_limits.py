"""Counters of the throttles. A key is an HMAC: the table names nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, Table, and_, case
from sqlalchemy.dialects import postgresql, sqlite

from idp.domain.platform.instants import Instant
from idp.domain.platform.limits import RULES, Counted, Limit, Try
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, text

rate_limits = Table(
    "rate_limits",
    metadata,
    text("bucket", 32, primary_key=True),  # a member of the closed list Limit
    Column("key", LargeBinary(32), primary_key=True),
    Column("count", Integer, nullable=False),
    instant("window_started_at"),
    instant("last_counted_at"),
    instant("previous_counted_at"),  # what last_counted_at was before: a try that is given back leaves no trace
    instant("expires_at", index=True),  # end of the window
)

_row = rate_limits.c


def count_tries(connection: Connected, tries: Iterable[Try], now: Instant) -> Sequence[Counted]:
    """Count these tries and say what each counter held: one statement for all of them.

    The row locks make tries at the same moment queue for their numbers, on every node; sorted keys keep two
    statements that share counters from waiting for one another.
    """
    rows = [_new_row(item, now) for item in _in_lock_order(tries)]
    return [
        Counted(Limit(bucket), bytes(key), count, Instant(previous), Instant(ends))
        for bucket, key, count, previous, ends in connection.execute(_counting(connection.dialect.name), rows)
    ]


def uncount_tries(connection: Connected, tries: Iterable[Try], counted_at: Instant) -> None:
    """Give back tries that were counted at `counted_at`; what was counted since stays. One statement.

    It is an upsert only to take the row locks in the same order as `count_tries`.
    """
    given_back = _in_lock_order(item for item in tries if item.weight)
    rows = [{**_new_row(item, counted_at), "count": 0} for item in given_back]
    connection.execute(_giving_back(connection.dialect.name), rows)


def _in_lock_order(tries: Iterable[Try]) -> list[Try]:
    return sorted(tries, key=lambda item: (item.limit, item.key))


# Both statements are built once: with RETURNING, SQLAlchemy sends all rows in one INSERT and keeps it compiled
# (a list given to `values` would be compiled anew each time, which costs more than everything else of a try).


@cache
def _counting(dialect: str) -> Any:
    insert = _insert(dialect)
    new: Any = insert.excluded
    is_over = _row.expires_at <= new.last_counted_at
    is_look = new["count"] == 0
    return insert.on_conflict_do_update(
        index_elements=[_row.bucket, _row.key],
        set_={
            "count": case((is_over, new["count"]), else_=_row["count"] + new["count"]),
            "window_started_at": case((is_over, new.window_started_at), else_=_row.window_started_at),
            "previous_counted_at": case((is_over, 0), (is_look, _row.previous_counted_at), else_=_row.last_counted_at),
            "last_counted_at": case((is_look, _row.last_counted_at), else_=new.last_counted_at),
            "expires_at": case((is_over, new.expires_at), else_=_row.expires_at),
        },
    ).returning(_row.bucket, _row.key, _row["count"], _row.previous_counted_at, _row.expires_at)


@cache
def _giving_back(dialect: str) -> Any:
    insert = _insert(dialect)
    new: Any = insert.excluded
    is_same_window = and_(_row.window_started_at <= new.last_counted_at, _row["count"] > 0)
    is_last = _row.last_counted_at == new.last_counted_at
    return insert.on_conflict_do_update(
        index_elements=[_row.bucket, _row.key],
        set_={
            "count": case((is_same_window, _row["count"] - 1), else_=_row["count"]),
            "last_counted_at": case((is_last, _row.previous_counted_at), else_=_row.last_counted_at),
        },
    ).returning(_row.bucket)


def _new_row(item: Try, now: Instant) -> Mapping[str, Any]:
    """The counter as it is when this is the first try of its window."""
    return {
        "bucket": item.limit,
        "key": item.key,
        "count": item.weight,
        "window_started_at": now,
        "last_counted_at": now,
        "previous_counted_at": 0,
        "expires_at": now + RULES[item.limit].window,
    }


def _insert(dialect: str) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(rate_limits)
