"""Connections that are used again as they are.

SQLAlchemy's pool makes a Connection and what surrounds it at every checkout, and rolls back at every return: as much
CPU as three statements. A Connection whose transaction has ended is as good as a new one.

What is held is never back in the pool: who waits for a connection must wait here, where those come back that others
have used, and not in the pool, where none does.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from threading import Semaphore

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

WAIT_SECONDS = 30.0


class HeldConnections:
    """The connections of one process. Never more are held than were once used at the same time."""

    def __init__(self, engine: Engine, most: int) -> None:
        """`most`: how many the engine's pool may open."""
        self._engine = engine
        self._free = Semaphore(most)
        self._idle: deque[Connection] = deque()
        self._used: deque[None] = deque()

    @property
    def in_use(self) -> int:
        """How many are used now."""
        return len(self._used)

    def take(self) -> Connection:
        """One for this thread alone, until it is given back.

        Raises:
            PoolTimeout: all of them were used for too long.
        """
        if not self._free.acquire(timeout=WAIT_SECONDS):
            raise PoolTimeout("Every connection of this process is used.")
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._opened()
        self._used.append(None)
        return connection

    def give_back(self, connection: Connection) -> None:
        """For the next; a transaction that is still open is rolled back. One that is no longer valid says that the
        database has gone away under all that wait."""
        self._used.pop()
        try:
            if connection.in_transaction():
                self._roll_back(connection)
            if connection.invalidated or connection.closed:
                connection.close()
                self.close()
            else:
                self._idle.append(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close those that nobody uses."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _roll_back(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except BaseException:
            connection.invalidate()
            connection.close()
            raise

    def _opened(self) -> Connection:
        try:
            return self._engine.connect()
        except BaseException:
            self._free.release()
            raise
