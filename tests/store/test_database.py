"""Transactions keep what was answered, on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from idp.store.database import Connected, Database, StoreUnavailable
from idp.store.people.legal_units import legal_units
from idp.store.prepared import Prepared


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
    monkeypatch.setattr("idp.store.sqlite.WRITE_LOCK_SECONDS", 0.1)
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


INSERT = Prepared(insert(legal_units).inline(), ("siren", "label"))
SIRENS = Prepared(select(legal_units.c.siren))


def sirens(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(legal_units.c.siren)).scalars())


def test_a_refused_statement_leaves_the_transaction_open(database: Database) -> None:
    """SQLAlchemy rolls back after an error where it knows of no transaction; what came next would be kept at once."""
    with pytest.raises(LookupError), database.transaction() as connection:
        INSERT.run(connection, {"siren": "999000375", "label": "GIP"})
        with pytest.raises(IntegrityError):
            INSERT.run(connection, {"siren": "999000375", "label": "GIP"})
        if database.is_sqlite:  # PostgreSQL hears of nothing more
            INSERT.run(connection, {"siren": "970505517", "label": "GIP"})
        raise LookupError
    assert [] == sirens(database)


@pytest.mark.parametrize("by_core", [True, False])
def test_what_comes_after_a_lost_connection_is_not_kept_without_what_came_before(
    database: Database, by_core: bool
) -> None:
    """SQLAlchemy would connect again by itself."""
    with pytest.raises(LookupError), database.transaction() as connection:
        INSERT.run(connection, {"siren": "999000375", "label": "GIP"})
        connection.invalidate()
        with pytest.raises((StoreUnavailable, DBAPIError)):
            if by_core:
                connection.execute(insert(legal_units).values(siren="970505517", label="GIP"))
            else:
                INSERT.run(connection, {"siren": "970505517", "label": "GIP"})
        raise LookupError
    assert [] == sirens(database)


def test_a_lost_connection_keeps_nobody_from_writing(database: Database) -> None:
    """SQLite closes a connection only when nobody has a statement of it any more, and keeps its locks until then."""
    half_read: Any = None
    with pytest.raises(LookupError), database.transaction() as connection:
        INSERT.run(connection, {"siren": "999000375", "label": "GIP"})
        if database.is_sqlite:
            half_read = connection.cursor
            half_read.execute("SELECT 1 UNION SELECT 2")
            half_read.fetchone()
        connection.invalidate()
        raise LookupError
    with database.transaction() as connection:
        INSERT.run(connection, {"siren": "970505517", "label": "GIP"})
    assert ["970505517"] == sirens(database)
    assert (half_read is not None) is database.is_sqlite


@pytest.mark.parametrize("begun", [True, False])
def test_who_is_stopped_while_beginning_leaves_a_good_connection(
    database: Database, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    begin = database.commands.begin

    def stopped(connection: Connected, *, durable: bool) -> None:
        if begun:
            begin(connection, durable=durable)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(database.commands, "begin", stopped)
        with pytest.raises(KeyboardInterrupt), database.transaction():
            pass
    assert 0 == database.in_use
    with database.single_write() as connection:
        INSERT.write(connection, {"siren": "999000375", "label": "GIP"})
    with database.read() as one, database.read() as other:
        for connection in (one, other):
            assert ["999000375"] == list(connection.execute(select(legal_units.c.siren)).scalars())


def test_who_is_stopped_while_undoing_a_beginning_keeps_no_place(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **_durable: bool) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(database.commands, "begin", stopped)
        patched.setattr(database.commands, "roll_back", stopped)
        with pytest.raises(KeyboardInterrupt), database.transaction():
            pass
    assert 0 == database.in_use
    with database.transaction() as connection:
        INSERT.run(connection, {"siren": "999000375", "label": "GIP"})
    assert ["999000375"] == sirens(database)


def test_a_read_that_connected_again_is_not_used_any_more(database: Database) -> None:
    """What we know of a connection is of the one that was lost."""
    with database.read() as connection:
        assert [] == SIRENS.all(connection, {})
        connection.invalidate()
        connection.execute(select(legal_units)).all()
    for _ in range(2):
        with database.read() as connection:
            assert [] == SIRENS.all(connection, {})


def test_a_commit_that_rolls_back_says_so(database: Database) -> None:
    """PostgreSQL does, when a statement has failed and nobody took notice; SQLite keeps the rest."""
    with pytest.raises(LookupError if database.is_sqlite else DBAPIError), database.transaction() as connection:
        INSERT.run(connection, {"siren": "999000375", "label": "GIP"})
        with pytest.raises(IntegrityError):
            INSERT.run(connection, {"siren": "999000375", "label": "GIP"})
        if database.is_sqlite:
            raise LookupError
    assert [] == sirens(database)


def test_what_could_not_be_committed_is_undone_and_the_connection_used_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_connection: Connected) -> None:
        raise database.engine.dialect.loaded_dbapi.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(database.commands, "commit", fail)
        with pytest.raises(StoreUnavailable), database.transaction() as connection:
            INSERT.run(connection, {"siren": "999000375", "label": "GIP"})
    assert [] == sirens(database)
    with database.transaction() as again:
        assert again is connection
        INSERT.run(again, {"siren": "970505517", "label": "GIP"})
    assert ["970505517"] == sirens(database)


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
