"""The command `idp` and its groups."""

from __future__ import annotations

from typing import Any

import click

from idp.adapters.hash_threads import HasherUnavailable
from idp.cli.accounts import accounts_group
from idp.cli.audit import audit_group
from idp.cli.clients import clients_group
from idp.cli.db import db_group
from idp.cli.demo import demo_command
from idp.cli.jobs import jobs_group
from idp.cli.keys import keys_group
from idp.cli.run import run_command
from idp.cli.themes import themes_group
from idp.settings import SettingsError
from idp.store.database import StoreUnavailable


class Commands(click.Group):
    """Every expected failure of every command is one clear sentence and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise click.ClickException(str(error)) from None
        except StoreUnavailable:
            raise click.ClickException("IDP_DATABASE_URL: the database cannot be reached or written.") from None
        except HasherUnavailable:
            raise click.ClickException("IDP_RUN_DIRECTORY: the locks of password hashing cannot be written.") from None


@click.group(cls=Commands)
def main() -> None:
    """Run and administer the gateway."""


main.add_command(audit_group, "audit")
main.add_command(accounts_group, "accounts")
main.add_command(clients_group, "clients")
main.add_command(db_group, "db")
main.add_command(demo_command, "demo")
main.add_command(jobs_group, "jobs")
main.add_command(keys_group, "keys")
main.add_command(run_command, "run")
main.add_command(themes_group, "themes")
