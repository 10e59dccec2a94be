"""Once, across threads, processes and nodes: an INSERT that only one of them wins."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from idp.store.database import Connected


def insert_once(connection: Connected, table: Table, values: Mapping[str, object]) -> bool:
    """Whether this row was new: False when another row has the same key."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(values).on_conflict_do_nothing()
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1
