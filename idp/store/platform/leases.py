"""Leasing rows of work: one runner at a time, and another once it is taken for dead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, or_, select, update

from idp.domain.platform.instants import Instant
from idp.store.database import Connected


def lease_rows(
    connection: Connected,
    table: Table,
    waiting: ColumnElement[bool],
    order: Sequence[ColumnElement[Any]],
    *,
    runner: str,
    now: Instant,
    until: Instant,
    limit: int,
) -> list[Mapping[str, Any]]:
    """Up to `limit` waiting rows, now leased to `runner` alone; rows that another is taking are passed over."""
    free = or_(table.c.leased_until.is_(None), table.c.leased_until <= now)
    found = select(table).where(waiting, free).order_by(*order).limit(limit).with_for_update(skip_locked=True)
    rows: list[Mapping[str, Any]] = [dict(row) for row in connection.execute(found).mappings()]
    key = next(iter(table.primary_key.columns))
    mine = update(table).where(key.in_([row[key.name] for row in rows]))
    if rows:
        connection.execute(mine.values(leased_by=runner, leased_until=until))
    return rows
