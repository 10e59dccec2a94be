"""Housekeeping: what has expired leaves, a batch at a time so that nobody waits."""

from __future__ import annotations

from idp.store.platform.housekeeping import delete_expired, expiring_tables
from idp.usecases.deps import Deps

BATCH = 500


def delete_everything_expired(deps: Deps, batch: int = BATCH) -> dict[str, int]:
    """Delete every expired row of every table; how many of each, in one log line."""
    counts: dict[str, int] = {}
    for table in expiring_tables():
        deleted = batch
        while deleted == batch:
            with deps.transaction() as connection:
                deleted = delete_expired(connection, table, deps.clock.now(), batch)
            counts[table.name] = counts.get(table.name, 0) + deleted
    removed = {name: count for name, count in counts.items() if count}
    if removed:
        deps.log.event("housekeeping.deleted", dict(removed))
    return removed
