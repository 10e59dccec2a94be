"""`idp db`: the schema of the database."""

from __future__ import annotations

import click

from idp.settings import Settings
from idp.store.migrate import upgrade


@click.group()
def db_group() -> None:
    """The database."""


@db_group.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest schema."""
    upgrade(Settings.from_environment().database_url)
    click.echo("The database has the newest schema.")
