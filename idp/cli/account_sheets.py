"""`idp accounts show`: one account, as operators read it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from idp.cli.operator import TAKES_IDENTIFIER, operating, written
from idp.domain.people.password_hashes import StoredHash
from idp.domain.people.siret import display_siret
from idp.domain.people.triplets import triplet_key
from idp.store.people.accounts import AccountRow
from idp.usecases.people.lookups import AccountSheet, look_up_account


@click.command("show", context_settings=TAKES_IDENTIFIER)
@click.argument("subject", required=False)
@click.option("--siret", default="")
@click.option("--family-name", default="")
@click.option("--given-name", default="")
def show_command(subject: str | None, siret: str, family_name: str, given_name: str) -> None:
    """Show the account of a subject, or of a triplet however it is spelled."""
    with operating() as (deps, _):
        sheet = look_up_account(deps, subject or triplet_key(siret, family_name, given_name))
    if sheet is None:
        raise click.ClickException("There is no such account.")
    for name, value in _lines(sheet):
        click.echo(f"{name:13} {value}")


def _lines(sheet: AccountSheet) -> Iterator[tuple[str, str]]:
    row, account = sheet.row, sheet.row.account
    closed = f", closed since {written(row.closed_at)}" if row.closed_at else ""
    successor = f", followed by {display_siret(row.successor_siret)}" if row.successor_siret else ""
    yield "subject", account.subject
    yield "siret", f"{display_siret(account.siret)} ({row.establishment_label}){closed}{successor}"
    yield "name", f"{account.family_name} {account.given_name}"
    yield "email", f"{account.email} ({'verified' if account.email_verified else 'not verified'})"
    if account.phone:
        yield "phone", f"{account.phone} ({'verified' if account.phone_verified else 'not verified'})"
    yield "role", account.role
    yield "state", account.state
    yield "password", _password(row)
    yield "valid from", written(account.valid_from)
    for former in sheet.history:
        found_by = f"{display_siret(former.siret)} {former.family_name} {former.given_name}"
        yield "formerly", f"{found_by}, until {written(former.until)}, changed by {former.changed_by}"


def _password(row: AccountRow) -> str:
    if row.password_hash is None:
        return "none"
    stored = StoredHash.parse(row.password_hash)
    return f"changed {written(row.password_changed_at)}, pepper {stored.pepper_id}, cost {stored.cost}"
