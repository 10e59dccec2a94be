"""The command `idp` and its groups."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from idp.adapters.hash_threads import HasherUnavailable
from idp.settings import SettingsError
from idp.store.database import StoreUnavailable

GROUPS: Mapping[str, str] = {
    "accounts": "idp.cli.accounts:accounts_group",
    "audit": "idp.cli.audit:audit_group",
    "clients": "idp.cli.clients:clients_group",
    "db": "idp.cli.db:db_group",
    "demo": "idp.cli.demo:demo_command",
    "jobs": "idp.cli.jobs:jobs_group",
    "keys": "idp.cli.keys:keys_group",
    "logout": "idp.cli.logout:logout_group",
    "run": "idp.cli.run:run_command",
    "themes": "idp.cli.themes:themes_group",
}
"""Where each command is. One is loaded when it is asked for: Alembic alone is a tenth of `idp run`'s start."""


class Commands(click.Group):
    """Every expected failure of every command is one clear sentence and exit status 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(GROUPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in GROUPS:
            return None
        module, _, name = GROUPS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

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
