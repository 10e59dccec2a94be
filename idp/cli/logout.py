"""`idp logout`: which portals learned of ended sessions, and telling them again."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from idp.cli.operator import TAKES_IDENTIFIER, operating, written
from idp.domain.portals.logout import DeliveryStatus
from idp.usecases.portals.logout_replays import list_deliveries, replay

INSTANTS = ("next_at", "created_at", "delivered_at", "expires_at")


@click.group()
def logout_group() -> None:
    """What portals were told of ended sessions."""


@logout_group.command("deliveries")
@click.option("--client", "client_id", default="", help="Only to this client.")
@click.option(
    "--status",
    "statuses",
    type=click.Choice([status.value for status in DeliveryStatus]),
    multiple=True,
    help="Only these.",
)
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
def logout_deliveries(client_id: str, statuses: tuple[str, ...], limit: int) -> None:
    """Show the newest deliveries, one JSON object a line, the newest last."""
    with operating() as (deps, _):
        rows = list_deliveries(deps, client_id=client_id, statuses=statuses, limit=limit)
    for row in reversed(rows):
        times = {name: written(value) for name in INSTANTS if (value := getattr(row, name)) is not None}
        shown = {name: value for name, value in asdict(row).items() if name not in INSTANTS}
        click.echo(json.dumps({**shown, **times}, ensure_ascii=False))


@logout_group.command("replay", context_settings=TAKES_IDENTIFIER)
@click.argument("delivery_id", default="", metavar="[ID]")
@click.option("--client", "client_id", default="", help="Every delivery that this client has not confirmed.")
def logout_replay(delivery_id: str, client_id: str) -> None:
    """Have a delivery made again, or all that a client has not confirmed; `idp jobs run` makes them."""
    if bool(delivery_id) == bool(client_id):
        raise click.UsageError("Name one delivery, or one client with --client.")
    with operating() as (deps, actor):
        found = replay(deps, actor, delivery_id=delivery_id, client_id=client_id)
    if not found:
        raise click.ClickException("Nothing to replay: `idp logout deliveries` lists what there is.")
    click.echo(f"{found} to be delivered again.")
