"""PostgreSQL: what a connection is told, and how a transaction begins and ends.

BEGIN and COMMIT go without psycopg, which takes ten times the statement, and not before somebody waits for what comes
after or before (pipeline.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event

from idp.store import pipeline
from idp.store.connected import Connected, has_begun

LOCK_MILLISECONDS = 5_000
"""No statement waits for another's lock longer than a person would."""


class PostgresqlCommands:
    """What PostgreSQL is told when a write transaction begins and ends, by us or by SQLAlchemy within one of ours."""

    def __init__(self, engine: Engine) -> None:
        """Of an engine that has not connected yet."""
        event.listen(engine, "connect", self._on_connect)
        event.listen(engine, "begin", has_begun)
        event.listen(engine, "before_cursor_execute", self._on_cursor)
        event.listen(engine, "commit", self._on_commit)
        event.listen(engine, "rollback", self._on_rollback)

    def begin(self, connection: Connected, *, durable: bool) -> None:
        """Begin with the first statement."""
        connection.waiting.append(pipeline.BEGIN)
        if not durable:
            connection.waiting.append(pipeline.NOT_DURABLE)

    def commit(self, connection: Connected) -> None:
        """Keep it.

        Raises:
            psycopg.Error: nothing of it has happened.
        """
        pipeline.commit(connection.driver.pgconn, connection.waiting)

    def roll_back(self, connection: Connected) -> None:
        """Undo it, if it has begun.

        Raises:
            psycopg.Error: it cannot be told.
        """
        connection.waiting.clear()
        connection.driver.rollback()

    @staticmethod
    def _on_connect(driver: Any, _record: Any) -> None:
        driver.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
        driver.commit()
        pipeline.prepare_commands(driver.pgconn)

    @staticmethod
    def _on_cursor(connection: Connection, *_statement: Any) -> None:
        if isinstance(connection, Connected):
            _told_libpq(connection, pipeline.send_waiting)

    @staticmethod
    def _on_commit(connection: Connection) -> None:
        if isinstance(connection, Connected) and connection.is_begun:
            _told_libpq(connection, pipeline.commit)

    @staticmethod
    def _on_rollback(connection: Connection) -> None:
        if isinstance(connection, Connected):
            connection.waiting.clear()


def _told_libpq(connection: Connected, tell: Callable[[Any, list[Any]], None]) -> None:
    try:
        tell(connection.driver.pgconn, connection.waiting)
    except connection.dialect.loaded_dbapi.Error as error:
        connection._handle_dbapi_exception(error, "", None, None, None)
