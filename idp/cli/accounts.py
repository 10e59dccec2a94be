"""`idp accounts`: making, importing and changing accounts."""

from __future__ import annotations

import sys

import click

from idp.cli.account_imports import import_command
from idp.cli.account_sentences import sentence
from idp.cli.account_sheets import show_command
from idp.cli.operator import TAKES_IDENTIFIER, operating
from idp.domain.people.accounts import AccountState, Role
from idp.domain.people.identities import IdentityChange
from idp.domain.people.new_accounts import NewAccount
from idp.domain.people.problems import FieldProblem
from idp.usecases.people.accounts import Created, NotAccepted, create_account
from idp.usecases.people.establishments import EstablishmentKept, close_establishment
from idp.usecases.people.identities import IdentityKept, change_identity
from idp.usecases.people.lifecycle import StateChanged, StateKept, change_state
from idp.usecases.people.password_hashes import count_password_hashes
from idp.usecases.people.passwords import PasswordChange, PasswordChanged, PasswordRefused, change_password

LONGEST_PASSWORD = 4096


@click.group()
def accounts_group() -> None:
    """Accounts and establishments."""


accounts_group.add_command(import_command, "import")
accounts_group.add_command(show_command, "show")


@accounts_group.command("create")
@click.option("--siret", required=True, help="14 digits.")
@click.option("--family-name", required=True, help="As registered.")
@click.option("--given-name", required=True, help="As registered.")
@click.option("--email", required=True)
@click.option("--email-verified", is_flag=True, help="The address is proven.")
@click.option("--phone", default="")
@click.option("--role", required=True, type=click.Choice([str(role) for role in Role]))
@click.option("--state", default=str(AccountState.ACTIVE), type=click.Choice([str(state) for state in AccountState]))
@click.option("--locale", default="fr", type=click.Choice(["fr", "en"]))
@click.option("--organisation", default="", help="Label of the establishment, when the registry does not know it yet.")
@click.option("--same-person-as", default="", metavar="SUBJECT", help="Another account of the same person.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create_command(
    siret: str,
    family_name: str,
    given_name: str,
    email: str,
    email_verified: bool,
    phone: str,
    role: str,
    state: str,
    locale: str,
    organisation: str,
    same_person_as: str,
    password_stdin: bool,
) -> None:
    """Make one account and say its subject."""
    new = NewAccount(
        siret=siret,
        family_name=family_name,
        given_name=given_name,
        email=email,
        role=Role(role),
        password=read_password() if password_stdin else None,
        state=AccountState(state),
        email_verified=email_verified,
        phone=phone,
        locale=locale,
        organisation=organisation,
        same_person_as=same_person_as,
    )
    with operating() as (deps, operator):
        made = create_account(deps, operator, new)
    if isinstance(made, NotAccepted):
        raise refusal(*made.problems)
    if not isinstance(made, Created):
        raise refusal(FieldProblem("The triplet", "triplet_taken"))
    click.echo(made.subject)


@accounts_group.command("password", context_settings=TAKES_IDENTIFIER)
@click.argument("subject")
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
def password_command(subject: str, password_stdin: bool) -> None:
    """Give an account another password; what was opened with the old one is dead."""
    change = PasswordChange(subject, read_password())
    with operating() as (deps, operator):
        changed = change_password(deps, operator, change)
    if isinstance(changed, PasswordRefused):
        raise refusal(*(FieldProblem("password", f"password_{each}") for each in changed.assessment.unmet))
    if not isinstance(changed, PasswordChanged):
        raise refusal(FieldProblem(subject, "unknown_subject"))
    click.echo("The password is changed; every session, device and token from before is dead.")


@accounts_group.command("state", context_settings=TAKES_IDENTIFIER)
@click.argument("subject")
@click.argument("state", type=click.Choice([str(state) for state in AccountState]))
def state_command(subject: str, state: str) -> None:
    """Suspend, radiate or let in an account again."""
    with operating() as (deps, operator):
        changed = change_state(deps, operator, subject, AccountState(state))
    if isinstance(changed, StateKept):
        raise click.ClickException(f"An account that is {changed.state} does not become {state}.")
    if not isinstance(changed, StateChanged):
        raise refusal(FieldProblem(subject, "unknown_subject"))
    click.echo(f"The account was {changed.before} and is {state}.")


@accounts_group.command("identity", context_settings=TAKES_IDENTIFIER)
@click.argument("subject")
@click.option("--siret")
@click.option("--family-name")
@click.option("--given-name")
def identity_command(subject: str, siret: str | None, family_name: str | None, given_name: str | None) -> None:
    """Change what an account is found by; its subject stays, and its former triplet is in its history."""
    with operating() as (deps, operator):
        changed = change_identity(deps, operator, subject, IdentityChange(siret, family_name, given_name))
    if isinstance(changed, IdentityKept):
        raise refusal(*changed.problems)
    click.echo("The account is found by its new triplet.")


@accounts_group.command("close-establishment")
@click.argument("siret")
@click.option("--successor", default="", metavar="SIRET", help="What took over.")
def close_establishment_command(siret: str, successor: str) -> None:
    """Close an establishment: its people are told of the successor after the right password. Nobody is moved."""
    with operating() as (deps, operator):
        closed = close_establishment(deps, operator, siret, successor)
    if isinstance(closed, EstablishmentKept):
        raise refusal(closed.problem)
    click.echo("The establishment is closed.")


@accounts_group.command("hashes")
def hashes_command() -> None:
    """Count the passwords under each pepper and cost: which version of IDP_PEPPER is no longer needed."""
    with operating() as (deps, _):
        counts = count_password_hashes(deps)
    for each in counts:
        pepper = f"pepper {each.pepper_id}" if each.pepper_id else "a pepper that is gone"
        click.echo(f"{each.accounts}  {pepper}, cost {each.cost}")


def read_password() -> str:
    """What standard input says, without the line's end.

    Raises:
        ClickException: it is empty, too long or not UTF-8.
    """
    try:
        password = sys.stdin.buffer.read(LONGEST_PASSWORD + 1).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise click.ClickException("The password on standard input is not UTF-8.") from None
    if not 0 < len(password) <= LONGEST_PASSWORD:
        raise click.ClickException("Standard input must hold one password.")
    return password


def refusal(*problems: FieldProblem) -> click.ClickException:
    """Every problem in one sentence each."""
    return click.ClickException("; ".join(map(sentence, problems)) + ".")
