"""Counters of the throttles. A key is an HMAC: the table names nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any

from sqlalchemy import Column, Integer, LargeBinary, Table, and_, bindparam, case, literal_column
from sqlalchemy.dialects import postgresql, sqlite

from idp.domain.platform.instants import Instant
from idp.domain.platform.limits import RULES, Counted, Limit, Try
from idp.store.database import Connected
from idp.store.metadata import instant, metadata, text
from idp.store.prepared import Prepared

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
    sqlite_with_rowid=False,  # a row is little more than its key, and would be looked up twice
)

_row = rate_limits.c


def count_tries(connection: Connected, tries: Iterable[Try], now: Instant) -> Sequence[Counted]:
    """Count these tries and say what each counter held: one statement for all of them.

    The row locks make tries at the same moment queue for their numbers, on every node; sorted keys keep two
    statements that share counters from waiting for one another.
    """
    ordered = _in_lock_order(tries)
    if not ordered:
        return []
    return [
        Counted(Limit(bucket), bytes(key), count, Instant(previous), Instant(ends))
        for bucket, key, count, previous, ends in COUNTING(len(ordered)).all(connection, _new_rows(ordered, now))
    ]


def uncount_tries(connection: Connected, tries: Iterable[Try], counted_at: Instant) -> None:
    """Give back tries that were counted at `counted_at`; what was counted since stays. One statement.

    It is an upsert only to take the row locks in the same order as `count_tries`.
    """
    given_back = _in_lock_order(item for item in tries if item.weight)
    if given_back:
        GIVING_BACK(len(given_back)).write(
            connection, _new_rows([Try(item.limit, item.key, 0) for item in given_back], counted_at)
        )


def _in_lock_order(tries: Iterable[Try]) -> list[Try]:
    return sorted(tries, key=lambda item: (item.limit, item.key))


# Both statements are compiled once for each number of rows, of which there are a handful.


def _counting(rows: int, dialect: str) -> Any:
    insert = _insert(rows, dialect)
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


def _giving_back(rows: int, dialect: str) -> Any:
    insert = _insert(rows, dialect)
    new: Any = insert.excluded
    is_same_window = and_(_row.window_started_at <= new.last_counted_at, _row["count"] > 0)
    is_last = _row.last_counted_at == new.last_counted_at
    return insert.on_conflict_do_update(
        index_elements=[_row.bucket, _row.key],
        set_={
            "count": case((is_same_window, _row["count"] - 1), else_=_row["count"]),
            "last_counted_at": case((is_last, _row.previous_counted_at), else_=_row.last_counted_at),
        },
    )


def _insert(rows: int, dialect: str) -> Any:
    insert = (postgresql if dialect == "postgresql" else sqlite).insert(rate_limits).inline()
    return insert.values([_new_row(number) for number in range(rows)])


def _new_row(number: int) -> Mapping[str, Any]:
    """The counter as it is when this is the first try of its window."""

    def own(name: str) -> Any:
        return bindparam(f"{name}_of_{number}", type_=_row[name].type)

    now = bindparam("now", type_=_row.last_counted_at.type)
    return {
        "bucket": own("bucket"),
        "key": own("key"),
        "count": own("count"),
        "window_started_at": now,
        "last_counted_at": now,
        "previous_counted_at": literal_column("0"),
        "expires_at": own("expires_at"),
    }


def _new_rows(tries: Sequence[Try], now: Instant) -> Mapping[str, Any]:
    """The values of `_new_row` for each of these."""
    values: dict[str, Any] = {"now": now}
    for number, item in enumerate(tries):
        values[f"bucket_of_{number}"] = item.limit.value
        values[f"key_of_{number}"] = item.key
        values[f"count_of_{number}"] = item.weight
        values[f"expires_at_of_{number}"] = now + RULES[item.limit].window
    return values


COUNTING = cache(lambda rows: Prepared(partial(_counting, rows)))
GIVING_BACK = cache(lambda rows: Prepared(partial(_giving_back, rows)))
