"""Connections that are used again as they are.

SQLAlchemy's pool makes a Connection and what surrounds it at every checkout, and rolls back at every return: as much
CPU as three statements. A Connection whose transaction has ended is as good as a new one.

What is held is never back in the pool: who waits for a connection must wait here, where those come back that others
have used, and not in the pool, where none does.
"""

from __future__ import annotations

from threading import Condition, Lock

from sqlalchemy import Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from idp.store.connected import Connected

WAIT_SECONDS = 30.0


class HeldConnections:
    """The connections of one process. Never more are held than were once used at the same time."""

    def __init__(self, engine: Engine, most: int) -> None:
        """`most`: how many the engine's pool may open."""
        self._engine = engine
        self._most = most
        self._idle: list[Connected] = []
        self._lock = Lock()
        self._given_back = Condition(self._lock)
        self._waiting = 0
        self.in_use = 0
        """How many are used now."""

    def take(self) -> Connected:
        """One for this thread alone, until it is given back.

        Raises:
            PoolTimeout: all of them were used for too long.
        """
        with self._lock:
            if self.in_use >= self._most:
                self._wait()
            self.in_use += 1
            if self._idle:
                return self._idle.pop()
        try:
            return Connected(self._engine)
        except BaseException:
            self._leave(None)
            raise

    def give_back(self, connection: Connected) -> None:
        """For the next; a transaction that is still open is rolled back. One that is no longer valid says that the
        database has gone away under all that wait."""
        good = None
        try:
            if connection.in_transaction():
                self._roll_back(connection)
            if connection.invalidated or connection.closed or connection.is_another():
                connection.close()
                self.close()
            else:
                good = connection
        finally:
            self._leave(good)

    def close(self) -> None:
        """Close those that nobody uses."""
        while True:
            with self._lock:
                if not self._idle:
                    return
                connection = self._idle.pop()
            connection.close()

    def _wait(self) -> None:
        self._waiting += 1
        try:
            if not self._given_back.wait_for(lambda: self.in_use < self._most, WAIT_SECONDS):
                raise PoolTimeout("Every connection of this process is used.")
        finally:
            self._waiting -= 1

    def _leave(self, connection: Connected | None) -> None:
        with self._lock:
            self.in_use -= 1
            if connection is not None:
                self._idle.append(connection)
            if self._waiting:
                self._given_back.notify()

    def _roll_back(self, connection: Connected) -> None:
        try:
            connection.rollback()
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
