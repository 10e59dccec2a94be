"""`idp audit`: the trail of what happened."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import click

from idp.cli.operator import operating, written
from idp.domain.platform.audit_events import AuditEvent
from idp.domain.platform.instants import Instant
from idp.usecases.platform.audit_reading import list_audit


@click.group()
def audit_group() -> None:
    """The audit trail."""


@audit_group.command("list")
@click.option(
    "--event",
    "events",
    type=click.Choice([event.value for event in AuditEvent]),
    multiple=True,
    help="Only these events.",
)
@click.option("--subject", default="", help="Only of this account's subject.")
@click.option("--client", "client_id", default="", help="Only through this client.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]), help="Only from then (UTC).")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
def audit_list(events: tuple[str, ...], subject: str, client_id: str, since: datetime | None, limit: int) -> None:
    """Show the newest events, one JSON object a line, the newest last."""
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    start = None if since is None else Instant(int(since.timestamp() * 1000))
    with operating() as (deps, _):
        rows = list_audit(deps, events=events, subject=subject, client_id=client_id, since=start, limit=limit)
    for row in reversed(rows):
        shown = {name: value for name, value in asdict(row).items() if value not in ("", {})}
        click.echo(json.dumps({**shown, "at": written(row.at)}, ensure_ascii=False))
