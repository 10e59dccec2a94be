"""`idp clients invite`, `registered` and `remove-registered`: clients that register themselves."""

from __future__ import annotations

import click

from idp.cli.operator import operating, written
from idp.domain.platform.instants import DAY
from idp.domain.portals.profiles import RULES, Pkce, Profile
from idp.usecases.portals.invitations import invite_clients
from idp.usecases.portals.registration_management import registrations, remove_registration

PROFILES = [profile.value for profile in Profile]


@click.command("invite")
@click.option("--uses", default=1, show_default=True, type=click.IntRange(1, 1000), help="Clients it may register.")
@click.option(
    "--profile",
    default="oidc",
    show_default=True,
    type=click.Choice(PROFILES),
    help="What they follow.",
)
@click.option("--no-pkce", is_flag=True, help="Those that hold a secret may leave the code challenge out.")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 365), help="How long it holds.")
def clients_invite(uses: int, profile: str, no_pkce: bool, days: int) -> None:
    """Make an initial access token, with which clients register themselves."""
    if no_pkce and RULES[Profile(profile)].pkce is Pkce.ALWAYS:
        raise click.ClickException(f"--no-pkce: {profile} always demands a code challenge; leave the option out.")
    with operating() as (deps, actor):
        token = invite_clients(deps, actor, uses=uses, profile=profile, require_pkce=not no_pkce, life=days * DAY)
        issuer = deps.issuer
    click.echo("The initial access token, for the partner, by a safe way; it is kept nowhere else:")
    click.echo(f"  {token}")
    click.echo(f"It registers {uses} at {issuer}/register within {days} days.")


@click.command("registered")
def clients_registered() -> None:
    """List the clients that registered themselves."""
    with operating() as (deps, _):
        found = registrations(deps)
    for item in found:
        name = item.registered.get("client_name", "")
        software = item.registered.get("software_id", "-")
        click.echo(f"{item.client_id}  {written(item.created_at)}  {item.invitation_id}  {software}  {name}")
    if not found:
        click.echo("No client has registered itself.")


@click.command("remove-registered")
@click.argument("client_id")
def clients_remove_registered(client_id: str) -> None:
    """Remove a client that registered itself, and end its tokens."""
    with operating() as (deps, actor):
        removed = remove_registration(deps, actor, client_id)
    if not removed:
        raise click.ClickException(f"No client {client_id} has registered itself; `idp clients registered` lists them.")
    click.echo(f"{client_id} is removed. Who verifies access tokens without asking believes them for 5 minutes more.")
