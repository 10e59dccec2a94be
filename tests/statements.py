"""Counts the SQL statements that something sends (BEGIN, COMMIT and pragmas not counted)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import event

from idp.store.database import Database


@contextlib.contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements sent while this is open, in order."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "PRAGMA")):
            sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
