"""What nobody waits for travels with what somebody waits for; SQLite has no way to make, and does it at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from idp.store import pipeline
from idp.store.database import Connected, Database, StoreUnavailable
from idp.store.people.legal_units import legal_units
from idp.store.prepared import Prepared

SIRENS = ("999000375", "970505517", "732829320")
INSERT = Prepared(insert(legal_units).inline(), ("siren", "label"))
LABEL = Prepared(select(legal_units.c.label).where(legal_units.c.siren == bindparam("which")))
RENAME = Prepared(update(legal_units).where(legal_units.c.siren == bindparam("which")).values(label=bindparam("new")))


def add(connection: Connected, siren: str, label: str = "GIP") -> None:
    INSERT.write(connection, {"siren": siren, "label": label})


def labels(database: Database) -> dict[str, str]:
    with database.read() as connection:
        return {row.siren: row.label for row in connection.execute(select(legal_units))}


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages went on each way to PostgreSQL and back."""
    made: list[int] = []
    alone, together = pipeline._alone, pipeline._together

    def one(pgconn: Any, message: pipeline.Message) -> Any:
        made.append(1)
        return alone(pgconn, message)

    def several(pgconn: Any, messages: list[pipeline.Message]) -> list[Any]:
        made.append(len(messages))
        return together(pgconn, messages)

    monkeypatch.setattr(pipeline, "_alone", one)
    monkeypatch.setattr(pipeline, "_together", several)
    return made


def test_a_begin_and_what_nobody_waits_for_go_with_the_next_that_somebody_does(
    database: Database, trips: list[int]
) -> None:
    with database.transaction() as connection:
        add(connection, SIRENS[0])
        add(connection, SIRENS[1])
        assert LABEL.first(connection, {"which": SIRENS[0]}) == ("GIP",)
        add(connection, SIRENS[2])
    assert set(SIRENS) == labels(database).keys()
    assert ([] if database.is_sqlite else [4, 2]) == trips


def test_a_transaction_in_which_nothing_is_said_is_not_begun(database: Database, trips: list[int]) -> None:
    with database.transaction():
        pass
    assert [] == trips


def test_a_single_write_is_sent_at_once(database: Database, trips: list[int]) -> None:
    """It has no commit to go with."""
    with database.single_write() as connection:
        add(connection, SIRENS[0])
        assert ([] if database.is_sqlite else [1]) == trips
    assert labels(database)


def test_another_way_of_speaking_comes_after_what_waits(database: Database) -> None:
    with database.transaction() as connection:
        add(connection, SIRENS[0])
        assert 1 == connection.execute(select(func.count()).select_from(legal_units)).scalar_one()


def test_what_is_wrong_is_told_at_the_commit_and_nothing_has_happened(database: Database) -> None:
    with pytest.raises(IntegrityError), database.transaction() as connection:
        add(connection, SIRENS[0])
        add(connection, SIRENS[1])
        add(connection, SIRENS[1], "a second time")
    assert {} == labels(database)
    with database.transaction() as connection:
        add(connection, SIRENS[2])
    assert {SIRENS[2]: "GIP"} == labels(database), "the connection is as good as before"


def test_what_is_wrong_is_told_of_whoever_waits_next(database: Database) -> None:
    """What comes after has not been done; without the doubled one it would have been."""
    for doubled, outcome in ((False, {SIRENS[0], SIRENS[1]}), (True, set())):
        with database.transaction() as connection:
            connection.execute(text("DELETE FROM legal_units"))
        try:
            with database.transaction() as connection:
                add(connection, SIRENS[0])
                add(connection, SIRENS[0] if doubled else SIRENS[1])
                LABEL.first(connection, {"which": SIRENS[0]})
        except IntegrityError:
            assert doubled
        assert outcome == labels(database).keys()


def test_what_waits_in_a_transaction_that_is_given_up_is_never_sent(database: Database) -> None:
    with pytest.raises(LookupError), database.transaction() as connection:
        add(connection, SIRENS[0])
        raise LookupError
    with database.transaction() as connection:
        add(connection, SIRENS[1])
    assert {SIRENS[1]} == labels(database).keys()


def test_more_than_a_socket_holds_goes_too(database: Database) -> None:
    with database.transaction() as connection:
        for number, siren in enumerate(SIRENS):
            add(connection, siren, "x" * (4_000_000 + number))
    assert [4_000_000, 4_000_001, 4_000_002] == sorted(map(len, labels(database).values()))


def test_a_commit_that_finds_the_database_gone_says_so(database: Database) -> None:
    if database.is_sqlite:
        return
    with pytest.raises(StoreUnavailable), database.transaction() as connection, database.read() as killer:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        add(connection, SIRENS[0])
        killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    assert {} == labels(database)
    with database.transaction() as connection:
        add(connection, SIRENS[1])
    assert {SIRENS[1]} == labels(database).keys()


def test_a_connection_that_was_left_in_the_middle_is_not_used_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database.is_sqlite:
        return

    def broken(_pgconn: object) -> list[object]:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "_answers", broken)
        with pytest.raises((MemoryError, StoreUnavailable)), database.transaction() as connection:
            add(connection, SIRENS[0])
            LABEL.first(connection, {"which": SIRENS[0]})
    for _ in range(2):
        with suppress(StoreUnavailable), database.transaction() as connection:
            add(connection, SIRENS[1])
            break
    assert {SIRENS[1]} == labels(database).keys()


def test_who_waits_for_a_lock_leaves_the_interpreter_to_who_has_it(database: Database) -> None:
    """Waiting inside of libpq would hold both until PostgreSQL gives up (measured)."""
    if database.is_sqlite:
        return
    with database.transaction() as connection:
        add(connection, SIRENS[0])

    def rename() -> None:
        with database.transaction() as connection:
            assert 1 == RENAME.run(connection, {"which": SIRENS[0], "new": "second"})

    with ThreadPoolExecutor(1) as thread:
        with database.transaction() as connection:
            assert 1 == RENAME.run(connection, {"which": SIRENS[0], "new": "first"})
            waiting = thread.submit(rename)
            with database.read() as watch:
                while not watch.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted")).first():
                    assert not waiting.done()
        waiting.result(timeout=4)
    assert {SIRENS[0]: "second"} == labels(database)
