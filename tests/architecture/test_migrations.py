"""One line of migrations, and it leads to the models: on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import create_engine, text

from idp.store.migrate import MIGRATIONS, check, configuration


def test_there_is_one_head_and_current_head_names_it() -> None:
    """Two concurrent migrations both edit .current-head: a conflict one sees (MIGRATIONS/.current-head)."""
    script = ScriptDirectory.from_config(configuration("sqlite://"))
    assert script.get_heads() == [Path(MIGRATIONS, ".current-head").read_text().strip()]


def test_the_migrated_database_has_the_tables_of_the_models(database_url: str) -> None:
    check(database_url)


def test_a_difference_would_be_seen(own_database_url: str) -> None:
    """The control."""
    engine = create_engine(own_database_url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE legal_units ADD COLUMN unknown_to_the_models VARCHAR(9)"))
    engine.dispose()
    with pytest.raises(CommandError):
        check(own_database_url)
