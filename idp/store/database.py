"""Opening transactions on the one database, SQLite or PostgreSQL.

Owns the pragmas, the write lock and the translation of "the database is not there". Does not own any table.
Called by use cases (through Deps) and by commands.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

SQLITE_BUSY_MILLISECONDS = 5_000

Connected = Connection
"""An open connection inside a transaction: what every store function takes first."""


class StoreUnavailable(Exception):
    """The database is absent, full or locked for too long: nothing was written."""


def engine_options(url: str) -> dict[str, Any]:
    """What Flask-SQLAlchemy's SQLALCHEMY_ENGINE_OPTIONS must be for this database."""
    if url.startswith("sqlite"):
        return {"connect_args": {"check_same_thread": False, "timeout": SQLITE_BUSY_MILLISECONDS / 1000}}
    return {
        "pool_pre_ping": False,
        "pool_size": 10,
        "max_overflow": 10,
        "connect_args": {"prepare_threshold": 1},
    }


class Database:
    """The database of one process. `transaction()` may write; `read()` never does."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer: Engine = engine
        self._reader: Engine = engine
        if self.is_sqlite:
            _prepare_sqlite(engine)
            self._writer = engine.execution_options(mire_begin="BEGIN IMMEDIATE")
            self._reader = engine.execution_options(mire_begin="BEGIN")
            self._lock_path = Path(f"{engine.url.database}.write-lock")
        else:
            self._reader = engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Connected]:
        """One write transaction: commits at the end, rolls back on any exception.

        Raises:
            StoreUnavailable: the database cannot be reached or written.
        """
        with _translated(), self._write_lock(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connected]:
        """One read: a snapshot on SQLite, autocommit on PostgreSQL (each statement sees what is committed).

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        with _translated(), self._reader.connect() as connection:
            yield connection

    def close(self) -> None:
        """Give back every pooled connection."""
        self.engine.dispose()

    def _write_lock(self) -> AbstractContextManager[None]:
        return _exclusive(self._lock_path) if self.is_sqlite else nullcontext()


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """One writer at a time on this machine, in order of arrival.

    SQLite's own busy wait polls with back-off, is unfair and fails under 16 writers; the kernel's queue is fair,
    and the kernel releases it when a process dies.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        raise StoreUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable from error
        raise


def _prepare_sqlite(engine: Engine) -> None:
    """Explicit BEGIN by us: the driver's implicit one ignores savepoints and starts every write deferred."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {SQLITE_BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("mire_begin", "BEGIN IMMEDIATE"))
