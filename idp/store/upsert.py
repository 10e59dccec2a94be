"""The one insert that each engine spells in its own dialect: a row, unless a unique key of it is taken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql, sqlite

from idp.store.database import Connected


def insert_unless_there(connection: Connected, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert `row`; False, and nothing changed, when a unique key of it is taken."""
    return connection.execute(_statement(connection, table, row)).rowcount == 1


def insert_returning(connection: Connected, table: Table, row: Mapping[str, Any], column: Column[Any]) -> Any:
    """Insert `row` and return that column of it; None, and nothing changed, when a unique key of it is taken."""
    return connection.execute(_statement(connection, table, row).returning(column)).scalar()


def _statement(connection: Connected, table: Table, row: Mapping[str, Any]) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).values(row).on_conflict_do_nothing()
