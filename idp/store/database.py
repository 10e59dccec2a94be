"""Opening transactions on the one database, SQLite or PostgreSQL.

Owns the translation of "the database is not there"; how each is told is for sqlite.py and postgresql.py to say.
Does not own any table. Called by use cases (through Deps) and by commands.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from idp.store.connected import Connected as Connected
from idp.store.connected import StoreUnavailable as StoreUnavailable
from idp.store.held_connections import HeldConnections
from idp.store.postgresql import PostgresqlCommands
from idp.store.sqlite import BUSY_MILLISECONDS, SqliteCommands, WriteLock

POOLED, OVERFLOW = 10, 10
"""How many connections one process may open; further threads wait until one of them is free."""
FROM_SQLALCHEMY = (DBAPIError, PoolTimeout)


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


class Commands(Protocol):
    """How a database is told that a write transaction begins and ends. Each raises the driver's errors."""

    def begin(self, connection: Connected, *, durable: bool) -> None: ...

    def commit(self, connection: Connected) -> None: ...

    def roll_back(self, connection: Connected) -> None: ...


class Database:
    """The database of one process. `transaction()` may write; `read()` never does."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self.commands: Commands = SqliteCommands(engine) if self.is_sqlite else PostgresqlCommands(engine)
        self.write_lock: AbstractContextManager[None] = nullcontext()
        if self.is_sqlite:
            self.write_lock = WriteLock(Path(f"{engine.url.database}.write-lock"))
        self.held = HeldConnections(engine, POOLED + OVERFLOW)

    def transaction(self, *, durable: bool = True) -> AbstractContextManager[Connected]:
        """One write transaction: commits at the end, rolls back on any exception.

        Not `durable`: it does not wait for the disk, and a power failure may undo it, until the next that does wait
        (PostgreSQL: for 0.6 s at most). Whatever is durable and came after it keeps it, for the log is written in
        order (PostgreSQL 16 section 30.4, sqlite.org/pragma.html#pragma_synchronous).

        Raises:
            StoreUnavailable: the database cannot be reached or written.
        """
        return Transaction(self, durable=durable)

    def read(self) -> AbstractContextManager[Connected]:
        """One read. Each statement sees what is committed; on SQLite those of SQLAlchemy share a snapshot.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        return Reading(self)

    def single_write(self) -> AbstractContextManager[Connected]:
        """One statement that writes, alone: PostgreSQL commits it by itself, without a BEGIN and a COMMIT.

        Raises:
            StoreUnavailable: the database cannot be reached or written.
        """
        return self.transaction() if self.is_sqlite else self.read()

    @property
    def in_use(self) -> int:
        """How many transactions and reads are open now."""
        return self.held.in_use

    def close(self) -> None:
        """Give back every pooled connection."""
        self.held.close()
        self.engine.dispose()


class Reading(AbstractContextManager[Connected]):
    """See Database.read. A class, as the next: a generator costs three times as much to enter and to leave."""

    def __init__(self, database: Database) -> None:
        self._held = database.held

    def __enter__(self) -> Connected:
        try:
            self._connection = self._held.take()
        except FROM_SQLALCHEMY as error:
            raise _told(error) from error
        return self._connection

    def __exit__(self, _kind: object, error: BaseException | None, _trace: TracebackType | None) -> None:
        try:
            self._held.give_back(self._connection)
        except FROM_SQLALCHEMY as failure:
            raise _told(failure) from failure
        _tell(error)


class Transaction(AbstractContextManager[Connected]):
    """See Database.transaction. SQLAlchemy's own beginning and ending is a twentieth of a sign-in (measured); where a
    use case speaks through it, it begins within ours, and ends with it."""

    def __init__(self, database: Database, *, durable: bool) -> None:
        self._database = database
        self._durable = durable

    def __enter__(self) -> Connected:
        database = self._database
        database.write_lock.__enter__()
        try:
            self._connection = connection = database.held.take()
            try:
                self._begin(connection)
            except BaseException:
                try:
                    self._roll_back(connection)
                finally:
                    self._end(connection)
                raise
        except BaseException as error:
            database.write_lock.__exit__(None, None, None)
            _tell(error)
            raise
        return connection

    def __exit__(self, _kind: object, error: BaseException | None, _trace: TracebackType | None) -> None:
        database, connection = self._database, self._connection
        try:
            try:
                if error is None:
                    self._commit(connection)
                else:
                    self._roll_back(connection)
            finally:
                self._end(connection)
        except FROM_SQLALCHEMY as failure:
            raise _told(failure) from failure
        finally:
            database.write_lock.__exit__(None, None, None)
        _tell(error)

    def _begin(self, connection: Connected) -> None:
        connection.is_reading = False
        try:
            self._database.commands.begin(connection, durable=self._durable)
        except connection.dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, "BEGIN", None, None, None)
        connection.is_begun = True

    def _end(self, connection: Connected) -> None:
        connection.is_begun = False
        connection.is_reading = True
        self._database.held.give_back(connection)

    def _commit(self, connection: Connected) -> None:
        try:
            if connection.get_transaction() is not None:  # SQLAlchemy has begun within it, and ends it
                connection.commit()
                return
            try:
                self._database.commands.commit(connection)
            except connection.dialect.loaded_dbapi.Error as error:
                connection._handle_dbapi_exception(error, "COMMIT", None, None, None)
        except BaseException:
            self._roll_back(connection)
            raise

    def _roll_back(self, connection: Connected) -> None:
        """Nothing is left of it: a connection that cannot be told is closed. What counts is why it was to be undone."""
        try:
            if connection.get_transaction() is not None:
                connection.rollback()
            if not connection.invalidated:
                self._database.commands.roll_back(connection)
        except (connection.dialect.loaded_dbapi.Error, DBAPIError):
            connection.invalidate()
        except BaseException:
            connection.invalidate()
            raise


def _tell(error: BaseException | None) -> None:
    """What came out of the block is told as the database's own failures are."""
    if isinstance(error, FROM_SQLALCHEMY):
        told = _told(error)
        if told is not error:
            raise told from error


def _told(error: DBAPIError | PoolTimeout) -> Exception:
    """What is said of it: that the database is not there, or the error itself."""
    gone = isinstance(error, OperationalError | PoolTimeout) or error.connection_invalidated
    return StoreUnavailable() if gone else error
