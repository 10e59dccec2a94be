"""SQLite: the pragmas, the write lock, and how a transaction begins and ends."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, event

from idp.store.connected import Connected, StoreUnavailable, has_begun

BUSY_MILLISECONDS = 5_000
WRITE_LOCK_SECONDS = 5.0


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


class SqliteCommands:
    """What SQLite is told when a write transaction begins and ends."""

    def __init__(self, engine: Engine) -> None:
        """Of an engine that has not connected yet."""
        event.listen(engine, "connect", self._on_connect)
        event.listen(engine, "begin", self._on_begin)
        event.listen(engine, "invalidate", self._on_invalidate)

    def begin(self, connection: Connected, *, durable: bool) -> None:
        """Begin, as a writer from the first: one that reads first and then writes may find that it cannot.

        Raises:
            sqlite3.Error: it has not begun.
        """
        if connection.waits_for_disk is not durable:  # SQLite keeps it
            connection.cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.waits_for_disk = durable
        connection.cursor.execute("BEGIN IMMEDIATE")

    def commit(self, connection: Connected) -> None:
        """Keep it.

        Raises:
            sqlite3.Error: it is still open.
        """
        connection.driver.commit()

    def roll_back(self, connection: Connected) -> None:
        """Undo it, if it is open.

        Raises:
            sqlite3.Error: it cannot be told.
        """
        connection.driver.rollback()

    @staticmethod
    def _on_connect(driver: Any, _record: Any) -> None:
        driver.isolation_level = None
        for pragma in (
            f"busy_timeout = {BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            driver.execute(f"PRAGMA {pragma}")

    @staticmethod
    def _on_invalidate(driver: Any, _record: Any, _error: BaseException | None) -> None:
        """Whoever still has a cursor of it keeps it from being closed, and so would keep its transaction open, and
        everybody else from writing."""
        with suppress(sqlite3.Error):
            driver.rollback()

    @staticmethod
    def _on_begin(connection: Connection) -> None:
        """Explicit BEGIN by us: the driver's implicit one ignores savepoints. In a write transaction it has been."""
        if has_begun(connection):
            return
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute("BEGIN")
        except connection.dialect.loaded_dbapi.Error as error:
            connection._handle_dbapi_exception(error, "BEGIN", None, None, None)
