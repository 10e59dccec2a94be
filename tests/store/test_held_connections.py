"""Connections are used again as they are, and none that the database has cut off."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, delete, event, insert, select, text

from idp.store.database import OVERFLOW, POOLED, Connected, Database, StoreUnavailable, engine_options
from idp.store.held_connections import WAIT_SECONDS
from idp.store.people.legal_units import legal_units
from tests.conftest import fresh_postgresql


def test_reads_and_transactions_one_after_the_other_take_turns_on_one_connection(database: Database) -> None:
    taken: list[object] = []
    event.listen(database.engine, "checkout", lambda *arguments: taken.append(arguments))
    database.close()
    for _ in range(3):
        with database.transaction() as connection:
            connection.execute(select(legal_units)).all()
        with database.read() as connection:
            connection.execute(select(legal_units)).all()
    assert 1 == len(taken)
    assert 0 == database.in_use


def test_two_at_once_have_a_connection_each(database: Database) -> None:
    with database.read() as one, database.read() as other:
        assert one is not other
        assert 2 == database.in_use
    assert 0 == database.in_use


def test_a_thread_that_waits_gets_the_next_connection_that_is_given_back(database: Database) -> None:
    """It does not wait for the pool, which gets none back: with more threads than connections that was in vain."""

    def read() -> int:
        with database.read() as connection:
            return len(connection.execute(select(legal_units)).all())

    with ThreadPoolExecutor(1) as thread, ExitStack() as taken:
        for _ in range(POOLED + OVERFLOW):
            taken.enter_context(database.read())
        waiting = thread.submit(read)
        assert not wait([waiting], timeout=0.2).done
        taken.close()
        assert 0 == waiting.result(timeout=WAIT_SECONDS / 2)


def test_what_a_read_left_open_is_not_seen_by_the_next(database: Database) -> None:
    """A snapshot that went on would hide what has been written since."""
    with database.read() as connection:
        assert [] == connection.execute(select(legal_units)).all()
    with database.transaction() as connection:
        connection.execute(insert(legal_units).values(siren="999000375", label="GIP"))
    with database.read() as connection:
        assert 1 == len(connection.execute(select(legal_units)).all())


def test_a_failed_transaction_does_not_go_on_in_the_next(database: Database) -> None:
    with pytest.raises(LookupError), database.transaction() as connection:
        connection.execute(insert(legal_units).values(siren="999000375", label="GIP"))
        raise LookupError
    with database.transaction() as connection:
        assert [] == connection.execute(select(legal_units)).all()


def test_when_the_database_cuts_off_one_connection_the_idle_ones_are_not_tried(database: Database) -> None:
    """A database that restarts costs each process one refusal, not one for each connection it had."""
    if database.is_sqlite:
        return
    with database.read() as killer:
        with database.read() as one, database.read() as other:
            pids = [item.execute(text("SELECT pg_backend_pid()")).scalar_one() for item in (one, other)]
        for pid in pids:
            killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    outcomes = []
    for _ in range(4):
        try:
            with database.read() as first, database.read() as second:
                outcomes.append([item.execute(text("SELECT 1")).scalar_one() for item in (first, second)])
        except StoreUnavailable:
            outcomes.append([])
    assert 1 == outcomes.count([])
    assert [1, 1] == outcomes[-1]


def test_a_single_write_is_there_for_everybody_at_its_end(database: Database) -> None:
    with database.single_write() as connection:
        connection.execute(insert(legal_units).values(siren="999000375", label="GIP"))
    with database.read() as connection:
        assert 1 == len(connection.execute(select(legal_units)).all())


def test_a_single_write_sends_no_begin_to_postgresql(database: Database) -> None:
    """BEGIN and COMMIT are two more round trips, each as long as the statement; SQLite has none to make."""
    assert is_open(database.transaction())
    assert database.is_sqlite is is_open(database.single_write())


def is_open(opened: AbstractContextManager[Connected]) -> bool:
    """Whether a write in it has to wait for a COMMIT."""
    with opened as connection:
        connection.execute(insert(legal_units).values(siren="999000375", label="GIP"))
        driver: Any = connection.connection.driver_connection
        found: bool = driver.in_transaction if hasattr(driver, "in_transaction") else driver.info.transaction_status > 0
        connection.execute(delete(legal_units))
    return found


def test_a_connection_that_was_cut_off_is_never_a_defect_of_ours(postgresql_server: str) -> None:
    """Whatever comes first on it: a read, a transaction, a statement that is prepared."""
    with fresh_postgresql(postgresql_server) as address:
        url = address.replace("postgresql://", "postgresql+psycopg://", 1)
        database = Database(create_engine(url, **engine_options(url)))
        for _ in range(3):
            for first in (database.transaction, database.read):
                assert answers(database.read)
                assert answers(database.transaction)
                cut_off(postgresql_server, address)
                assert not answers(first)
                assert answers(first)
        database.close()


def answers(begin: Callable[[], AbstractContextManager[Connected]]) -> bool:
    try:
        with begin() as connection:
            return connection.execute(select(1)).scalar_one() == 1
    except StoreUnavailable:
        return False


def cut_off(server: str, address: str) -> None:
    """Every connection to it, and wait until they are."""
    name = address.partition("?")[0].rpartition("/")[2]
    gone = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(gone, [name])
