"""What has expired leaves every table; nothing else does."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, LargeBinary, Table, func, insert, inspect, select

from idp.adapters.clock import QuietClock
from idp.store.database import Connected, Database
from idp.store.platform.housekeeping import expiring_tables
from idp.store.tables import metadata
from idp.usecases.platform.housekeeping import delete_everything_expired
from tests.quiet import quiet_deps

NOW = 1_790_000_000_000
numbers = itertools.count(1)


def some_value(column: Column[Any]) -> Any:
    """A value of the column's type that no other row has."""
    number = next(numbers)
    if isinstance(column.type, JSON):
        return {}
    if isinstance(column.type, LargeBinary):
        return number.to_bytes(32)
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, Integer | BigInteger):
        return number
    return str(number)[: getattr(column.type, "length", None) or None]


def make_row(connection: Connected, table: Table, **given: Any) -> dict[str, Any]:
    """Insert a row with every parent it needs; optional columns stay empty."""
    values = dict(given)
    for column in table.columns:
        if column.name in values or column.nullable:
            continue
        if column.foreign_keys:
            target = next(iter(column.foreign_keys)).column
            values[column.name] = make_row(connection, target.table, **later(target.table))[target.name]
        else:
            values[column.name] = some_value(column)
    connection.execute(insert(table).values(values))
    return values


def later(table: Table) -> dict[str, int]:
    return {"expires_at": NOW + 1} if "expires_at" in table.c else {}


def count(connection: Connected, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_every_table_of_the_database_that_expires_is_known(database: Database) -> None:
    """Asked of the database itself, so that no table is forgotten by the program."""
    seen = inspect(database.engine)
    expiring = {
        name for name in seen.get_table_names() if "expires_at" in {column["name"] for column in seen.get_columns(name)}
    }
    assert {table.name for table in expiring_tables()} == expiring
    assert len(expiring) >= 10


@pytest.mark.parametrize("table", expiring_tables(), ids=lambda table: table.name)
def test_what_has_expired_leaves_and_what_has_not_stays(database: Database, table: Table) -> None:
    with database.transaction() as connection:
        for expires_at in (NOW - 1, NOW, NOW + 1):
            make_row(connection, table, expires_at=expires_at)
        before = count(connection, table)
    removed = delete_everything_expired(quiet_deps(database, clock=QuietClock(NOW)))
    assert removed == {table.name: 2}
    with database.read() as connection:
        assert count(connection, table) == before - 2
        assert connection.execute(select(func.min(table.c.expires_at))).scalar_one() == NOW + 1


@pytest.mark.parametrize("table", expiring_tables(), ids=lambda table: table.name)
def test_a_search_for_the_expired_uses_an_index(table: Table) -> None:
    assert any("expires_at" in index.columns for index in table.indexes)


def test_more_than_a_batch_leaves_in_several(database: Database) -> None:
    revoked = metadata.tables["revoked_tokens"]
    with database.transaction() as connection:
        connection.execute(insert(revoked), [{"jti": str(number), "expires_at": NOW} for number in range(25)])
    removed = delete_everything_expired(quiet_deps(database, clock=QuietClock(NOW)), batch=10)
    assert removed == {"revoked_tokens": 25}


def test_a_key_without_an_end_never_leaves(database: Database) -> None:
    keys = metadata.tables["signing_keys"]
    with database.transaction() as connection:
        make_row(connection, keys)
    assert delete_everything_expired(quiet_deps(database, clock=QuietClock(NOW * 2))) == {}
