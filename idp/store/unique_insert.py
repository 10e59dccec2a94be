"""Once, across threads, processes and nodes: an INSERT that only one of them wins."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from sqlalchemy import Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from idp.store.database import Connected
from idp.store.prepared import Prepared


def insert_once(connection: Connected, table: Table, values: Mapping[str, object]) -> bool:
    """Whether this row was new: False when another row has the same key."""
    statement = _insert_once(table, connection.dialect.name)
    return connection.execute(statement, values, execution_options={"preserve_rowcount": True}).rowcount == 1


def insert_once_prepared(table: Table) -> Prepared:
    """The same for the hot paths: `run` says how many rows were new. Every column is given."""
    return Prepared(lambda dialect: _insert_once(table, dialect), tuple(table.c.keys()))


@cache
def _insert_once(table: Table, dialect: str) -> Insert:
    # Built once: building it costs more than sending it.
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()
