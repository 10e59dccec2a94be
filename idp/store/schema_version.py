"""Which schema a database has: asked at every start, so without Alembic, which takes a tenth of a second to load."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from idp.store.database import Database, StoreUnavailable

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def is_current(database: Database) -> bool:
    """Whether the database has the newest schema."""
    newest = (MIGRATIONS / ".current-head").read_text().strip()
    try:
        with database.read() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == newest
    except (ProgrammingError, StoreUnavailable):  # no such table: PostgreSQL says the first, SQLite the second
        with database.read():
            return False
