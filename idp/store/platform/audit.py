"""The audit trail: written in the transaction of the change it speaks of."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import JSON, Column, Index, Table, insert

from idp.store.database import Connected
from idp.store.metadata import RowNumber, instant, metadata, text

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


def insert_event(connection: Connected, row: Mapping[str, object]) -> None:
    """Add one event to the trail."""
    connection.execute(insert(audit_events).values(row))
