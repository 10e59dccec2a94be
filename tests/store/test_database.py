"""Transactions keep what was answered, on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import insert, select, text, update

from idp.store.database import Connected, Database, StoreUnavailable
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


def waits_for_the_disk(connection: Connected) -> bool:
    """Whether its commit will, if the database is set up so (the one of our tests waits for none)."""
    if connection.dialect.name == "sqlite":
        return bool(connection.execute(text("PRAGMA synchronous")).scalar_one() == 2)
    setting = text("SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'")
    return connection.execute(setting).one() != ("off", "session")


def test_a_transaction_waits_for_the_disk_unless_it_need_not(database: Database) -> None:
    """Decision 0013; on the same connection, whatever came before."""
    for durable in (True, False, False, True):
        with database.transaction(durable=durable) as connection:
            assert durable is waits_for_the_disk(connection)
        with database.read() as connection:
            assert database.is_sqlite or waits_for_the_disk(connection), "a single write is durable"


def test_one_that_fails_leaves_the_next_durable(database: Database) -> None:
    with pytest.raises(LookupError), database.transaction(durable=False) as connection:
        assert not waits_for_the_disk(connection)
        raise LookupError
    with database.transaction() as connection:
        assert waits_for_the_disk(connection)


def test_what_is_not_durable_is_seen_by_everybody_and_undone_by_a_failure(database: Database) -> None:
    with database.transaction(durable=False) as connection:
        connection.execute(insert(legal_units).values(siren="999000375", label="GIP"))
    with pytest.raises(LookupError), database.transaction(durable=False) as connection:
        connection.execute(insert(legal_units).values(siren="970505517", label="GIP"))
        raise LookupError
    with database.read() as connection:
        assert ["999000375"] == list(connection.execute(select(legal_units.c.siren)).scalars())
