"""The command `idp` and its groups."""

from __future__ import annotations

import click

from idp.cli.db import db_group
from idp.settings import SettingsError


@click.group()
def main() -> None:
    """Run and administer the gateway."""


main.add_command(db_group, "db")


class OneSentence(click.ClickException):
    """An expected failure: one clear sentence, exit status 1."""

    @classmethod
    def of(cls, error: SettingsError) -> OneSentence:
        """The sentence of a wrong setting."""
        return cls(str(error))
