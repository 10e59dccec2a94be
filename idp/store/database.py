"""Opening transactions on the one database, SQLite or PostgreSQL.

Owns the pragmas, the write lock and the translation of "the database is not there". Does not own any table.
Called by use cases (through Deps) and by commands.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from idp.store import pipeline
from idp.store.held_connections import HeldConnections

BUSY_MILLISECONDS = 5_000
WRITE_LOCK_SECONDS = 5.0
POOLED, OVERFLOW = 10, 10
"""How many connections one process may open; further threads wait until one of them is free."""
READING = "mire.reading"
DURABLE = "mire.durable"
"""Of the transaction that begins next, which takes this away: one that says nothing is durable."""
CURSOR = "mire.cursor"
SYNCHRONOUS = "mire.synchronous"

FROM_SQLALCHEMY = (DBAPIError, PoolTimeout)

Connected = Connection
"""An open connection inside a transaction: what every store function takes first."""


class StoreUnavailable(Exception):
    """The database is absent, full or locked for too long: nothing was written."""


def engine_options(url: str) -> dict[str, Any]:
    """What Flask-SQLAlchemy's SQLALCHEMY_ENGINE_OPTIONS must be for this database."""
    if url.startswith("sqlite"):
        return {
            "pool_size": POOLED,
            "max_overflow": OVERFLOW,
            "connect_args": {"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000},
        }
    return {
        "isolation_level": "AUTOCOMMIT",  # Database begins by itself: switching at every checkout costs half a read
        "pool_pre_ping": False,
        "pool_size": POOLED,
        "max_overflow": OVERFLOW,
        # psycopg prepares nothing: after a rollback it would take back everything prepared, ours too (libpq.py).
        "connect_args": {"prepare_threshold": None, "connect_timeout": 5},
    }


class Database:
    """The database of one process. `transaction()` may write; `read()` never does."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        if self.is_sqlite:
            _prepare_sqlite(engine)
            _begin_explicitly(engine)
            self._write_lock: AbstractContextManager[None] = WriteLock(Path(f"{engine.url.database}.write-lock"))
        else:
            _prepare_postgresql(engine)
            _speak_by_libpq(engine)
            self._write_lock = nullcontext()
        self._held = HeldConnections(engine, POOLED + OVERFLOW)

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Connected]:
        """One write transaction: commits at the end, rolls back on any exception.

        Not `durable`: it does not wait for the disk, and a power failure may undo it, until the next that does wait
        (PostgreSQL: for 0.6 s at most). Whatever is durable and came after it keeps it, for the log is written in
        order (PostgreSQL 16 section 30.4, sqlite.org/pragma.html#pragma_synchronous).

        Raises:
            StoreUnavailable: the database cannot be reached or written.
        """
        try:
            with self._write_lock:
                connection = self._held.take()
                try:
                    connection.info[READING], connection.info[DURABLE] = False, durable
                    with connection.begin():
                        yield connection
                finally:
                    self._held.give_back(connection)
        except FROM_SQLALCHEMY as error:
            raise _told(error) from error

    @contextmanager
    def read(self) -> Iterator[Connected]:
        """One read: a snapshot on SQLite, autocommit on PostgreSQL (each statement sees what is committed).

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        try:
            connection = self._held.take()
            try:
                connection.info[READING] = True
                yield connection
            finally:
                self._held.give_back(connection)
        except FROM_SQLALCHEMY as error:
            raise _told(error) from error

    def single_write(self) -> AbstractContextManager[Connected]:
        """One statement that writes, alone: PostgreSQL commits it by itself, without a BEGIN and a COMMIT.

        Raises:
            StoreUnavailable: the database cannot be reached or written.
        """
        return self.transaction() if self.is_sqlite else self.read()

    @property
    def in_use(self) -> int:
        """How many transactions and reads are open now."""
        return self._held.in_use

    def close(self) -> None:
        """Give back every pooled connection."""
        self._held.close()
        self.engine.dispose()


class WriteLock(AbstractContextManager[None]):
    """One writer at a time on this machine, in order of arrival.

    SQLite's own busy wait polls with back-off, is unfair and fails under 16 writers; the kernel's queue is fair,
    and the kernel releases it when a process dies. Of each process one thread at most waits in that queue, which has
    no deadline; the others wait for that thread, which has one: a writer that hangs makes 503, not a hanging server.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = Lock()
        self._descriptor = -1

    def __enter__(self) -> None:
        if not self._turn.acquire(timeout=WRITE_LOCK_SECONDS):
            raise StoreUnavailable
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except OSError as error:
            self.__exit__(None, None, None)
            raise StoreUnavailable from error

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1
        self._turn.release()


def _told(error: DBAPIError | PoolTimeout) -> Exception:
    """What is said of it: that the database is not there, or the error itself."""
    gone = isinstance(error, OperationalError | PoolTimeout) or error.connection_invalidated
    return StoreUnavailable() if gone else error


def _prepare_postgresql(engine: Engine) -> None:
    """No statement waits for another's lock longer than a person would; the commands of every transaction are ready."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.execute(f"SET lock_timeout = {BUSY_MILLISECONDS}")
        connection.commit()
        pipeline.prepare_commands(connection.pgconn)


def _prepare_sqlite(engine: Engine) -> None:
    """What every new connection to SQLite is told."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")


def _begin_explicitly(engine: Engine) -> None:
    """Explicit BEGIN by us: pysqlite's implicit one ignores savepoints and starts every write deferred."""

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        reading = connection.info.get(READING)
        begin = "BEGIN" if reading else "BEGIN IMMEDIATE"
        try:
            cursor = held_cursor(connection)
            if not reading:
                _synchronise(connection.info, cursor)
            cursor.execute(begin)
        except connection.dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, begin, None, None, None)


def held_cursor(connection: Connected) -> Any:
    """The one cursor of this connection to SQLite."""
    cursor = connection.info.get(CURSOR)
    if cursor is None:
        driver: Any = connection.connection.driver_connection
        cursor = connection.info[CURSOR] = driver.cursor()
    return cursor


def _synchronise(info: dict[Any, Any], cursor: Any) -> None:
    """Whether the coming COMMIT waits for the disk: told where it is not so already, for SQLite keeps it."""
    wanted = "FULL" if info.pop(DURABLE, True) else "NORMAL"
    if info.get(SYNCHRONOUS, "FULL") != wanted:
        cursor.execute(f"PRAGMA synchronous = {wanted}")
        info[SYNCHRONOUS] = wanted


def _speak_by_libpq(engine: Engine) -> None:
    """BEGIN and COMMIT without psycopg, which takes ten times the statement, and not before somebody waits for what
    comes after or before (pipeline.py)."""

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if not connection.info.get(READING):
            pipeline.keep(connection.info, pipeline.BEGIN)
            if not connection.info.pop(DURABLE, True):
                pipeline.keep(connection.info, pipeline.NOT_DURABLE)

    @event.listens_for(engine, "before_cursor_execute")
    def on_cursor(connection: Connection, *_statement: Any) -> None:
        _told_libpq(connection, pipeline.send_waiting)

    @event.listens_for(engine, "commit")
    def on_commit(connection: Connection) -> None:
        if not connection.info.get(READING):
            _told_libpq(connection, pipeline.commit)

    @event.listens_for(engine, "rollback")
    def on_rollback(connection: Connection) -> None:
        if not connection.invalidated:  # one that has gone has taken along what waited
            pipeline.forget(connection.info)


def _told_libpq(connection: Connection, tell: Callable[[Any, dict[Any, Any]], None]) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        tell(driver.pgconn, connection.info)
    except connection.dialect.loaded_dbapi.Error as error:
        connection._handle_dbapi_exception(error, "", None, None, None)
