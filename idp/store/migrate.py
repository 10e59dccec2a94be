"""Running Alembic's migrations from the program and the tests."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from idp.store.database import Database, StoreUnavailable

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def configuration(url: str) -> Config:
    """Alembic's configuration for this database; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Bring the database to the newest schema; nothing happens when it is there already."""
    command.upgrade(configuration(url), "head")


def is_current(database: Database) -> bool:
    """Whether the database has the newest schema."""
    newest = (MIGRATIONS / ".current-head").read_text().strip()
    try:
        with database.read() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == newest
    except (ProgrammingError, StoreUnavailable):  # no such table: PostgreSQL says the first, SQLite the second
        with database.read():
            return False


def check(url: str) -> None:
    """Fail unless the migrated database has exactly the tables of the models.

    Raises:
        alembic.util.CommandError: something differs.
    """
    command.check(configuration(url))
