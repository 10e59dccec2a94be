"""An open connection, and what we know of it.

SQLAlchemy's `Connection.info` is found through three objects at every look, of which a sign-in made forty.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine


class StoreUnavailable(Exception):
    """The database is absent, full or locked for too long: nothing was written."""


class Connected(Connection):
    """An open connection inside a transaction: what every store function takes first."""

    is_begun = False
    """A transaction is open that SQLAlchemy knows nothing of (Database.transaction)."""
    is_reading = True
    """No transaction for writing is open (Database.read)."""
    log_lines: list[Any] | None = None
    """What is to be logged once the transaction has committed (usecases/deps.py)."""
    waits_for_disk = True
    """SQLite: whether a commit waits for the disk, as it was told last."""
    transformer: Any = None
    """psycopg's, that writes values and reads rows (libpq.py)."""

    def __init__(self, engine: Engine) -> None:
        """Of the engine's pool.

        Raises:
            DBAPIError: the database cannot be reached.
            PoolTimeout: all of the pool's are used.
        """
        super().__init__(engine)
        self.driver: Any = self.connection.driver_connection
        """The driver's own: never another, for what has begun on this one cannot go on elsewhere."""
        self.waiting: list[Any] = []
        """Messages that go to PostgreSQL with the next (pipeline.py)."""
        self.prepared: set[bytes] = set()
        """Names of the statements that PostgreSQL has prepared on it (libpq.py)."""

    @cached_property
    def cursor(self) -> Any:
        """The one cursor to SQLite."""
        return self.driver.cursor()

    def is_another(self) -> bool:
        """Whether SQLAlchemy, after a loss, has connected again by itself: what we know is of the one that was lost."""
        return self.connection.driver_connection is not self.driver

    def in_transaction(self) -> bool:
        """Whether one is open, whoever began it: where none is, SQLAlchemy rolls back at every error."""
        return self.is_begun or super().in_transaction()


def has_begun(connection: Connection) -> bool:
    """Whether SQLAlchemy, which is about to begin, comes into a transaction of ours.

    Raises:
        StoreUnavailable: it was lost with its connection; what came after it on another would be kept without it.
    """
    if not (isinstance(connection, Connected) and connection.is_begun):
        return False
    if connection.invalidated or connection.is_another():
        raise StoreUnavailable
    return True
