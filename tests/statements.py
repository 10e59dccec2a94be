"""Counts the SQL statements that something sends (BEGIN, COMMIT and pragmas not counted)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import event

from idp.store.database import Connected, Database
from idp.store.prepared import LISTENERS


@contextlib.contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements sent while this is open, in order."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "PRAGMA")):
            sent.append(statement)

    def note_prepared(connection: Connected, statement: str, _values: Any) -> None:
        if connection.engine is database.engine:
            sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    LISTENERS.append(note_prepared)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
        LISTENERS.remove(note_prepared)
