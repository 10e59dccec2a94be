"""Running Alembic's migrations from the program and the tests."""

from __future__ import annotations

from alembic import command
from alembic.config import Config

from idp.store.schema_version import MIGRATIONS


def configuration(url: str) -> Config:
    """Alembic's configuration for this database; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Bring the database to the newest schema; nothing happens when it is there already."""
    command.upgrade(configuration(url), "head")


def check(url: str) -> None:
    """Fail unless the migrated database has exactly the tables of the models.

    Raises:
        alembic.util.CommandError: something differs.
    """
    command.check(configuration(url))
