"""Transactions keep what was answered, on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select, update

from idp.store.database import Database, StoreUnavailable
from idp.store.people.legal_units import legal_units


def test_an_exception_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(LookupError), database.transaction() as connection:
        connection.execute(insert(legal_units).values(siren="999000375", label="GIP"))
        raise LookupError
    with database.read() as connection:
        assert connection.execute(select(legal_units)).all() == []


def test_sixteen_writers_lose_no_increment(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(insert(legal_units).values(siren="999000375", label=""))

    def append(_: int) -> None:
        with database.transaction() as connection:
            connection.execute(update(legal_units).values(label=legal_units.c.label + "x"))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(append, range(64)))
    with database.read() as connection:
        assert connection.execute(select(legal_units.c.label)).scalar_one() == "x" * 64


def test_a_writer_that_hangs_makes_the_others_unavailable_and_not_hang(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process or another; on SQLite the queue for the lock, on PostgreSQL the row's lock, has a deadline."""
    monkeypatch.setattr("idp.store.database.WRITE_LOCK_SECONDS", 0.1)
    with database.transaction() as connection:
        connection.execute(insert(legal_units).values(siren="999000375", label=""))
    waiting = ThreadPoolExecutor(1)
    with database.transaction() as connection:
        connection.execute(update(legal_units).values(label="held"))

        def write() -> None:
            with database.transaction() as other:
                if not database.is_sqlite:
                    other.exec_driver_sql("SET LOCAL lock_timeout = 100")
                other.execute(update(legal_units).values(label="lost"))

        with pytest.raises(StoreUnavailable):
            waiting.submit(write).result(20)
    waiting.shutdown()
    with database.transaction() as connection:
        assert connection.execute(select(legal_units.c.label)).scalar_one() == "held"
