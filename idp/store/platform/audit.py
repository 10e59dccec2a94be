"""The audit trail: written in the transaction of the change it speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from sqlalchemy import JSON, Column, Index, Table, insert, select

from idp.domain.platform.instants import Instant
from idp.store.database import Connected
from idp.store.metadata import RowNumber, instant, metadata, text
from idp.store.prepared import Prepared

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    instant("at"),
    text("event", 48),
    text("actor_role", 16),
    text("actor", 255),
    text("subject", 43, default=""),
    text("client_id", default=""),
    text("address_prefix", 64, default=""),
    text("request_id", 64, default=""),
    Column("facts", JSON, nullable=False),
    instant("expires_at", index=True),
    Index("ix_audit_events_subject_at", "subject", "at"),
    Index("ix_audit_events_event_at", "event", "at"),
)


INSERT_EVENT = Prepared(
    insert(audit_events).inline(),
    "at event actor_role actor subject client_id address_prefix request_id facts expires_at".split(),
)


def insert_event(connection: Connected, row: Mapping[str, object]) -> None:
    """Add one event to the trail."""
    INSERT_EVENT.write(connection, row)


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Which events; what is empty is not asked."""

    events: tuple[str, ...] = ()
    subject: str = ""
    client_id: str = ""
    since: Instant | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One event as it is stored."""

    id: int
    at: Instant
    event: str
    actor_role: str
    actor: str
    subject: str
    client_id: str
    address_prefix: str
    request_id: str
    facts: Mapping[str, str | int]


def read_trail(connection: Connected, wanted: TrailFilter, limit: int) -> list[AuditRow]:
    """The newest events that fit, the newest first."""
    columns = audit_events.c
    found = select(*(columns[item.name] for item in fields(AuditRow))).order_by(columns.id.desc()).limit(limit)
    if wanted.events:
        found = found.where(columns.event.in_(wanted.events))
    if wanted.subject:
        found = found.where(columns.subject == wanted.subject)
    if wanted.client_id:
        found = found.where(columns.client_id == wanted.client_id)
    if wanted.since is not None:
        found = found.where(columns.at >= wanted.since)
    return [AuditRow(**row) for row in connection.execute(found).mappings()]
