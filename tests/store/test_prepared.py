"""A prepared statement does what the same statement of Core does, on both engines."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, LargeBinary, MetaData, String, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from idp.store.database import Database, StoreUnavailable
from idp.store.prepared import Prepared
from tests.statements import counted

metadata = MetaData()
things = Table(
    "things",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("data", JSON),
    Column("flag", Boolean),
    Column("raw", LargeBinary),
)
ADD = Prepared(insert(things).inline(), ("name", "data", "flag", "raw"))
FIND = Prepared(select(things).where(things.c.name == bindparam("wanted")))
FLIP = Prepared(update(things).where(things.c.flag.is_(True), things.c.name != "fixed").values(flag=bindparam("flag_")))
ONE: dict[str, Any] = {"name": "one", "data": {"é": [1, None]}, "flag": True, "raw": b"\x00\xff"}


@pytest.fixture(autouse=True)
def table(database: Database) -> None:
    with database.transaction() as connection:
        metadata.create_all(connection)


def test_values_come_back_as_they_went_in(database: Database) -> None:
    with database.transaction() as connection:
        assert 1 == ADD.run(connection, ONE)
        ADD.run(connection, {"name": "none", "data": None, "flag": None, "raw": None})
    with database.read() as connection:
        row = FIND.first(connection, {"wanted": "one"})
        assert tuple(ONE.values()) == row
        assert row == tuple(connection.execute(select(things).where(things.c.name == "one")).one())
        assert ("none", None, None, None) == FIND.first(connection, {"wanted": "none"})
        assert FIND.first(connection, {"wanted": "nobody"}) is None


def test_a_write_says_how_many_rows_it_touched(database: Database) -> None:
    with database.transaction() as connection:
        for name in ("one", "two", "fixed"):
            ADD.run(connection, {**ONE, "name": name})
        assert 2 == FLIP.run(connection, {"flag_": False})
        assert 0 == FLIP.run(connection, {"flag_": False})


def test_it_belongs_to_the_open_transaction(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as connection:
        ADD.run(connection, ONE)
        raise KeyError
    with database.read() as connection:
        assert FIND.first(connection, {"wanted": "one"}) is None


def test_a_broken_rule_of_the_table_is_the_error_that_core_raises(database: Database) -> None:
    with database.transaction() as connection:
        ADD.run(connection, ONE)
    with pytest.raises(IntegrityError), database.transaction() as connection:
        ADD.run(connection, ONE)


def test_an_absent_table_or_database_is_the_error_that_core_raises(database: Database) -> None:
    with database.transaction() as connection:
        metadata.drop_all(connection)
    with pytest.raises((ProgrammingError, StoreUnavailable)), database.read() as connection:
        FIND.first(connection, {"wanted": "one"})


def test_listeners_hear_of_it(database: Database) -> None:
    with counted(database) as sent, database.read() as connection:
        FIND.first(connection, {"wanted": "one"})
    assert ["SELECT"] == [statement.split()[0] for statement in sent]


def test_a_value_never_becomes_part_of_the_statement(database: Database) -> None:
    with database.read() as connection:
        assert FIND.first(connection, {"wanted": "' OR 1=1 --"}) is None


def test_a_rollback_takes_nothing_back_that_was_prepared(database: Database) -> None:
    """psycopg would answer a rollback with DEALLOCATE ALL, which is not for its own statements alone."""
    with database.transaction() as connection:
        ADD.run(connection, ONE)
    for _ in range(3):  # a statement that psycopg prepares is one that it has sent before
        with database.transaction() as connection:
            connection.execute(select(things.c.name)).all()
    with pytest.raises(KeyError), database.transaction():
        raise KeyError
    with database.transaction() as connection:
        connection.execute(select(things.c.name)).all()
        assert 1 == ADD.run(connection, {**ONE, "name": "two"})
