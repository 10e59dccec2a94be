"""Deleting what has expired. Every table with `expires_at` is found in the metadata, so none can be forgotten."""

from __future__ import annotations

from sqlalchemy import Table, delete, select, tuple_

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.tables import metadata

EXPIRES_AT = "expires_at"


def expiring_tables() -> list[Table]:
    """Tables whose rows expire, children before the rows they refer to."""
    return [table for table in reversed(metadata.sorted_tables) if EXPIRES_AT in table.c]


def delete_expired(connection: Connected, table: Table, now: Instant, limit: int) -> int:
    """Delete up to `limit` expired rows; how many were. A NULL never expires."""
    key = tuple_(*table.primary_key.columns)
    expired = select(*table.primary_key.columns).where(table.c[EXPIRES_AT] <= now).limit(limit)
    return connection.execute(delete(table).where(key.in_(expired))).rowcount
